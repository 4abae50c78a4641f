//! Why an hour is unusual and what would have been usual: GuardDuty's anomaly members, and the numbers.

use std::collections::BTreeMap;

use engine::findings::{Draft, Reason};
use engine::{ApiCalls, Event};
use serde_json::{Map, Value, json};

use super::attribute::Attribute;
use super::history::{History, Usual};
use super::window::{Unusual, Window};
use super::{MODEL_VERSION, agent};

/// What the reason that tells the score begins with.
pub(crate) const SCORE_OF_HOUR: &str = "score of the hour";
/// Values in one member, as in GuardDuty.
const VALUES_MAX: usize = 20;
/// Unusual values that are named in a sentence.
const NAMED_MAX: usize = 4;

/// What a finding says beside the window and the history.
pub(crate) struct Judged<'a> {
    pub(crate) window: &'a Window,
    pub(crate) history: &'a History,
    pub(crate) threshold: u32,
    /// Reasons of the family's own.
    pub(crate) more: Vec<Reason>,
}

/// How often something is seen at a level. GuardDuty does not publish its own bounds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Often {
    Unseen,
    Rare,
    Infrequent,
    Frequent,
}

impl Often {
    fn of(count: u64, total: u64) -> Often {
        match count {
            0 => Often::Unseen,
            _ if count >= 10 || count * 20 >= total => Often::Frequent,
            3.. => Often::Infrequent,
            _ => Often::Rare,
        }
    }

    /// The subtype of the newer shape, and the word of the older one.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Often::Unseen => ("UNSEEN", "unusual"),
            Often::Rare => ("RARE", "rareProfiled"),
            Often::Infrequent => ("INFREQUENT", "infrequentProfiled"),
            Often::Frequent => ("FREQUENT", "frequentProfiled"),
        }
    }
}

/// The levels that GuardDuty knows: the word in member names, the name in the newer shape.
const LEVELS: [(&str, &str); 2] = [("UserIdentity", "userIdentity"), ("Account", "account")];

/// All attributes that findings show, by number.
const SHOWN: [Attribute; Attribute::COUNT] = [
    Attribute::Api,
    Attribute::Service,
    Attribute::Asn,
    Attribute::Country,
    Attribute::Network,
    Attribute::Agent,
    Attribute::Region,
    Attribute::Hour,
    Attribute::Error,
    Attribute::UserType,
    Attribute::InstanceType,
    Attribute::Image,
    Attribute::LaunchCount,
    Attribute::Bucket,
    Attribute::Model,
];

/// Fills in the anomaly's members, the reasons and the sentence that names what is unusual.
pub(crate) fn fill(draft: &mut Draft, judged: &Judged<'_>, event: &Event<'_, ApiCalls>) {
    let members = Members::of(judged);
    let apis = anomalous_apis(judged.window);
    if !apis.is_empty() {
        draft.additional.insert("anomalies".to_owned(), json!({ "anomalousAPIs": apis }));
    }
    let full = event.user_agent();
    let category = agent::class(full);
    draft.additional.insert(
        "userAgent".to_owned(),
        json!({ "fullUserAgent": full, "userAgentCategory": category }),
    );
    draft.additional.insert("profiledBehavior".to_owned(), joined(&members.profiled).into());
    let mut unusual = joined(&members.unusual);
    let is_new = judged.history.age_days(judged.window.hour) == 0;
    unusual.insert("isUnusualUserIdentity".to_owned(), is_new.into());
    draft.additional.insert("unusualBehavior".to_owned(), unusual.into());
    draft.additional.insert(Draft::DETECTION.to_owned(), json!({ "anomaly": members.newer() }));
    draft.additional.insert("modelVersion".to_owned(), MODEL_VERSION.into());
    draft.reasons.extend(reasons(judged));
}

/// The sentence of a description that names what is unusual.
pub(crate) fn sentence(window: &Window, more: &[Reason]) -> String {
    let mut parts: Vec<String> = ranked(window)
        .into_iter()
        .take(NAMED_MAX)
        .map(|it| format!("{} {}", words(it.attribute), it.text))
        .collect();
    parts.extend(more.iter().map(|it| format!("{} ({})", it.what, it.value)));
    match parts.as_slice() {
        [] => String::new(),
        parts => format!(" Unusual: {}.", parts.join("; ")),
    }
}

fn words(attribute: u8) -> &'static str {
    SHOWN.get(usize::from(attribute)).map_or("value", |it| it.about().words)
}

/// The unusual values, the most surprising first.
fn ranked(window: &Window) -> Vec<&Unusual> {
    let mut ranked: Vec<&Unusual> = window.unusual.iter().collect();
    let is_service = |it: &&Unusual| it.attribute == Attribute::Service as u8;
    ranked.retain(|it| !is_service(it));
    ranked.sort_by_key(|it| (std::cmp::Reverse(it.usual.surprise), it.attribute));
    ranked
}

/// `iam.amazonaws.com:[CreateUser:success , …] , …` as GuardDuty writes it.
fn anomalous_apis(window: &Window) -> String {
    let mut by_service: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let apis = window.unusual.iter().filter(|it| it.attribute == Attribute::Api as u8);
    for it in apis.take(VALUES_MAX) {
        let (service, name) = it.text.split_once(':').unwrap_or(("", &it.text));
        let outcome = if it.error.is_empty() { "success" } else { &it.error };
        by_service.entry(service).or_default().push(format!("{name}:{outcome}"));
    }
    let services: Vec<String> = by_service
        .into_iter()
        .map(|(service, apis)| format!("{service}.amazonaws.com:[{}]", apis.join(" , ")))
        .collect();
    services.join(" , ")
}

