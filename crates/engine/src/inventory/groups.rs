//! The form of security groups in snapshots: pairs of id and name.
//!
//! Their own form leaves out a name that is not known, which a snapshot, whose members have no names, could
//! not read again.

use std::sync::Arc;

use findings::SecurityGroup;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(
    groups: &Arc<[SecurityGroup]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(groups.iter().map(|it| (&it.group_id, &it.group_name)))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Arc<[SecurityGroup]>, D::Error> {
    let pairs = Vec::<(String, Option<String>)>::deserialize(deserializer)?;
    let group = |(group_id, group_name)| SecurityGroup { group_id, group_name };
    Ok(pairs.into_iter().map(group).collect())
}
