//! What is looked at in a call, and how much a value that was never seen says.

use engine::Profile;

/// Something of a call that has usual values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub(crate) enum Attribute {
    Api,
    Service,
    Asn,
    Country,
    Network,
    Agent,
    Region,
    Hour,
    Error,
    UserType,
    InstanceType,
    Image,
    LaunchCount,
    Bucket,
    Model,
}

/// What holds for all values of an attribute.
pub(crate) struct About {
    /// Values that exist, about.
    pub(crate) kinds: u32,
    /// Bits of information from which a value is as surprising as can be.
    pub(crate) full_bits: u32,
    /// Values that are kept of one identity.
    pub(crate) cap: usize,
    /// Values whose names are kept of one identity, to say what would have been usual.
    pub(crate) names: usize,
    /// What explanations call it.
    pub(crate) words: &'static str,
    /// What GuardDuty's members call its values, such as `APIs` in `unusualAPIsAccountProfiling`.
    pub(crate) member: &'static str,
}

const fn about(
    (kinds, full_bits): (u32, u32),
    (cap, names): (usize, usize),
    words: &'static str,
    member: &'static str,
) -> About {
    About { kinds, full_bits, cap, names, words, member }
}

/// By number of the attribute.
static ABOUT: [About; Attribute::COUNT] = [
    about((8192, 20), (160, 6), "API", "APIs"),
    about((320, 14), (24, 0), "service", "Services"),
    about((5000, 22), (16, 3), "network (ASN)", "ASNs"),
    about((200, 17), (8, 3), "country", "Countries"),
    about((6, 11), (4, 0), "kind of network", "NetworkTypes"),
    about((60, 15), (12, 3), "user agent", "UserAgents"),
    about((32, 17), (12, 3), "Region", "Regions"),
    about((48, 14), (48, 0), "hour of the week", "Hours"),
    about((8, 12), (12, 0), "outcome", "Errors"),
    about((8, 12), (4, 0), "user type", "UserTypes"),
    about((800, 17), (12, 2), "instance type", "InstanceTypes"),
    about((5000, 22), (12, 0), "image", "Images"),
    about((12, 12), (6, 0), "number of instances", "InstanceCounts"),
    about((4000, 20), (48, 4), "bucket", "Buckets"),
    about((200, 15), (12, 3), "model", "Models"),
];

impl Attribute {
    /// How many there are.
    pub(crate) const COUNT: usize = 15;

    pub(crate) fn about(self) -> &'static About {
        &ABOUT[self as usize]
    }
}

/// Days after which an identity that still uses a value is counted once more among those that do.
pub(crate) const TELL_DAYS: u16 = 21;
/// Hours with lessons that the account and the organization remember: longer than [`TELL_DAYS`].
const HOURS: u16 = 30 * 24;
/// Values that are kept of an hour.
const KEYS: usize = 2048;

/// How many identities use each value, by attribute.
pub(crate) type Users = [Profile; Attribute::COUNT];

macro_rules! users {
    ($prefix:literal) => {
        users!($prefix; "api" "service" "asn" "country" "network" "agent" "region" "hour" "error"
            "user_type" "instance_type" "image" "launch_count" "bucket" "model")
    };
    ($prefix:literal; $($name:literal)*) => {
        [$(Profile { name: concat!($prefix, "/users_by_", $name), hours: HOURS, keys: KEYS }),*]
    };
}

/// Of management calls.
pub(crate) static CALLERS: Users = users!("behavior");
/// Of calls to buckets and objects.
pub(crate) static READERS: Users = users!("behavior_s3");
/// Of calls to models.
pub(crate) static PROMPTERS: Users = users!("behavior_model");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_an_identity_is_bounded() {
        let entries: usize = ABOUT.iter().map(|it| it.cap).sum();
        let names: usize = ABOUT.iter().map(|it| it.names).sum();
        assert!(entries * 8 + names * (24 + 32) <= 5000, "{entries} entries, {names} names");
        assert_eq!(ABOUT[Attribute::Model as usize].words, "model");
        assert_eq!(CALLERS[Attribute::Bucket as usize].name, "behavior/users_by_bucket");
    }
}
