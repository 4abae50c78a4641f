//! What a call shows: the values of its attributes.

use std::fmt;

use engine::intel::Category;
use engine::model::{Addr, Hasher64, Timestamp, hash64};
use engine::stats::UsageKey;
use engine::telemetry::{ApiCall, Caller};
use engine::{ApiCalls, Context, Event};

use super::agent;
use super::attribute::Attribute;

/// A value of an attribute, with the text that findings show.
pub(crate) struct Value<'a> {
    pub(crate) attribute: Attribute,
    pub(crate) hash: u64,
    pub(crate) text: Text<'a>,
}

impl<'a> Value<'a> {
    pub(crate) fn new(attribute: Attribute, text: Text<'a>) -> Value<'a> {
        Value { attribute, hash: text.hash(), text }
    }

    pub(crate) fn key(&self) -> UsageKey {
        UsageKey::new(self.attribute as u8, self.hash)
    }

    pub(crate) fn plain(attribute: Attribute, text: &'a str) -> Value<'a> {
        Value::new(attribute, Text::Plain(text))
    }
}

/// What a value is called: put into words only where it is unusual or its name is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Text<'a> {
    Plain(&'a str),
    Own(String),
    /// Service and operation.
    Api(&'a str, &'a str),
    /// Number and organization.
    Asn(u32, &'a str),
    /// The network around an address that is on no map.
    Around(Addr),
    /// A place in the week.
    Hour(u32),
}

impl Text<'_> {
    fn hash(&self) -> u64 {
        let parts = Hasher64::default();
        match self {
            Text::Plain(text) => hash64(text.as_bytes()),
            Text::Own(text) => hash64(text.as_bytes()),
            Text::Api(service, name) => {
                parts.bytes(service.as_bytes()).bytes(name.as_bytes()).finish()
            }
            Text::Asn(number, _) => parts.number(u64::from(*number)).finish(),
            Text::Around(source) => parts.number(network(*source).key()).finish(),
            Text::Hour(slot) => parts.number(u64::from(*slot)).finish(),
        }
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text::Plain(text) => f.write_str(text),
            Text::Own(text) => f.write_str(text),
            Text::Api(service, name) => write!(f, "{service}:{name}"),
            Text::Asn(number, organization) => {
                write!(f, "asnNumber: {number} asnOrg: {organization}")
            }
            Text::Around(source) if !source.is_public() => f.write_str("private network"),
            Text::Around(source) => {
                let bits = if source.v4().is_some() { 24 } else { 48 };
                write!(f, "network {}/{bits}", network(*source))
            }
            Text::Hour(slot) => {
                let days = if *slot >= 24 { "weekends" } else { "working days" };
                write!(f, "{days} {:02}:00-{:02}:59 UTC", slot % 24, slot % 24)
            }
        }
    }
}

/// The network around an address, by its first address; one for all that are private.
fn network(source: Addr) -> Addr {
    if !source.is_public() {
        return Addr::UNSPECIFIED;
    }
    let bits = if source.v4().is_some() { 8 } else { 80 };
    Addr::from_bits(source.bits() >> bits << bits)
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
pub(crate) fn api<'a>(event: &Event<'a, ApiCalls>) -> Value<'a> {
    Value::new(Attribute::Api, Text::Api(service(event), event.event_name()))
}

/// The service without the domain of AWS.
pub(crate) fn service<'a>(event: &Event<'a, ApiCalls>) -> &'a str {
    event.event_source().trim_end_matches(".amazonaws.com")
}

/// The values that every call has, but its API.
pub(crate) fn common<'v, 'e: 'v, 'c: 'v>(
    event: &Event<'e, ApiCalls>,
    ctx: &Context<'c>,
) -> Vec<Value<'v>> {
    let mut values = Vec::with_capacity(12);
    values.extend([
        Value::plain(Attribute::Service, service(event)),
        Value::plain(Attribute::Agent, agent::class(event.user_agent())),
        Value::plain(Attribute::UserType, event.row.caller.as_str()),
        Value::new(Attribute::Region, Text::Own(event.row.region.as_str().to_owned())),
        Value::plain(Attribute::Error, outcome(event.error_code())),
    ]);
    let source = event.row.source;
    if !source.is_known() {
        return values;
    }
    if source.is_public() {
        values.push(Value::plain(Attribute::Network, kind_of_network(event)));
    }
    match ctx.intel.place(source).filter(|_| source.is_public()) {
        Some(place) => {
            if place.asn != 0 {
                let asn = Text::Asn(place.asn, place.organization);
                values.push(Value::new(Attribute::Asn, asn));
            }
            if !place.country_code.is_empty() {
                values.push(Value::plain(Attribute::Country, place.country_name));
            }
        }
        None => values.push(Value::new(Attribute::Asn, Text::Around(source))),
    }
    values
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
        assert_eq!(Text::Hour(27).to_string(), "weekends 03:00-03:59 UTC");
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
        let of = |text: &str| Text::Around(Addr::parse(text).unwrap());
        let words = |text: &str| of(text).to_string();
        assert_eq!(words("192.0.2.77"), "network 192.0.2.0/24");
        assert_eq!(words("10.1.2.3"), "private network");
        assert_eq!(words("2001:db8:1:2::7"), "network 2001:db8:1::/48");
        assert_eq!(of("192.0.2.77").hash(), of("192.0.2.1").hash());
        assert_ne!(of("192.0.2.77").hash(), of("192.0.3.77").hash());
        assert_ne!(of("192.0.2.77").hash(), of("10.1.2.3").hash());
    }
}
