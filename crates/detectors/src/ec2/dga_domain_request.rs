//! An instance asks for names that look made by an algorithm and that do not exist.
//!
//! Malware that finds its server by an algorithm asks for many names until one answers. No single name is
//! proof: what is judged is how rare the looks of all names together are that a host asked for in vain.

use std::ops::Range;
use std::time::Duration;

use dga::Model;
use engine::findings::{Data, Draft, EvidenceRef, FindingType, Reason, ResourceRole};
use engine::intel::{Categories, Category, SuffixKind};
use engine::model::{Scope, Severity, hash64};
use engine::stats::BoundedMap;
use engine::{Context, Detector, DnsQueries, Event, Interest, Out, Profile, Spec};
use serde::{Deserialize, Serialize};

/// Names by their looks.
pub const DGA_DOMAIN_REQUEST: FindingType = FindingType {
    name: "Trojan:EC2/DGADomainRequest.B",
    severity: Severity::HIGH,
    title: "An EC2 instance asks for names that an algorithm seems to have made",
    about: "The instance asked for several domain names that do not exist and that look like made by a domain \
        generation algorithm (DGA). Malware makes many such names each day and asks for them until its \
        operators have registered one.",
    detection: "For each host, the registrable names of the last hour that were answered with NXDOMAIN, at most \
        64. A model of letters and words says how rarely an ordinary name looks like that; the rarities (decimal \
        logarithms, at most 2.5 each) add up. Reported when the sum of at least `names` names reaches \
        `sum_percent` of what one of 10,000 hosts with so many ordinary names reaches. Also reported: \
        `many_names` names, half of them with one suffix, from a host that has asked in vain for a day and never for \
        five names in an hour. Left out: popular and trusted names, names below suffixes of firms (but for dynamic \
        DNS) or unknown suffixes, and names that hosts of the account asked for in vain on `known_host_days` \
        days before the last one.",
    false_positives: "Mail servers that look up the senders of spam, crawlers and resolvers of other networks \
        ask for odd names. Products that ask for random names to learn whether answers are forged: put such \
        names on a trusted list. Names that hosts keep asking for are known after some days.",
    response: "Look at the names that the finding lists and at those that the instance asked for afterwards and \
        that were answered: one of them may be the server. Find the process that asks. Isolate the instance, \
        and look for other instances that asked for the same names.",
    techniques: &["T1568.002"],
    data: &[Data::ResolverQuery],
    aggregation: "instance",
    is_own: false,
};

/// How many hosts of the account asked for a domain in vain, a day and host counted once.
static HOSTS: Profile =
    Profile { name: "dns/hosts_by_missing_domain", hours: 14 * 24, keys: 20_000 };

const NXDOMAIN: u8 = 3;
const WINDOW_SECS: u32 = 3600;
const DAY_SECS: u32 = 86_400;
/// Names of the window that are kept.
const NAMES_MAX: usize = 64;
/// Names that a finding shows.
const SHOWN: usize = 5;
const EVIDENCE_MAX: usize = 7;
/// Longest name that is kept as text.
const TEXT_MAX: usize = 96;
/// Names in an hour that an ordinary host does not reach.
const FEW: u16 = 5;
const QUIET: Categories = Categories::of(&[Category::Trusted, Category::Popular]);
/// Top-level domains of other roots, which malware uses.
const OTHER_ROOTS: [&str; 8] = ["bazar", "bit", "chan", "coin", "emc", "lib", "libre", "onion"];

tunables! {
    /// Names that look made by an algorithm.
    pub struct DgaDomainRequest {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Distinct names that do not exist, within an hour, that a host must have asked for.
        pub names: u32 = 3 => 3..=64,
        /// The sum of rarities, in percent of that which one of 10,000 hosts with so many ordinary names
        /// reaches. Raising it reports less.
        pub sum_percent: u32 = 100 => 10..=1000,
        /// Names within an hour that are reported whatever they look like, from a host that is not known for
        /// it.
        pub many_names: u32 = 40 => 5..=64,
        /// Days, over the hosts of the account, on which a name was asked for in vain to be known. The last 24
        /// hours do not count.
        pub known_host_days: u64 = 3,
    }
}

/// A name that does not exist.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Missing {
    /// How rare its looks are, in hundredths of the decimal logarithm; none before anybody asked.
    rarity: Option<u8>,
    /// Where in `name` the label lies whose looks they are.
    label: Range<u8>,
    /// Whether the account knows it: it counts no more.
    is_known: bool,
    is_judged: bool,
    suffix: u16,
    name: Box<str>,
    evidence: Option<EvidenceRef>,
}

