//! One user signs in to the console from places that are too far apart for the time between.

use std::time::Duration;

use engine::findings::{Data, Draft, EvidenceRef, FindingType, Reason, ResourceRole};
use engine::intel::{Category, Place, PlaceSource};
use engine::model::{AccountId, Addr, Entity, Hasher64, Scope, Severity, Timestamp, hash64};
use engine::stats::Ring;
use engine::telemetry::Caller;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Profile, Signal, Spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Sign-ins from places far apart.
pub const CONSOLE_LOGIN_SUCCESS: FindingType = FindingType {
    name: "UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B",
    severity: Severity::MEDIUM,
    title: "One user signed in to the console from places far apart",
    about: "The same IAM user, or root, signed in to the AWS console from two places at about the same time \
        that nobody can travel between so fast. Somebody else may know the password.",
    detection: "Two successful ConsoleLogin events of one user whose places lie at least `distance_km` apart, \
        less the uncertainty of what is known of them, and would take more than `speed_kmh` to travel \
        between. One of the places must be strange: the user did not sign in from its country and network on \
        `usual_days` earlier days, nor did three users of the account lately; and the sign-in \
        from there used no MFA, another kind of browser, or a network that the user had not used. Quiet in \
        the first `learn_days` of a user, for two addresses of one country that are known by country alone, \
        and for networks that a list calls VPN or hosting, whose place says nothing. Places come from the \
        built-in table, which knows countries, or from a database that knows cities.",
    false_positives: "VPNs and proxies that no list names, satellite and roaming networks, addresses that the \
        table of places puts into the wrong country, and people who share a user. Benign when the user \
        confirms both sign-ins; name the VPN's networks in a list of the category `vpn`.",
    response: "Ask the user by another way than e-mail whether both sign-ins are theirs. If not: end the \
        sessions, set a new password, check the MFA devices and access keys of the user, and look at \
        everything that was done after the strange sign-in. Require MFA for all users.",
    techniques: &["T1078.004"],
    data: &[Data::CloudTrailManagement],
    aggregation: "user",
    is_own: false,
};

tunables! {
    /// Sign-ins to the console from places far apart.
    pub struct ConsoleLoginSuccess {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Least distance of two places, in kilometers, less the uncertainty of both.
        pub distance_km: u32 = 500,
        /// Least speed between them, in kilometers per hour. Airliners fly at 900.
        pub speed_kmh: u32 = 1000,
        /// Days from a user's first sign-in that is known until sign-ins are judged; 0 judges at once.
        pub learn_days: u32 = 3 => 0..=90,
        /// Earlier days on which a user must have signed in from a country and network for it to be usual.
        pub usual_days: u32 = 3,
        /// Users of the account who must have signed in from a country and network lately (in the last 720
        /// hours with sign-ins) for it to be usual, at most 64.
        pub usual_users: u32 = 3 => 1..=USER_SLOTS as i64,
    }
}

/// Which users signed in from which countries and networks.
static PLACES: Profile = Profile { name: "iam/console_places", hours: 30 * 24, keys: 16_384 };
/// Users are counted in this many slots by hash: enough to tell one from several.
const USER_SLOTS: u64 = 64;

/// A place that is known by its country may be this far from the country's center.
const COUNTRY_RADIUS_KM: f64 = 500.0;
/// A place that is known by its city may be this far from the city's center.
const CITY_RADIUS_KM: f64 = 50.0;
/// Sign-ins that are closer in time count as this far apart.
const SHORTEST_SECS: u64 = 300;

/// What is remembered of one user.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Day of the first sign-in.
    first_day: Option<i64>,
    /// The latest sign-ins.
    latest: Ring<Login, 10>,
    /// Countries and networks with the days of their use, the least recently used first, at most
    /// [`State::PLACES_MAX`].
    places: Vec<Known>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Known {
    place: u64,
    asn: u32,
    last_day: i64,
    /// Days before the last one.
    earlier_days: u32,
}

