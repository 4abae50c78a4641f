//! Facts about instances.

use std::sync::Arc;

use findings::Tag;
use model::{AccountId, Addr, Region, Timestamp};
use serde::{Deserialize, Serialize};

use super::table::Aged;
use super::timeline::{Fact, History, Text};

/// Most tags that are kept of one resource: AWS's own limit
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>).
pub(super) const TAGS_MAX: usize = 50;

/// What is known of an instance at one time. Texts are empty when not known.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct InstanceFact {
    /// Its id, such as `i-1234567890abcdef0`.
    pub id: Text,
    /// The account that owns it.
    pub account: AccountId,
    /// Its Region.
    pub region: Region,
    /// Availability Zone.
    pub availability_zone: Text,
    /// Instance type, such as `m5.large`.
    pub instance_type: Text,
    /// Id of its image.
    pub image: Text,
    /// When it was started last.
    pub launched: Option<Timestamp>,
    /// ARN of the instance profile.
    pub profile_arn: Text,
    /// Id of the instance profile.
    pub profile_id: Text,
    /// `windows` or empty, as EC2 reports it.
    pub platform: Text,
    /// `running`, `stopped` or `terminated`.
    pub state: Text,
    /// Its VPC.
    pub vpc: Text,
    /// Its tags in order of their keys.
    pub tags: Vec<Tag>,
}

/// One piece of news about an instance.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) enum InstanceChange {
    Identity {
        id: Text,
        account: AccountId,
        region: Region,
    },
    Zone(Text),
    Type(Text),
    Image(Text),
    Launched(Timestamp),
    Profile {
        arn: Text,
        id: Text,
    },
    Platform(Text),
    State(Text),
    Vpc(Text),
    Tags(Arc<[Tag]>),
    AddTags(Arc<[Tag]>),
    /// Tags by key; a value restricts the removal to tags that have it.
    RemoveTags(Arc<[(Text, Option<Text>)]>),
}

impl Fact for InstanceFact {
    type Change = InstanceChange;

    fn apply(&mut self, change: &InstanceChange) {
        match change {
            InstanceChange::Identity { id, account, region } => {
                (self.id, self.account) = (id.clone(), *account);
                if region.is_known() {
                    self.region = *region;
                }
            }
            InstanceChange::Zone(zone) => self.availability_zone = zone.clone(),
            InstanceChange::Type(kind) => self.instance_type = kind.clone(),
            InstanceChange::Image(image) => self.image = image.clone(),
            InstanceChange::Launched(time) => self.launched = Some(*time),
            InstanceChange::Profile { arn, id } => {
                (self.profile_arn, self.profile_id) = (arn.clone(), id.clone());
            }
            InstanceChange::Platform(platform) => self.platform = platform.clone(),
            InstanceChange::State(state) => self.state = state.clone(),
            InstanceChange::Vpc(vpc) => self.vpc = vpc.clone(),
            InstanceChange::Tags(tags) => {
                self.tags.clear();
                add_tags(&mut self.tags, tags);
            }
            InstanceChange::AddTags(tags) => add_tags(&mut self.tags, tags),
            InstanceChange::RemoveTags(keys) => remove_tags(&mut self.tags, keys),
        }
    }

    fn replaces(later: &InstanceChange, earlier: &InstanceChange) -> bool {
        use InstanceChange::{AddTags, RemoveTags, Tags};
        match (later, earlier) {
            (Tags(_), AddTags(_) | RemoveTags(_)) => true,
            (AddTags(_) | RemoveTags(_), _) => false,
            _ => std::mem::discriminant(later) == std::mem::discriminant(earlier),
        }
    }
}

/// Adds tags in order of their keys; a key that is there takes the new value.
pub(super) fn add_tags(tags: &mut Vec<Tag>, more: &[Tag]) {
    for tag in more {
        match tags.binary_search_by(|kept| kept.key.cmp(&tag.key)) {
            Ok(place) => {
                if let Some(kept) = tags.get_mut(place) {
                    kept.value.clone_from(&tag.value);
                }
            }
            Err(place) if tags.len() < TAGS_MAX => tags.insert(place, tag.clone()),
            Err(_) => {}
        }
    }
}

fn remove_tags(tags: &mut Vec<Tag>, keys: &[(Text, Option<Text>)]) {
    tags.retain(|tag| {
        !keys.iter().any(|(key, value)| {
            **key == *tag.key && value.as_deref().is_none_or(|value| value == tag.value)
        })
    });
}

/// An instance through time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Instance {
    pub(super) history: History<InstanceFact>,
    /// Ids of the interfaces that were attached to it at some time.
    pub(super) interfaces: Vec<Text>,
    /// Elastic addresses that were associated with it, or an interface of it, at some time.
    pub(super) elastic: Vec<Addr>,
}

impl Instance {
    /// Most interfaces and elastic addresses, each, that are remembered of one instance.
    const LINKS_MAX: usize = 64;

    pub(super) fn link_interface(&mut self, id: &Text) {
        if !self.interfaces.contains(id) {
            if self.interfaces.len() >= Instance::LINKS_MAX {
                self.interfaces.remove(0);
            }
            self.interfaces.push(id.clone());
        }
    }

    pub(super) fn link_elastic(&mut self, address: Addr) {
        if !self.elastic.contains(&address) {
            if self.elastic.len() >= Instance::LINKS_MAX {
                self.elastic.remove(0);
            }
            self.elastic.push(address);
        }
    }
}

impl Aged for Instance {
    fn age(&self) -> Timestamp {
        self.history.changed()
    }
}