/// What a host asked for in vain.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Second of the earliest query in vain; 0 before.
    since: u32,
    names: BoundedMap<Missing, NAMES_MAX>,
    /// The day, since 1970, on which a name was last counted for the account.
    taught: BoundedMap<u32, 256>,
    /// New names of the hour that is open, and the most of an hour before.
    hour: (u32, u16),
    usual: u16,
    /// Second of the last draft.
    raised: u32,
}

impl Detector for DgaDomainRequest {
    type Reads = DnsQueries;
    type State = State;

    const SPEC: Spec = Spec {
        name: "ec2/dga_domain_request",
        scope: Scope::Host,
        idle: Duration::from_hours(8 * 24),
        version: 2,
        types: &[&DGA_DOMAIN_REQUEST],
        interest: Interest::Every,
    };

    fn wants(&self, event: &Event<'_, DnsQueries>) -> bool {
        event.row.rcode == NXDOMAIN && self.enabled && !event.listed.intersects(QUIET)
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, DnsQueries>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let now = event.row.time;
        state.since = if state.since == 0 { now } else { state.since.min(now) };
        // Below a provider of dynamic DNS each name is somebody else's.
        let is_dynamic = event.listed.contains(Category::DynamicDns);
        let domain = if is_dynamic { event.name() } else { event.registrable() };
        let key = hash64(domain.as_bytes());
        if state.names.get(key).is_some() {
            state.names.entry(key, now);
            return;
        }
        let Some((label, suffix)) = label(event, ctx) else { return };
        let Some(model) = Model::shipped() else { return };
        state.names.retain(|_, last_use, _| last_use.saturating_add(WINDOW_SECS) > now);
        let mut missing = Missing {
            suffix: hash64(suffix.as_bytes()) as u16,
            name: domain.get(..TEXT_MAX).unwrap_or(domain).into(),
            evidence: Some(event.evidence()),
            ..Missing::default()
        };
        match domain.strip_suffix(suffix).and_then(|it| it.strip_suffix('.')) {
            // The label ends there: what stands before it, below a provider, is not judged.
            Some(above) if above.len() <= TEXT_MAX => {
                missing.label = (above.len() - label.len()) as u8..above.len() as u8;
            }
            _ => missing.rarity = Model::shipped_rarity(label),
        }
        *state.names.entry(key, now).0 = missing;
        state.count(now);
        let (taught, _) = state.taught.entry(key, now);
        // A late query of a day before teaches nothing: that day may have been taught.
        if *taught < now / DAY_SECS {
            *taught = now / DAY_SECS;
            out.teach(&HOSTS, key, 1);
        }
        let is_due = now >= state.raised.saturating_add(WINDOW_SECS);
        if is_due && self.is_odd(state, model, event, ctx) {
            state.raised = now;
            out.raise(self.draft(state, model, event, ctx));
        }
    }
}

impl State {
    /// Counts a new name in its hour.
    fn count(&mut self, now: u32) {
        let hour = now / WINDOW_SECS;
        if hour > self.hour.0 {
            self.usual = self.usual.max(self.hour.1);
            self.hour = (hour, 0);
        }
        self.hour.1 = self.hour.1.saturating_add(1);
    }

    /// Judges the looks of all names. Most hosts never ask for enough of them to be worth that.
    fn rate(&mut self) {
        for missing in self.names.values_unordered_mut().filter(|it| it.rarity.is_none()) {
            let label = usize::from(missing.label.start)..usize::from(missing.label.end);
            let label = missing.name.get(label).unwrap_or("");
            missing.rarity = Model::shipped_rarity(label);
        }
    }

    /// The number of names that count and the sum of their rarities.
    fn sum(&self) -> (usize, u32) {
        let counted = || self.names.iter_unordered().filter(|it| !it.1.is_known);
        (counted().count(), counted().map(|it| u32::from(it.1.rarity.unwrap_or(0))).sum())
    }

    /// Names with the suffix that most of them have.
    fn of_one_suffix(&self) -> usize {
        let mut suffixes: Vec<u16> = self.names.iter_unordered().map(|it| it.1.suffix).collect();
        suffixes.sort_unstable();
        suffixes.chunk_by(|a, b| a == b).map(<[u16]>::len).max().unwrap_or(0)
    }
}

