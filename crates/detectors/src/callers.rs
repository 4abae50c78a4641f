//! Calls from addresses on threat lists and from Tor exit nodes: what the families of principals and of
//! buckets share.

use engine::findings::{Draft, FindingType, Reason, ThreatIntelligenceDetail};
use engine::intel::{Categories, Category, Indicator};
use engine::{ApiCalls, Context, Event};

/// A list that callers are looked up in: its category, and what titles call an address on it.
pub(crate) struct CallerList<const N: usize> {
    pub(crate) category: Category,
    pub(crate) words: &'static str,
    /// The types that it raises, in the order of what calls are for.
    pub(crate) types: [&'static FindingType; N],
}

/// The lists by category, with the types that each raises.
pub(crate) const fn lists<const N: usize>(
    malicious: [&'static FindingType; N],
    custom: [&'static FindingType; N],
    tor: [&'static FindingType; N],
) -> [CallerList<N>; 3] {
    [
        CallerList {
            category: Category::MaliciousCaller,
            words: "a known malicious IP address",
            types: malicious,
        },
        CallerList {
            category: Category::Threat,
            words: "an IP address on a custom threat list",
            types: custom,
        },
        CallerList { category: Category::TorExit, words: "a Tor exit node", types: tor },
    ]
}

/// The categories of [`lists`].
pub(crate) const LISTED: Categories =
    Categories::of(&[Category::MaliciousCaller, Category::Threat, Category::TorExit]);

/// Adds the lists of one category that name the caller's address.
pub(crate) fn add_lists(
    draft: &mut Draft,
    category: Category,
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
) {
    let address = Indicator::Address(event.row.source);
    let lists = ctx.intel.lists(event.verdict, event.row.account, event.row.region);
    draft.intel = lists
        .filter(|it| it.category == category)
        .map(|it| ThreatIntelligenceDetail {
            threat_list_name: it.name.clone(),
            threat_names: it.threat_name(address).map(str::to_owned).into_iter().collect(),
            threat_file_sha256: None,
        })
        .collect();
    if let Some(list) = draft.intel.first() {
        let list_name = list.threat_list_name.clone();
        if let Some(name) = list.threat_names.first() {
            draft.additional.insert("threatName".to_owned(), name.clone().into());
        }
        draft.additional.insert("threatListName".to_owned(), list_name.into());
    }
    let reason = Reason::new("source address on a list", event.row.source, category.as_str());
    draft.reasons.push(reason);
}

/// Declares the types of a family: what they share once, and for each its constant, name, severity, title,
/// meaning, false positives, response and techniques.
macro_rules! caller_types {
    (
        $data:expr, $aggregation:expr;
        $(
            $(#[$doc:meta])* $constant:ident = $name:literal, $severity:expr, $title:literal,
            about: $about:literal,
            detection: $detection:expr,
            false_positives: $false_positives:expr,
            response: $response:expr,
            techniques: $techniques:expr;
        )*
    ) => {
        $(
            $(#[$doc])*
            pub const $constant: engine::findings::FindingType = engine::findings::FindingType {
                name: $name,
                severity: $severity,
                title: $title,
                about: $about,
                detection: $detection,
                false_positives: $false_positives,
                response: $response,
                techniques: $techniques,
                data: &[$data],
                aggregation: $aggregation,
                is_own: false,
            };
        )*
    };
}