/// A sign-in with what is known of its place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Login {
    time: Timestamp,
    address: Addr,
    /// Hash of country and network.
    place: u64,
    asn: u32,
    country: String,
    /// Thousandths of degrees north and east.
    lat: i32,
    lon: i32,
    is_by_city: bool,
    has_mfa: bool,
    browser: u64,
    evidence: EvidenceRef,
}

impl State {
    const PLACES_MAX: usize = 32;

    /// Earlier days on which the user signed in from a place.
    fn days(&self, place: u64, today: i64) -> u32 {
        let known = self.places.iter().find(|it| it.place == place);
        known.map_or(0, |it| it.earlier_days + u32::from(it.last_day < today))
    }

    fn learn(&mut self, login: Login) {
        let day = login.time.day();
        self.first_day = Some(self.first_day.map_or(day, |first| first.min(day)));
        let at = self.places.iter().position(|it| it.place == login.place);
        let mut known = match at {
            Some(at) => self.places.remove(at),
            None => Known { place: login.place, asn: login.asn, last_day: day, earlier_days: 0 },
        };
        if day > known.last_day {
            known.earlier_days = known.earlier_days.saturating_add(1);
            known.last_day = day;
        }
        if self.places.len() >= State::PLACES_MAX {
            self.places.remove(0);
        }
        self.places.push(known);
        self.latest.push(login);
    }
}

impl Detector for ConsoleLoginSuccess {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "iam/console_login_success",
        scope: Scope::Principal,
        idle: Duration::from_hours(90 * 24),
        version: 1,
        types: &[&CONSOLE_LOGIN_SUCCESS],
        interest: Interest::Calls(&["ConsoleLogin"]),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && matches!(event.row.caller, Caller::IamUser | Caller::Root)
            && event.row.source.is_public()
            && event.row.is_success()
            && event.row.error_message.len == 0
            && event.event_source() == "signin.amazonaws.com"
            && event.response().contains("\"Success\"")
            && !event.listed.contains(Category::Trusted)
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        // Who hides behind a VPN is nowhere: distances from there say nothing.
        if let Some(kind) = infrastructure(event) {
            out.signal(signal(kind, event, ctx));
            return;
        }
        let Some(place) = ctx.intel.place(event.row.source) else { return };
        if place.country_code.is_empty() {
            return;
        }
        let login = login(&place, event);
        if let Some(found) = self.judge(&login, state, ctx) {
            out.raise(draft(&found, &login, event, ctx));
        }
        let slot = hash64(ctx.entity.name.as_bytes()) % USER_SLOTS;
        out.teach(&PLACES, lesson(login.place, slot), 1);
        state.learn(login);
    }
}

/// Two sign-ins that do not go together.
struct Found {
    earlier: Login,
    distance_km: f64,
    speed_kmh: f64,
    /// What makes the strange sign-in suspicious beside its place.
    why: &'static str,
}

impl ConsoleLoginSuccess {
    fn judge(&self, login: &Login, state: &State, ctx: &Context<'_>) -> Option<Found> {
        let learnt = login.time.day() - state.first_day?;
        if learnt < i64::from(self.learn_days) {
            return None;
        }
        // The nearest in time tells the most.
        let mut others: Vec<&Login> = state.latest.iter().collect();
        others.sort_by_key(|it| (apart(it, login), it.time));
        others.into_iter().find_map(|other| self.compare(login, other, state, ctx))
    }

    fn compare(
        &self,
        login: &Login,
        other: &Login,
        state: &State,
        ctx: &Context<'_>,
    ) -> Option<Found> {
        // Two addresses of one country that are known by country alone are in the same place.
        if login.country == other.country && !(login.is_by_city && other.is_by_city) {
            return None;
        }
        let radius = |it: &Login| if it.is_by_city { CITY_RADIUS_KM } else { COUNTRY_RADIUS_KM };
        let distance_km = distance_km(login, other) - radius(login) - radius(other);
        let hours = apart(login, other).as_secs().max(SHORTEST_SECS) as f64 / 3600.0;
        let speed_kmh = distance_km / hours;
        if distance_km < f64::from(self.distance_km) || speed_kmh < f64::from(self.speed_kmh) {
            return None;
        }
        let strange = [login, other].into_iter().find(|it| !self.is_usual(it, state, ctx))?;
        let usual = if strange.evidence == login.evidence { other } else { login };
        let is_known_network = state
            .places
            .iter()
            .any(|it| it.asn == strange.asn && (it.place != strange.place || it.earlier_days > 0));
        let why = if !strange.has_mfa {
            "no MFA"
        } else if strange.browser != usual.browser {
            "another kind of browser"
        } else if !is_known_network {
            "a network that the user had not used"
        } else {
            return None;
        };
        Some(Found { earlier: other.clone(), distance_km, speed_kmh, why })
    }

