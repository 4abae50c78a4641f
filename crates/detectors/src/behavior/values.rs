//! What a call shows: the values of its attributes.

use engine::intel::Category;
use engine::model::{Addr, Hasher64, Timestamp, hash64};
use engine::telemetry::{ApiCall, Caller};
use engine::{ApiCalls, Context, Event};

use super::agent;
use super::attribute::Attribute;

/// A value of an attribute, with the text that findings show.
pub(crate) struct Value {
    pub(crate) attribute: Attribute,
    pub(crate) hash: u64,
    pub(crate) text: String,
}

impl Value {
    pub(crate) fn new(attribute: Attribute, text: impl Into<String>) -> Value {
        let text = text.into();
        Value { attribute, hash: hash64(text.as_bytes()), text }
    }
}

/// What people, services and root do differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Class {
    Human,
    Service,
    Root,
}

/// The class of a caller by what the record says.
pub(crate) fn class(event: &Event<'_, ApiCalls>) -> Class {
    match event.row.caller {
        Caller::Root => Class::Root,
        Caller::AssumedRole
            if !event.issuer_user_name().starts_with("AWSReservedSSO_")
                && !event.principal_id().contains('@') =>
        {
            Class::Service
        }
        _ => Class::Human,
    }
}

/// Whether somebody acts of their own: not a service of AWS, nor by way of one.
pub(crate) fn is_of_an_identity(event: &Event<'_, ApiCalls>) -> bool {
    const OTHERS: u16 = ApiCall::SERVICE_EVENT | ApiCall::INSIGHT | ApiCall::NETWORK_ACTIVITY;
    event.row.marks & OTHERS == 0
        && event.row.invoked_by.len == 0
        && !matches!(event.row.caller, Caller::AwsService | Caller::AwsAccount | Caller::Unknown)
        && !event.listed.contains(Category::Trusted)
}

/// Whether the identity is a role that a service of AWS made for itself.
pub(crate) fn is_linked_to_a_service(event: &Event<'_, ApiCalls>) -> bool {
    event.issuer_arn().contains("/aws-service-role/")
}

/// Whether the call comes from an address that is known for attacks: nothing is learnt of it.
pub(crate) fn is_hostile(event: &Event<'_, ApiCalls>) -> bool {
    [Category::Threat, Category::MaliciousCaller, Category::TorExit]
        .into_iter()
        .any(|it| event.listed.contains(it))
}

/// A number that is equal for calls which show the same values.
pub(crate) fn signature(event: &Event<'_, ApiCalls>, more: u64) -> u32 {
    let texts = [event.event_source(), event.event_name(), event.error_code(), event.user_agent()];
    let hash = Hasher64::default().number(event.row.source.key()).number(more);
    let hash = hash.bytes(event.row.region.as_str().as_bytes());
    let hash = texts.into_iter().fold(hash, |hash, text| hash.bytes(text.as_bytes()));
    (hash.finish() >> 32) as u32
}

/// `service:operation` without the domain of AWS.
pub(crate) fn api(event: &Event<'_, ApiCalls>) -> String {
    format!("{}:{}", service(event), event.event_name())
}

/// The service without the domain of AWS.
pub(crate) fn service<'a>(event: &Event<'a, ApiCalls>) -> &'a str {
    event.event_source().trim_end_matches(".amazonaws.com")
}

