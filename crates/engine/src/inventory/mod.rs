//! What is known about the organization's resources as of a time: interfaces, instances, addresses,
//! buckets, accounts and the lineage of sessions.
//!
//! Facts are learnt from API calls and completed from descriptions (`aws … describe-*`). Each holds from a
//! time on, so that a record is judged by what was true when it was made.

mod buckets;
mod describe;
mod describe_ec2;
mod describe_s3;
mod descriptions;
mod details;
mod exposure;
mod facts;
mod functions;
mod groups;
mod instances;
mod json;
mod learn_addresses;
mod learn_ec2;
mod learn_lambda;
mod learn_s3;
mod learn_sts;
mod lineage;
mod lookup;
mod network;
mod purpose;
mod read_ec2;
mod shared;
mod table;
mod timeline;

pub use buckets::{AclGrant, BlockPublicAccess, BucketFact};
pub use describe::{DESCRIPTION_MAX, DescribeError, DescribeSummary};
pub use descriptions::Descriptions;
pub use exposure::{
    Access, Exposure, acl_access, holds_without_key, policy_access, public_statements,
};
pub use facts::{Inventory, LearnCounts};
pub use functions::{FunctionConfig, FunctionFact};
pub use instances::InstanceFact;
pub use learn_s3::{read_block, requested_acl};
pub use lineage::{Lineage, Parent};
pub use network::{Interface, InterfaceFact, PrivateAddress, VpcEndpointFact};
pub use purpose::Purpose;
pub use timeline::Text;

#[cfg(test)]
mod tests;
