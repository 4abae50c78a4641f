//! Data leave an instance inside the names that it asks for.
//!
//! A tunnel tells the owner of a domain something in each name below it, so its names are ever new, long and
//! unlike words. What is counted, per host and registrable domain, are the bytes that no name had before;
//! after "Information-based heavy hitters for real-time DNS data exfiltration detection" (NDSS 2024), with a
//! gate for encoded labels.

use std::time::Duration;

use engine::findings::{Action, Data, DnsRequestAction, Draft, FindingType, Reason, ResourceRole};
use engine::intel::{Categories, Category};
use engine::model::{Scope, Severity, Timestamp, hash64};
use engine::stats::BoundedMap;
use engine::telemetry::DnsQuery;
use engine::{Context, Detector, DnsQueries, Event, Interest, Out, Profile, Spec};
use serde::{Deserialize, Serialize};

use crate::tunnels::{Case, Pair, Tally, is_inward, is_look_up_service, per_mille};

/// Data inside names.
pub const DNS_DATA_EXFILTRATION: FindingType = FindingType {
    name: "Trojan:EC2/DNSDataExfiltration",
    severity: Severity::HIGH,
    title: "An EC2 instance carries data out inside DNS queries",
    about: "The instance asks for many names below one domain, each of them new and made of encoded data. \
        Whoever runs the domain's name servers reads the names, and may answer with orders. DNS passes \
        most firewalls, which is why malware and tunnels use it.",
    detection: "For each host and registrable domain, the bytes in names that no name before had. Reported: \
        `hour_bytes` in an hour, where at least `encoded_per_mille` of the names have a label of 18 or \
        more letters and digits unlike words, and `fresh_per_mille` of the bytes are new; slow ones: \
        `day_bytes` in a day with `day_names` names, both shares 800; `burst_names` new names by TXT, NULL \
        or private types within ten minutes; `null_names` by NULL or private types in an hour. Unless half \
        of the queries are of types that carry data (TXT, NULL, CNAME, MX, SRV, KEY), quiet: a domain for \
        which other hosts of the account showed the same in `known_host_hours` hours of the last 14 days \
        (slow ones: in any); and a host that has been seen for less than `learning_hours` is reported at the end of the hour, \
        by what other hosts did in it.",
    false_positives: "Services that put hashes or identifiers into names: reputation of files, telemetry, \
        content networks. The best known ones and popular domains are left out, and so is what several hosts \
        do. Put the domain of a service of your own on a trusted list. Labels shorter than 18 characters \
        are not judged.",
    response: "Look the domain up: who registered it and when. Find the process that asks and block the \
        domain with DNS Firewall. Isolate the instance: what it could read may be gone, up to the bytes \
        that the finding names, per hour. Revoke its role's credentials.",
    techniques: &["T1048", "T1071.004", "T1572"],
    data: &[Data::ResolverQuery],
    aggregation: "instance and registrable domain",
    is_own: false,
};

/// Hours in which a host of the account put much into names below a domain.
static HOSTS: Profile = Profile { name: "dns/hosts_by_told_domain", hours: 14 * 24, keys: 20_000 };

/// Domains that are followed for one host.
const DOMAINS_MAX: usize = 256;
/// Shortest part before the registrable domain, with its dot, that is looked at.
const SUBDOMAIN_MIN: usize = 9;
/// Shortest name that is looked at if all of it is taken for registrable: it may be data to its end.
const BARE_MIN: u32 = 24;
/// What names belong to that do not end with a top-level domain.
const ROOT: &str = ".";
/// Share of encoded names and of new bytes that a slow tunnel must have.
const SLOW_PER_MILLE: u32 = 800;
/// From a quarter of the bytes of a finding on, the hour counts for the account.
const TAUGHT_PART: u32 = 4;
const QUIET: Categories = Categories::of(&[Category::Trusted, Category::Popular]);

tunables! {
    /// Data inside the names that instances ask for.
    pub struct DnsDataExfiltration {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// New bytes in names below one domain within an hour. Raising it lets more out before it is
        /// reported and leaves more services out.
        pub hour_bytes: u32 = 2048,
        /// Share of the names, in thousandths, that must have a label of encoded data. Raising it leaves out
        /// services that put a hash into some names.
        pub encoded_per_mille: u32 = 500,
        /// Share of the bytes, in thousandths, that must be new. Raising it leaves out names that are made of
        /// the same parts again and again.
        pub fresh_per_mille: u32 = 500,
        /// New bytes within a day for slow tunnels.
        pub day_bytes: u32 = 1024,
        /// Names within a day for slow tunnels.
        pub day_names: u32 = 40,
        /// New names within ten minutes that TXT, NULL or private types are asked for: a tunnel that brings
        /// data in.
        pub burst_names: u32 = 100,
        /// New names within an hour that NULL or private types are asked for, which nothing else uses.
        pub null_names: u32 = 20,
        /// Hours, over the other hosts of the account in the last 14 days, in which names told much below a
        /// domain, to be usual there. Raising it reports more hosts of a fleet.
        pub known_host_hours: u64 = 4,
        /// Hours that a host must have been asking for (a host that was silent for eight days begins anew) to be
        /// reported at once and not at the end of the hour.
        pub learning_hours: u32 = 24 => 0..=336,
    }
}