impl DgaDomainRequest {
    /// Whether the names of the window are to be reported. Asks what the account knows only if they seem to.
    fn is_odd(
        &self,
        state: &mut State,
        model: &Model,
        event: &Event<'_, DnsQueries>,
        ctx: &Context<'_>,
    ) -> bool {
        let is_odd = |state: &State| {
            let (names, sum) = state.sum();
            self.is_rare(model, names, sum) || self.is_many(state, names, event.row.time)
        };
        if state.names.len() < self.names.min(self.many_names) as usize {
            return false;
        }
        state.rate();
        if !is_odd(state) {
            return false;
        }
        let hour = event.time().hour();
        let unjudged: Vec<u64> =
            state.names.iter().filter(|it| !it.1.is_judged).map(|it| it.0).collect();
        for key in unjudged {
            if let Some(missing) = state.names.get_mut(key) {
                missing.is_judged = true;
                missing.is_known = self.days_before(key, hour, ctx) >= self.known_host_days;
            }
        }
        is_odd(state)
    }

    fn is_rare(&self, model: &Model, names: usize, sum: u32) -> bool {
        let threshold = model.sum_threshold(names);
        names >= self.names as usize
            && threshold.is_some_and(|it| sum * 100 >= it * self.sum_percent)
    }

    fn is_many(&self, state: &State, names: usize, now: u32) -> bool {
        names >= self.many_names as usize
            && state.usual < FEW
            && state.of_one_suffix() * 2 >= names
            && now >= state.since.saturating_add(DAY_SECS)
    }

    /// Days of hosts on which a name was asked for in vain, but for the last 24 hours.
    fn days_before(&self, key: u64, hour: i64, ctx: &Context<'_>) -> u64 {
        let account = ctx.entity.account;
        let all = ctx.profiles.count(&HOSTS, account, key);
        if all < self.known_host_days {
            return 0;
        }
        let recent = ctx.profiles.count_in_hours(&HOSTS, account, key, hour - 24..hour + 1);
        all.saturating_sub(recent)
    }

    fn draft(
        &self,
        state: &State,
        model: &Model,
        event: &Event<'_, DnsQueries>,
        ctx: &Context<'_>,
    ) -> Draft {
        let mut names: Vec<&Missing> =
            state.names.iter().map(|it| it.1).filter(|it| !it.is_known).collect();
        names.sort_by(|a, b| b.rarity.cmp(&a.rarity).then_with(|| a.name.cmp(&b.name)));
        let (count, sum) = state.sum();
        let mut draft = ctx.instance_draft(&DGA_DOMAIN_REQUEST, event.time());
        let instance = draft.key.clone();
        draft.role = ResourceRole::Target;
        draft.title = format!("DGA domain name queried by EC2 instance {instance}.");
        let shown: Vec<&str> = names.iter().take(SHOWN).map(|it| &*it.name).collect();
        draft.description = format!(
            "EC2 instance {instance} is querying algorithmically generated domains: {count} names that do not \
             exist within an hour, such as {}. Such domains are commonly used by malware and could be an \
             indication of a compromised EC2 instance.",
            shown.join(", ")
        );
        draft.action = ctx.dns_action(event);
        draft.additional.insert("domain".to_owned(), event.name().into());
        draft.evidence = names.iter().filter_map(|it| it.evidence).take(EVIDENCE_MAX).collect();
        let first = names.iter().filter_map(|it| it.evidence).map(|it| it.time).min();
        draft.first = first.unwrap_or(event.time()).min(event.time());
        let threshold = model.sum_threshold(count).unwrap_or(0);
        draft.reasons = vec![
            Reason::new(
                "names that do not exist in an hour",
                count,
                format!("names = {}", self.names),
            ),
            Reason::new(
                "sum of their rarities in hundredths",
                sum,
                format!(
                    "sum_percent = {}: {}",
                    self.sum_percent,
                    threshold * self.sum_percent / 100
                ),
            ),
            Reason::new("most such names in an hour before", state.usual, ""),
        ];
        draft
    }
}

/// The label that somebody chose and what stands after it, if the name is to be judged.
fn label<'a>(event: &Event<'a, DnsQueries>, ctx: &Context<'_>) -> Option<(&'a str, &'a str)> {
    if event.listed.contains(Category::DynamicDns) {
        let name = event.name();
        let found = ctx.intel.name(name);
        let above = name.strip_suffix(found.matched_of(name))?.strip_suffix('.');
        let label = above.map(|it| it.rsplit_once('.').map_or(it, |it| it.1));
        // The provider's own name is nobody's choice.
        return label.filter(|it| is_plain(it)).map(|it| (it, found.matched_of(name)));
    }
    let (label, suffix) = event.registrable().split_once('.')?;
    let is_judged = match SuffixKind::of(event.name()) {
        SuffixKind::Registry => true,
        SuffixKind::Private => false,
        SuffixKind::Unknown => OTHER_ROOTS.contains(&suffix),
    };
    (is_judged && is_plain(label)).then_some((label, suffix))
}

/// Names in other scripts are encoded, so that their looks say nothing.
fn is_plain(label: &str) -> bool {
    !label.starts_with("xn--")
        && label.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
}
