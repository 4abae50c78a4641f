//! Instances and the networks they stand in.

use std::borrow::Cow;

/// Text of a table in the program, or made from a number.
pub type Text = Cow<'static, str>;

/// An EC2 instance with one interface, or the interface of a function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Host {
    /// Its tag `Name`.
    pub name: Text,
    /// The account that owns it.
    pub account: Text,
    /// The Region it stands in.
    pub region: Text,
    /// Its private address, which no other host has.
    pub ip: Text,
    /// Its elastic address.
    pub public: Option<Text>,
    /// The gateway that its traffic to the Internet leaves by, if it has no address of its own.
    pub nat: Option<Nat>,
    /// Low digits of its identifiers.
    pub number: u32,
    /// Low digits of its network's identifiers.
    pub network: u32,
    /// The role of its profile.
    pub role: Text,
    /// Its type, such as `t3.large`.
    pub kind: Text,
    /// Its tags beside `Name`.
    pub tags: Vec<(Text, Text)>,
    /// The Lambda function whose interface this is, if it is no instance.
    pub function: Option<Text>,
}

/// A NAT gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nat {
    /// Its interface.
    pub interface: Text,
    /// Its private address.
    pub private: Text,
    /// Its public address.
    pub public: Text,
}

impl Host {
    /// `i-…`.
    pub fn id(&self) -> String {
        format!("i-0a1b2c3d4e5f6{:04x}", self.number)
    }

    /// `eni-…`.
    pub fn interface(&self) -> String {
        format!("eni-0a1b2c3d4e5f6{:04x}", self.number)
    }

    /// `instance-id` in flow records.
    pub(crate) fn instance_field(&self) -> String {
        if self.function.is_some() { "-".to_owned() } else { self.id() }
    }

    /// The VPC and subnet.
    pub fn network(&self) -> Network {
        Network::new(self.network, &self.region)
    }

    /// The public address that its calls come from.
    pub fn egress(&self) -> &str {
        match (&self.public, &self.nat) {
            (Some(public), _) => public,
            (None, Some(nat)) => &nat.public,
            (None, None) => &self.ip,
        }
    }
}

/// A VPC with one subnet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Network {
    /// `vpc-…`.
    pub vpc: String,
    /// `subnet-…`.
    pub subnet: String,
    /// Availability Zone, such as `us-east-1a`.
    pub zone: String,
    /// Its identifier, such as `use1-az1`.
    pub zone_id: String,
}

impl Network {
    /// The network with these low digits, in a Region.
    pub fn new(number: u32, region: &str) -> Network {
        // `us-east-1` is `use1` in the identifiers of zones.
        let mut parts = region.split('-');
        let area = parts.next().unwrap_or_default();
        let side = parts.next().and_then(|it| it.get(..1)).unwrap_or_default();
        let count = parts.next().unwrap_or_default();
        Network {
            vpc: format!("vpc-0a1b2c3d4e5f6{number:04x}"),
            subnet: format!("subnet-0a1b2c3d4e5f6{number:04x}"),
            zone: format!("{region}a"),
            zone_id: format!("{area}{side}{count}-az1"),
        }
    }
}