/// The values that every call has, but its API.
pub(crate) fn common(event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Vec<Value> {
    let mut values = Vec::with_capacity(10);
    let mut add = |attribute, text: String| values.push(Value::new(attribute, text));
    add(Attribute::Service, service(event).to_owned());
    add(Attribute::Agent, agent::class(event.user_agent()).to_owned());
    add(Attribute::UserType, event.row.caller.as_str().to_owned());
    add(Attribute::Region, event.row.region.as_str().to_owned());
    add(Attribute::Error, outcome(event.error_code()).to_owned());
    let source = event.row.source;
    if source.is_known() {
        if source.is_public() {
            add(Attribute::Network, kind_of_network(event).to_owned());
        }
        match ctx.intel.place(source).filter(|_| source.is_public()) {
            Some(place) => {
                let (asn, organization) = (place.asn, place.organization);
                if asn != 0 {
                    add(Attribute::Asn, format!("asnNumber: {asn} asnOrg: {organization}"));
                }
                if !place.country_code.is_empty() {
                    add(Attribute::Country, place.country_name.to_owned());
                }
            }
            None => add(Attribute::Asn, network(source)),
        }
    }
    values
}

/// Who is on no map is known by the network around the address.
fn network(source: Addr) -> String {
    match source.v4() {
        Some(v4) if source.is_public() => {
            let [a, b, c, _] = v4.to_be_bytes();
            format!("network {a}.{b}.{c}.0/24")
        }
        _ if source.is_public() => {
            format!("network {}/48", Addr::from_bits(source.bits() >> 80 << 80))
        }
        _ => "private network".to_owned(),
    }
}

/// What hides where the caller is, if anything does.
fn kind_of_network(event: &Event<'_, ApiCalls>) -> &'static str {
    const KINDS: [(Category, &str); 4] = [
        (Category::TorExit, "Tor exit"),
        (Category::Vpn, "VPN"),
        (Category::Hosting, "hosting provider"),
        (Category::AwsEc2, "AWS instance"),
    ];
    let found = KINDS.iter().find(|(category, _)| event.listed.contains(*category));
    found.map_or(ORDINARY, |(_, words)| words)
}

/// A network that hides nothing.
pub(crate) const ORDINARY: &str = "ordinary";

/// The class of an outcome.
fn outcome(error_code: &str) -> &str {
    if error_code.is_empty() {
        return "success";
    }
    let is = |words: &[&str]| words.iter().any(|it| error_code.contains(it));
    if is(&["AccessDenied", "Unauthorized", "Forbidden", "NotAuthorized"]) {
        "access denied"
    } else if is(&["NotFound", "NoSuch", "NonExist"]) {
        "not found"
    } else if is(&["Throttl", "RequestLimit", "TooMany"]) {
        "throttled"
    } else if is(&["Invalid", "Malformed", "Validation", "Missing", "Unsupported"]) {
        "invalid request"
    } else {
        "other failure"
    }
}

/// The place of an hour among those of a working day or a day of the weekend, UTC, and its neighbors' places.
pub(crate) fn hours_of_week(time: Timestamp) -> [u32; 3] {
    // 1970-01-01 was a Thursday.
    let slot = |hour: i64| {
        let is_weekend = (hour.div_euclid(24) + 3).rem_euclid(7) >= 5;
        (hour.rem_euclid(24) + 24 * i64::from(is_weekend)) as u32
    };
    [0, -1, 1].map(|it| slot(time.hour() + it))
}

/// Such a place in words.
pub(crate) fn hour_words(slot: u32) -> String {
    let days = if slot >= 24 { "weekends" } else { "working days" };
    format!("{days} {:02}:00-{:02}:59 UTC", slot % 24, slot % 24)
}

/// The hash of such a place for a class of identities.
pub(crate) fn hour_hash(slot: u32, class: u8) -> u64 {
    Hasher64::default().number(u64::from(slot)).number(u64::from(class)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_of_working_days_and_weekends() {
        let at = |text: &str| hours_of_week(Timestamp::parse(text).unwrap());
        assert_eq!(at("2026-01-05T00:30:00Z"), [0, 47, 1]);
        assert_eq!(at("2026-01-09T23:59:59Z"), [23, 22, 24]);
        assert_eq!(hour_words(27), "weekends 03:00-03:59 UTC");
    }

    #[test]
    fn outcomes_are_few() {
        for (code, expected) in [
            ("", "success"),
            ("Client.UnauthorizedOperation", "access denied"),
            ("NoSuchBucketPolicy", "not found"),
            ("ThrottlingException", "throttled"),
            ("ValidationException", "invalid request"),
            ("InternalError", "other failure"),
        ] {
            assert_eq!(outcome(code), expected);
        }
    }

    #[test]
    fn addresses_on_no_map_have_a_network() {
        let of = |text: &str| network(Addr::parse(text).unwrap());
        assert_eq!(of("192.0.2.77"), "network 192.0.2.0/24");
        assert_eq!(of("10.1.2.3"), "private network");
        assert_eq!(of("2001:db8:1:2::7"), "network 2001:db8:1::/48");
    }
}
