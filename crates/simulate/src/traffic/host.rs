//! A host during one hour: whom it talks to, and the numbers that make it differ from others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::talk::{End, Talk};
use super::wire::{Interface, Line, Wire};
use crate::flow::{TCP, UDP};
use crate::random::{Random, mix};

/// Addresses of the three networks for documentation, but for those on lists.
pub(super) const PUBLIC_V4: u64 = 3 * 254 - LISTED_V4;
/// Addresses that stand on lists: nobody has them by chance.
pub(super) const LISTED_V4: u64 = 24;

/// A host in one hour.
pub(super) struct Host<'w> {
    pub(super) interface: &'w Interface,
    pub(super) wire: &'w mut Wire,
    pub(super) tap: &'w mut dyn FnMut(&Line),
    pub(super) seed: u64,
    /// Numbers of this hour alone.
    pub(super) random: Random,
    /// Where the hour begins, seconds since 1970.
    pub(super) start: i64,
    /// Its number since the logs begin.
    pub(super) hour: u32,
    /// The hour in which attacks begin.
    pub(super) attack: u32,
}

impl Host<'_> {
    /// Numbers that belong to the host and stay the same in every hour.
    pub(super) fn fixed(&self, stream: u64) -> Random {
        Random::new(mix(self.seed ^ 0x51ed), u64::from(self.interface.host) << 16 | stream)
    }

    /// Hour of the day.
    pub(super) fn clock(&self) -> u32 {
        self.hour % 24
    }

    /// Hours since attacks began; none before.
    pub(super) fn since_attack(&self) -> Option<u32> {
        self.hour.checked_sub(self.attack)
    }

    /// The time so many seconds into the hour.
    pub(super) fn at(&self, secs: u64) -> i64 {
        self.start + i64::try_from(secs).unwrap_or(0)
    }

    /// Any time of the hour.
    pub(super) fn any_time(&mut self) -> i64 {
        self.start + self.random.secs(0, 3600)
    }

    /// Whether something of that probability happens.
    pub(super) fn chance(&mut self, per_mille: u64) -> bool {
        self.random.between(0, 1000) < per_mille
    }

    /// A number between two, small ones likelier: as many between 10 and 100 as between 100 and 1000.
    pub(super) fn skewed(&mut self, from: u64, to: u64) -> u64 {
        let (low, high) = (u64::from(from.max(1).ilog2()), u64::from(to.max(1).ilog2()) + 1);
        let scale = 1 << self.random.between(low, high);
        self.random.between(scale, 2 * scale).clamp(from, to)
    }

    /// How many of so many on average, between half and one and a half of them.
    pub(super) fn about(&mut self, mean: u64) -> u64 {
        self.random.between(mean / 2, mean + mean / 2 + 1)
    }

    /// An answered connection of ours over TCP, a few kilobytes.
    pub(super) fn calls(&mut self, at: i64, remote: IpAddr, remote_port: u16) -> Talk {
        let packets = self.random.between(6, 30);
        let (up, down) = (self.random.between(60, 300), self.random.between(200, 1200));
        Talk {
            at,
            secs: self.random.secs(0, 12),
            remote,
            local_port: self.random.port(),
            remote_port,
            protocol: TCP,
            is_ours: true,
            is_opened: true,
            forward: (packets, packets * up),
            back: (packets + 2, packets * down),
            end: End::Closed,
        }
    }

    /// An answered connection to us.
    pub(super) fn called(&mut self, at: i64, remote: IpAddr, local_port: u16) -> Talk {
        let talk = self.calls(at, remote, 0);
        Talk { local_port, remote_port: talk.local_port, is_ours: false, ..talk }
    }

    /// A datagram of ours and its answer.
    pub(super) fn asks(
        &mut self,
        at: i64,
        remote: IpAddr,
        remote_port: u16,
        bytes: (u64, u64),
    ) -> Talk {
        let talk = self.calls(at, remote, remote_port);
        let (forward, back) = ((1, bytes.0), (1, bytes.1));
        Talk { secs: 0, protocol: UDP, forward, back, end: End::Open, ..talk }
    }

    pub(super) fn put(&mut self, talk: &Talk) {
        self.wire.put(self.interface, talk, self.tap);
    }
}

/// A host of the Internet by number: IPv4 below [`PUBLIC_V4`], IPv6 from there on.
pub(super) fn public(number: u64) -> IpAddr {
    if number < PUBLIC_V4 { public_v4(number) } else { public_v6(number) }
}

/// A host on a list, by number below [`LISTED_V4`].
pub(super) fn listed(number: u64) -> IpAddr {
    public_v4(PUBLIC_V4 + number % LISTED_V4)
}

fn public_v4(number: u64) -> IpAddr {
    let [a, b, c] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]][(number % 3) as usize];
    Ipv4Addr::new(a, b, c, (number / 3 + 1) as u8).into()
}

/// A host of the Internet with an address of IPv6.
pub(super) fn public_v6(number: u64) -> IpAddr {
    let bits = mix(number);
    let part = |shift: u32| (bits >> shift) as u16;
    let number = number as u32;
    Ipv6Addr::new(
        0x2001,
        0xdb8,
        part(0),
        part(16),
        0,
        (number >> 16) as u16,
        part(32),
        number as u16,
    )
    .into()
}

/// A host of ours by number.
pub(super) fn inside(number: u64) -> IpAddr {
    Ipv4Addr::new(10, 200 + (number >> 16) as u8 % 50, (number >> 8) as u8, number as u8).into()
}
