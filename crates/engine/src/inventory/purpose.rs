//! Whom an interface is for: the one rule by which findings about its traffic name an instance, a function or
//! nobody.

use model::{AccountId, Timestamp};

use super::facts::Inventory;
use super::network::InterfaceFact;

/// Whom a network interface is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// An instance.
    Instance,
    /// Lambda functions.
    Function,
    /// Something that passes the packets of others on: a NAT or transit gateway, a load balancer, a VPC endpoint.
    /// What it carries is seen at the interfaces of those others as well, whom findings name.
    Transit,
    /// Not known, or a service that acts for itself, such as a database or a container.
    Unknown,
}

impl Purpose {
    /// Whether it may be for an instance, as far as is known.
    pub const fn may_be_instance(self) -> bool {
        matches!(self, Purpose::Instance | Purpose::Unknown)
    }
}

/// Types of interfaces that belong to instances, or to containers on them
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html>).
const OF_INSTANCES: [&str; 5] = ["interface", "efa", "efa-only", "trunk", "branch"];
/// What services write first into the description of interfaces of the common type `interface`.
const OF_TRANSIT: [&str; 5] = [
    "ELB ",
    "Interface for NAT Gateway ",
    "VPC Endpoint Interface ",
    "Network Interface for Transit Gateway Attachment ",
    "API Gateway",
];

impl InterfaceFact {
    /// Whom the interface is for. A type that AWS gives to services says more than an attachment, and that more
    /// than a description, which anybody can write.
    pub fn purpose(&self) -> Purpose {
        let kind = &*self.interface_type;
        if !kind.is_empty() && kind != "lambda" && !OF_INSTANCES.contains(&kind) {
            return Purpose::Transit;
        }
        if !self.instance.is_empty() {
            return Purpose::Instance;
        }
        if self.is_of_lambda() {
            return Purpose::Function;
        }
        if OF_TRANSIT.iter().any(|it| self.description.starts_with(it)) {
            return Purpose::Transit;
        }
        Purpose::Unknown
    }
}

impl Inventory {
    /// Whom an interface is for as of a time.
    pub fn purpose_of(&self, account: AccountId, interface: &str, at: Timestamp) -> Purpose {
        self.interface_fact(account, interface, at).map_or(Purpose::Unknown, InterfaceFact::purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_says_more_than_the_attachment_and_that_more_than_the_description() {
        for (kind, instance, description, expected) in [
            ("", "", "", Purpose::Unknown),
            ("interface", "", "RDSNetworkInterface", Purpose::Unknown),
            ("interface", "i-1", "", Purpose::Instance),
            ("efa", "", "", Purpose::Unknown),
            ("branch", "", "", Purpose::Unknown),
            ("trunk", "i-1", "", Purpose::Instance),
            ("interface", "i-1", "ELB app/web/0a1b", Purpose::Instance),
            ("interface", "", "ELB app/web/0a1b", Purpose::Transit),
            ("network_load_balancer", "", "", Purpose::Transit),
            ("nat_gateway", "", "", Purpose::Transit),
            ("natGateway", "", "", Purpose::Transit),
            ("vpc_endpoint", "", "", Purpose::Transit),
            ("", "", "Interface for NAT Gateway nat-0a1b", Purpose::Transit),
            ("lambda", "", "", Purpose::Function),
            ("", "", "AWS Lambda VPC ENI-f", Purpose::Function),
        ] {
            let fact = InterfaceFact {
                interface_type: kind.into(),
                instance: instance.into(),
                description: description.into(),
                ..InterfaceFact::default()
            };
            assert_eq!(fact.purpose(), expected, "{kind} {instance} {description}");
        }
    }
}
