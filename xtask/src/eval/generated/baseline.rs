//! Two simple rules on the same lines, to be compared with: a fixed number of failures, a number of logins.

use std::collections::BTreeMap;
use std::net::IpAddr;

use simulate::traffic::Line;

/// Distinct targets that fail within [`SCAN_SECS`].
const FAILURES: usize = 25;
const SCAN_SECS: i64 = 900;
/// Connections of one pair to a login service within [`GUESS_SECS`].
const LOGINS: usize = 30;
const GUESS_SECS: i64 = 1_800;
const LOGIN_PORTS: [u16; 4] = [22, 3389, 5985, 5986];
const TCP: u8 = 6;
const SYN: u8 = 2;
const RST: u8 = 4;

/// A target that failed: address and port.
type Target = (IpAddr, u16);
/// The pair that logins are of, by host, and their service.
type Pair = (u32, IpAddr, u16);

/// How often each rule fired, by host.
#[derive(Default)]
pub(super) struct Baseline {
    failures: Counter<u32, Target>,
    logins: Counter<Pair, Target>,
    pub(super) scans: BTreeMap<u32, u64>,
    pub(super) guesses: BTreeMap<u32, u64>,
}

/// What happened lately, by key: times and what is counted once.
struct Counter<K, T> {
    keys: BTreeMap<K, (Vec<(i64, T)>, i64)>,
}

impl<K, T> Default for Counter<K, T> {
    fn default() -> Counter<K, T> {
        Counter { keys: BTreeMap::new() }
    }
}

impl Baseline {
    /// Takes a line; lines of an hour may come in any order.
    pub(super) fn see(&mut self, line: &Line) {
        if line.protocol != TCP {
            return;
        }
        if is_failure(line) {
            self.failures.add(line.host, line.start, (line.remote, line.remote_port));
        }
        let ports = if line.is_outbound {
            (line.remote_port, line.local_port)
        } else {
            (line.local_port, line.remote_port)
        };
        let is_login = LOGIN_PORTS.contains(&ports.0) && line.flags & SYN != 0;
        if is_login && line.flags & !3 == 0 && !line.is_rejected && line.packets > 3 {
            let pair = (line.host, line.remote, ports.0);
            self.logins.add(pair, line.start, (line.remote, ports.1));
        }
    }

    /// Judges what happened before a time; nothing earlier may come after that.
    pub(super) fn judge(&mut self, before: i64) {
        for (host, count) in self.failures.judge(before, SCAN_SECS, FAILURES) {
            *self.scans.entry(host).or_default() += count;
        }
        for ((host, ..), count) in self.logins.judge(before, GUESS_SECS, LOGINS) {
            *self.guesses.entry(host).or_default() += count;
        }
    }
}

impl<K: Copy + Ord, T: Copy + Ord> Counter<K, T> {
    fn add(&mut self, key: K, at: i64, what: T) {
        self.keys.entry(key).or_default().0.push((at, what));
    }

    /// Alarms of keys: so many distinct things within a sliding window, at most one alarm in each window.
    fn judge(&mut self, before: i64, window: i64, least: usize) -> Vec<(K, u64)> {
        let mut alarms = Vec::new();
        for (key, (events, quiet_until)) in &mut self.keys {
            events.sort_unstable();
            let (mut count, mut oldest) = (0, 0);
            let mut inside: BTreeMap<T, usize> = BTreeMap::new();
            for &(at, what) in events.iter().take_while(|it| it.0 < before) {
                *inside.entry(what).or_default() += 1;
                while let Some(&(_, gone)) = events.get(oldest).filter(|it| it.0 <= at - window) {
                    oldest += 1;
                    match inside.get_mut(&gone) {
                        Some(times) if *times > 1 => *times -= 1,
                        _ => drop(inside.remove(&gone)),
                    }
                }
                if inside.len() >= least && at >= *quiet_until {
                    count += 1;
                    *quiet_until = at + window;
                }
            }
            // What is judged again must not fire again.
            *quiet_until = (*quiet_until).max(before);
            events.retain(|it| it.0 > before - window);
            if count > 0 {
                alarms.push((*key, count));
            }
        }
        self.keys.retain(|_, it| !it.0.is_empty());
        alarms
    }
}

/// An attempt of ours of which nothing came: dropped, reset, or no more than SYNs.
fn is_failure(line: &Line) -> bool {
    if line.is_outbound {
        let is_bare = line.flags == SYN && line.bytes <= 60 * line.packets;
        line.is_rejected || is_bare
    } else {
        line.flags == RST && line.packets == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const START: i64 = 1_780_272_000;

    fn line(number: u16, port: u16, flags: u8) -> Line {
        Line {
            host: 1,
            remote: Ipv4Addr::new(192, 0, 2, 1).into(),
            local_port: 40_000 + number,
            remote_port: port,
            protocol: TCP,
            is_outbound: true,
            packets: if flags == SYN { 1 } else { 9 },
            bytes: if flags == SYN { 44 } else { 1_500 },
            start: START + i64::from(number) * 20,
            flags,
            is_rejected: false,
        }
    }

    fn alarms(lines: impl Iterator<Item = Line>, step: i64) -> (u64, u64) {
        let mut baseline = Baseline::default();
        let mut lines: Vec<Line> = lines.collect();
        lines.reverse();
        for hour in 1..4 {
            let of_hour = lines.iter().filter(|it| (it.start - START) / step == hour - 1);
            of_hour.for_each(|it| baseline.see(it));
            baseline.judge(START + hour * step);
        }
        assert!(baseline.failures.keys.is_empty() && baseline.logins.keys.is_empty());
        let count = |it: &BTreeMap<u32, u64>| it.get(&1).copied().unwrap_or(0);
        (count(&baseline.scans), count(&baseline.guesses))
    }

    #[test]
    fn twenty_five_failures_are_a_scan_and_thirty_logins_are_guesses() {
        let failures = |count| (0..count).map(|it| line(it, 1_000 + it, SYN));
        let logins = |count| (0..count).map(|it| line(it, 22, 3));
        for step in [3_600, 100_000] {
            assert_eq!(alarms(failures(24).chain(logins(29)), step), (0, 0));
            assert_eq!(alarms(failures(25).chain(logins(30)), step), (1, 1));
        }
        // The window slides over the border of hours.
        let late = logins(30).map(|it| Line { start: it.start + 3_300, ..it });
        assert_eq!(alarms(late, 3_600), (0, 1));
    }
}