/// What each measured value is, what was seen of it before, and what would have been usual.
fn reasons(judged: &Judged<'_>) -> Vec<Reason> {
    let Judged { window, history, threshold, .. } = judged;
    let mut reasons = vec![Reason::new(
        &format!("{SCORE_OF_HOUR} (model {MODEL_VERSION})"),
        decimal(window.score),
        format!("{}, from floor_milli and the budget", decimal(*threshold)),
    )];
    reasons.extend(judged.more.iter().cloned());
    for it in ranked(window).into_iter().take(VALUES_MAX) {
        let attribute = SHOWN.get(usize::from(it.attribute));
        let usual = attribute.map(|it| history.usual(*it)).unwrap_or_default();
        let usual: Vec<String> =
            usual.iter().take(4).map(|(text, hours)| format!("{text} ({hours} h)")).collect();
        let usual =
            if usual.is_empty() { String::new() } else { format!("usual: {}", usual.join(", ")) };
        let value = format!("{}; {}", it.text, numbers(&it.usual));
        reasons.push(Reason::new(&format!("unusual {}", words(it.attribute)), value, usual));
    }
    reasons
}

/// What is known of a value at each level.
fn numbers(usual: &Usual) -> String {
    let [own, account, all] = usual.counts;
    let [p_own, p_account, p_all] = usual.probabilities.map(probability);
    format!(
        "used in {own} of the identity's hours (probability {p_own}), by {account} identities of the account \
         ({p_account}), by {all} of the organization ({p_all})"
    )
}

/// A probability with two digits that matter.
fn probability(parts: u64) -> String {
    let mut scaled = (u128::from(parts) * 1_000_000_000) >> 32;
    for (zeros, unit) in
        [(0u32, 100_000_000u128), (1, 10_000_000), (2, 1_000_000), (3, 100_000), (4, 10_000)]
    {
        if scaled >= unit {
            scaled /= unit / 10;
            return if scaled >= 100 {
                "1".to_owned()
            } else {
                format!("0.{}{scaled:02}", "0".repeat(zeros as usize))
            };
        }
    }
    "<0.00001".to_owned()
}

/// Thousandths as a decimal number.
pub(crate) fn decimal(thousandths: u32) -> String {
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}

/// Values by level and attribute.
type Values = BTreeMap<String, Vec<String>>;

#[derive(Default)]
struct Members {
    profiled: Values,
    unusual: Values,
    /// (level, attribute's member, how often) to values.
    all: BTreeMap<(usize, &'static str, Often), Vec<String>>,
}

impl Members {
    fn of(judged: &Judged<'_>) -> Members {
        let mut members = Members::default();
        for it in judged.window.unusual.iter().take(VALUES_MAX) {
            for level in 0..LEVELS.len() {
                let often = Often::of(it.usual.counts[level], it.usual.totals[level]);
                members.add(level, it.attribute, often, &it.text);
            }
        }
        for attribute in SHOWN {
            let usual = judged.history.usual(attribute);
            let total = usual.iter().map(|it| u64::from(it.1)).sum();
            for (text, hours) in usual {
                members.add(0, attribute as u8, Often::of(u64::from(hours), total), text);
            }
        }
        members
    }

    fn add(&mut self, level: usize, attribute: u8, often: Often, text: &str) {
        let Some(attribute) = SHOWN.get(usize::from(attribute)) else { return };
        let member = attribute.about().member;
        let (_, word) = often.names();
        let key = format!("{word}{member}{}Profiling", LEVELS[level].0);
        let older = if often == Often::Unseen { &mut self.unusual } else { &mut self.profiled };
        let values = older.entry(key).or_default();
        if values.len() < VALUES_MAX && !values.iter().any(|it| it == text) {
            values.push(text.to_owned());
            self.all.entry((level, member, often)).or_default().push(text.to_owned());
        }
    }

    /// The shape of the interface model: `profiles` and `unusual.behavior`.
    fn newer(&self) -> Value {
        let mut profiles: BTreeMap<&str, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
        let mut unusual: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
        for ((level, member, often), values) in &self.all {
            let level = LEVELS[*level].1;
            let object = json!({
                "profileType": "FREQUENCY",
                "profileSubtype": often.names().0,
                "observations": { "text": values },
            });
            if *often == Often::Unseen {
                unusual.entry(level).or_default().insert(member, object);
            } else {
                profiles.entry(level).or_default().entry(member).or_default().push(object);
            }
        }
        json!({ "profiles": profiles, "unusual": { "behavior": unusual } })
    }
}

/// The older shape: values in one text.
fn joined(values: &Values) -> Map<String, Value> {
    values.iter().map(|(key, values)| (key.clone(), values.join(" , ").into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_short() {
        for (parts, expected) in [
            (1u64 << 32, "1"),
            (1 << 31, "0.50"),
            ((1 << 32) / 100, "0.0099"),
            ((1 << 32) / 30_000, "0.000033"),
            (1, "<0.00001"),
        ] {
            assert_eq!(probability(parts), expected);
        }
    }

    #[test]
    fn how_often_is_judged_by_count_and_share() {
        let of = |count, total| Often::of(count, total).names().1;
        assert_eq!(of(0, 10), "unusual");
        assert_eq!(of(1, 100), "rareProfiled");
        assert_eq!(of(4, 100), "infrequentProfiled");
        assert_eq!(of(2, 20), "frequentProfiled");
        assert_eq!(of(10, 1000), "frequentProfiled");
    }
}