/// The domains that a host tells something.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Second of the earliest query that was looked at; 0 before.
    since: u32,
    domains: BoundedMap<Pair, DOMAINS_MAX>,
}

/// Which rule a domain meets: what was counted, over which time.
struct Sign {
    what: &'static str,
    value: u32,
    setting: &'static str,
    tally: Tally,
}

impl Sign {
    fn is_slow(&self) -> bool {
        self.setting == "day_bytes"
    }
}

impl Detector for DnsDataExfiltration {
    type Reads = DnsQueries;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/dns_data_exfiltration",
        scope: Scope::Host,
        idle: Duration::from_hours(8 * 24),
        version: 1,
        types: &[&DNS_DATA_EXFILTRATION],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, DnsQueries>) -> bool {
        let is_long = event.subdomain_len() >= SUBDOMAIN_MIN || event.row.name.len >= BARE_MIN;
        self.enabled && (is_sample(event) || (is_long && !event.listed.intersects(QUIET)))
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, DnsQueries>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let (name, row) = (event.name(), event.row);
        state.since = if state.since == 0 { row.time } else { state.since.min(row.time) };
        let is_learned = row.time >= state.since.saturating_add(self.learning_hours * 3600);
        if event.listed.intersects(QUIET) {
            return;
        }
        let (subdomain, domain) = parts(name, event.subdomain_len());
        if subdomain.len() < SUBDOMAIN_MIN || is_inward(name) {
            return;
        }
        let key = hash64(domain.as_bytes());
        let (pair, _) = state.domains.entry(key, row.time);
        let subdomain = subdomain.trim_end_matches('.').as_bytes();
        if !pair.add(row.time, row.qtype, row.name_hash, subdomain) {
            return;
        }
        if pair.day().fresh < self.day_bytes / TAUGHT_PART
            && pair.burst() == 0
            && pair.day().null == 0
        {
            return;
        }
        pair.keep(event.evidence());
        self.teach(pair, key, out);
        let Some(sign) = self.sign(pair) else { return };
        if is_look_up_service(domain) || pair.held.is_some() {
            return;
        }
        let case = Case {
            name: name.into(),
            time: row.time,
            is_tcp: row.marks & DnsQuery::TCP != 0,
            is_blocked: row.marks & DnsQuery::BLOCKED != 0,
        };
        if sign.tally.is_carrier() || is_learned {
            self.decide(pair, key, (&sign, &case, domain), ctx, out);
        } else {
            pair.held = Some(Box::new(case));
            out.wake(Timestamp::from_hour(event.time().hour() + 1));
        }
    }

    fn wake(&self, state: &mut State, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        let held: Vec<u64> =
            state.domains.iter().filter(|(_, it)| it.held.is_some()).map(|(key, _)| key).collect();
        for key in held {
            let Some(pair) = state.domains.get_mut(key) else { continue };
            let Some(case) = pair.held.take() else { continue };
            let due = Timestamp::from_hour(Timestamp::from_secs(i64::from(case.time)).hour() + 1);
            if due > at {
                pair.held = Some(case);
                out.wake(due);
                continue;
            }
            let Some(sign) = self.sign(pair) else { continue };
            let found = ctx.intel.name(&case.name);
            let (_, domain) = parts(&case.name, found.registrable.0.into());
            self.decide(pair, key, (&sign, &case, domain), ctx, out);
        }
    }
}

impl DnsDataExfiltration {
    /// Counts the hour for the account, once.
    fn teach(&self, pair: &mut Pair, key: u64, out: &mut Out<'_>) {
        let is_much = |tally: Tally| {
            tally.fresh >= self.day_bytes / TAUGHT_PART
                && tally.is_encoded(self.encoded_per_mille, self.fresh_per_mille)
        };
        if !pair.is_taught && (is_much(pair.hour()) || is_much(pair.day())) {
            pair.is_taught = true;
            pair.taught = pair.taught.saturating_add(1);
            out.teach(&HOSTS, key, 1);
        }
    }

    fn sign(&self, pair: &Pair) -> Option<Sign> {
        let (hour, day) = (pair.hour(), pair.day());
        let sign = |what, value, setting, tally| Some(Sign { what, value, setting, tally });
        if hour.null >= self.null_names {
            return sign("names by NULL or private types", hour.null, "null_names", hour);
        }
        if pair.burst() >= self.burst_names && hour.is_carrier() {
            let what = "new names by TXT, NULL or private types in ten minutes";
            return sign(what, pair.burst(), "burst_names", hour);
        }
        if hour.fresh >= self.hour_bytes
            && hour.is_encoded(self.encoded_per_mille, self.fresh_per_mille)
        {
            return sign("new bytes in names in an hour", hour.fresh, "hour_bytes", hour);
        }
        let is_slow = day.fresh >= self.day_bytes && day.names >= self.day_names;
        if is_slow && day.is_encoded(SLOW_PER_MILLE, SLOW_PER_MILLE) {
            return sign("new bytes in names in a day", day.fresh, "day_bytes", day);
        }
        None
    }