    /// Whether the user or several others are used to signing in from there.
    fn is_usual(&self, login: &Login, state: &State, ctx: &Context<'_>) -> bool {
        let count =
            |slot| ctx.profiles.count(&PLACES, ctx.entity.account, lesson(login.place, slot)) > 0;
        state.days(login.place, login.time.day()) >= self.usual_days
            || (0..USER_SLOTS).filter(|slot| count(*slot)).count() >= self.usual_users as usize
    }
}

fn apart(one: &Login, other: &Login) -> Duration {
    one.time.since(other.time).max(other.time.since(one.time))
}

/// Great-circle distance.
fn distance_km(one: &Login, other: &Login) -> f64 {
    const EARTH_RADIUS_KM: f64 = 6371.0;
    let radians = |thousandths: i32| (f64::from(thousandths) / 1000.0).to_radians();
    let (lat1, lat2) = (radians(one.lat), radians(other.lat));
    let (half_lat, half_lon) = ((lat2 - lat1) / 2.0, radians(other.lon - one.lon) / 2.0);
    let h = half_lat.sin().powi(2) + lat1.cos() * lat2.cos() * half_lon.sin().powi(2);
    2.0 * EARTH_RADIUS_KM * h.clamp(0.0, 1.0).sqrt().asin()
}