    /// Raises a draft, once an hour, unless other hosts do the same.
    fn decide(
        &self,
        pair: &mut Pair,
        key: u64,
        (sign, case, domain): (&Sign, &Case, &str),
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let all = ctx.profiles.count(&HOSTS, ctx.entity.account, key);
        let others = all.saturating_sub(u64::from(pair.taught));
        // A slow tunnel is told from a service by little else than that nobody else asks.
        let known = if sign.is_slow() { 1 } else { self.known_host_hours };
        if others >= known && !sign.tally.is_carrier() {
            return;
        }
        pair.is_raised = true;
        out.raise(self.draft(pair, others, (sign, case, domain), ctx));
    }

    fn draft(
        &self,
        pair: &Pair,
        others: u64,
        (sign, case, domain): (&Sign, &Case, &str),
        ctx: &Context<'_>,
    ) -> Draft {
        let time = Timestamp::from_secs(i64::from(case.time));
        let mut draft = ctx.instance_draft(&DNS_DATA_EXFILTRATION, time);
        let instance = draft.key.clone();
        draft.key = format!("{instance} {domain}");
        draft.role = ResourceRole::Actor;
        draft.title =
            format!("Data exfiltration through DNS queries from EC2 instance {instance}.");
        let whose = if domain == ROOT { "without a domain" } else { &format!("below {domain}") };
        draft.description = format!(
            "EC2 instance {instance} is attempting to query domain names that resemble exfiltrated data: \
             {} new names {whose} hold {} bytes. This could be an indication of a compromised instance.",
            sign.tally.names, sign.tally.fresh
        );
        draft.action = Action::dns_request(DnsRequestAction {
            domain: case.name.to_string(),
            domain_with_suffix: Some(domain.to_owned()),
            protocol: if case.is_tcp { "TCP" } else { "UDP" }.to_owned(),
            blocked: case.is_blocked,
            vpc_owner_account_id: Some(ctx.entity.account.to_string()),
        });
        draft.additional.insert("domain".to_owned(), domain.into());
        draft.first = pair.evidence.iter().map(|it| it.time).min().unwrap_or(time).min(time);
        draft.evidence.clone_from(&pair.evidence);
        draft.reasons = self.reasons(sign, others);
        draft
    }

    fn reasons(&self, sign: &Sign, others: u64) -> Vec<Reason> {
        let tally = &sign.tally;
        let threshold = match sign.setting {
            "null_names" => self.null_names,
            "burst_names" => self.burst_names,
            "hour_bytes" => self.hour_bytes,
            _ => self.day_bytes,
        };
        let is_slow = sign.is_slow();
        let share = |setting: &str, least: u32| {
            if is_slow { SLOW_PER_MILLE.to_string() } else { format!("{setting} = {least}") }
        };
        vec![
            Reason::new(sign.what, sign.value, format!("{} = {threshold}", sign.setting)),
            Reason::new(
                "encoded names in thousand",
                per_mille(tally.encoded, tally.names),
                share("encoded_per_mille", self.encoded_per_mille),
            ),
            Reason::new(
                "new bytes in thousand",
                per_mille(tally.fresh, tally.bytes),
                share("fresh_per_mille", self.fresh_per_mille),
            ),
            Reason::new("queries of types that carry data", tally.carriers, ""),
            Reason::new(
                "hours in which other hosts of the account did the same",
                others,
                format!("known_host_hours = {}", self.known_host_hours),
            ),
        ]
    }
}

/// What a name says, and to whom. No top-level domain has digits: such a name is data to its end, as of a
/// tunnel straight to a server.
fn parts(name: &str, subdomain_len: usize) -> (&str, &str) {
    let last = name.rsplit('.').next().unwrap_or(name);
    if last.bytes().any(|it| it.is_ascii_digit()) && !last.starts_with("xn--") {
        return (name, ROOT);
    }
    name.split_at_checked(subdomain_len).unwrap_or(("", name))
}

/// One query in sixteen, by its content: enough to know since when a host asks, whatever it asks for.
fn is_sample(event: &Event<'_, DnsQueries>) -> bool {
    let mixed = event.row.name_hash ^ u64::from(event.row.time).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed >> 60 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_to_a_domain_or_to_nobody() {
        for (name, subdomain_len, expected) in [
            ("data.example.com", 5, ("data.", "example.com")),
            ("example.com", 0, ("", "example.com")),
            ("dnscat.f97c01f5006c798b", 0, ("dnscat.f97c01f5006c798b", ".")),
            ("example.xn--p1ai", 0, ("", "example.xn--p1ai")),
            ("short", 9, ("", "short")),
        ] {
            assert_eq!(parts(name, subdomain_len), expected, "{name}");
        }
    }
}