/// What kind of network hides where the user is, if a list says so.
fn infrastructure(event: &Event<'_, ApiCalls>) -> Option<&'static str> {
    const KINDS: [Category; 5] = [
        Category::TorExit,
        Category::Vpn,
        Category::Hosting,
        Category::AwsEc2,
        Category::AwsService,
    ];
    KINDS.into_iter().find(|it| event.listed.contains(*it)).map(Category::as_str)
}

fn login(place: &Place<'_>, event: &Event<'_, ApiCalls>) -> Login {
    let thousandths = |degrees: f64| (degrees.clamp(-180.0, 180.0) * 1000.0).round() as i32;
    Login {
        time: event.time(),
        address: event.row.source,
        place: Hasher64::default()
            .bytes(place.country_code.as_bytes())
            .number(u64::from(place.asn))
            .finish(),
        asn: place.asn,
        country: place.country_name.to_owned(),
        lat: thousandths(place.lat),
        lon: thousandths(place.lon),
        is_by_city: place.city.is_some() && place.source == PlaceSource::Database,
        has_mfa: has_mfa(event),
        browser: browser(event.user_agent()),
        evidence: event.evidence(),
    }
}

/// Whether a second factor was used. The record may be spaced in any way.
fn has_mfa(event: &Event<'_, ApiCalls>) -> bool {
    let data = serde_json::from_str::<Value>(event.additional()).unwrap_or_default();
    data.get("MFAUsed").and_then(Value::as_str) == Some("Yes")
}

/// The kind of browser: its user agent without version numbers.
fn browser(user_agent: &str) -> u64 {
    let words: Vec<&str> = user_agent
        .split(|it: char| !it.is_ascii_alphabetic())
        .filter(|it| !it.is_empty())
        .collect();
    hash64(words.join(" ").as_bytes())
}

fn lesson(place: u64, slot: u64) -> u64 {
    Hasher64::default().number(place).number(slot).finish()
}

/// A sign-in from a VPN, a hosting provider or Tor is weak evidence of its own.
fn signal(kind: &'static str, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Signal {
    let account: AccountId = ctx.entity.account;
    let anchor =
        Entity::new(Scope::Anchor, account, &format!("principal:{}", event.principal_id()));
    Signal {
        name: "iam/console_login_infrastructure".into(),
        account: event.row.account,
        region: event.row.region,
        // Many people use a VPN: half of a decimal digit.
        weight: 500,
        evidence: event.evidence(),
        anchors: vec![anchor],
        detail: kind.into(),
    }
}

fn draft(found: &Found, login: &Login, event: &Event<'_, ApiCalls>, ctx: &Context<'_>) -> Draft {
    let mut draft = ctx.caller_draft(&CONSOLE_LOGIN_SUCCESS, event);
    let (user, other) = (event.caller_label(), &found.earlier);
    event.principal_id().clone_into(&mut draft.key);
    draft.role = ResourceRole::Target;
    (draft.first, draft.last) = (login.time.min(other.time), login.time.max(other.time));
    draft.count = 2;
    draft.evidence.push(other.evidence);
    draft.evidence.sort_unstable();
    draft.title =
        format!("Unusual console logins of {user} from several places at about the same time.");
    let minutes = apart(login, other).as_secs() / 60;
    draft.description = format!(
        "{user} signed in to the AWS console from {} ({}) and from {} ({}), {minutes} minutes apart. Nobody can \
         travel between these places so fast: the password may be known to somebody else.",
        other.address, other.country, login.address, login.country
    );
    let mut add = |what: &str, value: String, threshold: &str| {
        draft.reasons.push(Reason::new(what, value, threshold));
    };
    add("kilometers between the places, less uncertainty", whole(found.distance_km), "distance_km");
    add("kilometers per hour", whole(found.speed_kmh), "speed_kmh");
    add("countries", format!("{}, {}", other.country, login.country), "");
    add("strange sign-in with", found.why.to_owned(), "");
    draft
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

#[cfg(test)]
mod tests {
    use engine::model::Origin;

    use super::*;

    fn at(secs: i64, lat: i32, lon: i32, place: u64) -> Login {
        let time = Timestamp::from_secs(secs);
        Login {
            time,
            address: Addr::parse("198.51.100.7").unwrap(),
            place,
            asn: place as u32,
            country: place.to_string(),
            lat,
            lon,
            is_by_city: false,
            has_mfa: true,
            browser: 1,
            evidence: EvidenceRef { time, origin: Origin::default() },
        }
    }

    #[test]
    fn distances_follow_great_circles() {
        let berlin = at(0, 52_520, 13_405, 1);
        for (lat, lon, km) in
            [(48_857, 2_352, 878), (40_713, -74_006, 6385), (-33_869, 151_209, 16_094)]
        {
            let distance = distance_km(&berlin, &at(0, lat, lon, 2)) as i64;
            assert!((distance - km).abs() <= 10, "{distance} km instead of {km}");
        }
        assert_eq!(distance_km(&berlin, &berlin) as i64, 0);
    }

    #[test]
    fn days_of_a_place_are_those_before_today() {
        const DAY: i64 = 86_400;
        let mut state = State::default();
        for secs in [0, 600, DAY, 3 * DAY, DAY + 5] {
            state.learn(at(secs, 0, 0, 7));
        }
        assert_eq!(state.days(7, 3), 2);
        assert_eq!(state.days(7, 4), 3);
        assert_eq!(state.days(8, 4), 0);
        assert_eq!(state.first_day, Some(0));
    }

    #[test]
    fn places_of_a_user_are_bounded() {
        let mut state = State::default();
        for n in 0..100 {
            state.learn(at(0, 0, 0, n));
        }
        assert_eq!(state.places.len(), State::PLACES_MAX);
        assert_eq!(state.latest.len(), 10);
    }

    #[test]
    fn browsers_are_told_apart_without_versions() {
        let chrome =
            |version: u32| browser(&format!("Mozilla/5.0 (X11; Linux) Chrome/{version}.0"));
        assert_eq!(chrome(120), chrome(121));
        assert_ne!(chrome(120), browser("Mozilla/5.0 (Windows NT 10.0) Firefox/121.0"));
    }
}
