//! Facts from descriptions of EC2's objects and of the organization's accounts.

use model::{AccountId, Region, Timestamp};
use serde_json::Value;

use super::describe::{DescribeError, Place};
use super::facts::{Inventory, named_key};
use super::json::{account, address, get, list, member_text, time};
use super::network::{ElasticChange, ImageRow, InterfaceChange};
use super::read_ec2::{instance, interface};

/// Each returns whether the object has the members that are needed.
impl Inventory {
    pub(super) fn describe_reservation(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<bool, DescribeError> {
        let owner = place.account_of(value, "Reservations")?;
        let mut is_learnt = false;
        for value in list(get(value, "instances")) {
            let Some(news) = instance(value) else { continue };
            let times = news.interfaces.iter().filter_map(|i| i.attached).chain(news.launched);
            // Stopping and starting moves the launch, not the attachment of the primary interface.
            let from = times.min().unwrap_or(Timestamp::MIN);
            let region = region_of(value, place.region);
            self.take_instance(owner, region, news, from);
            is_learnt = true;
        }
        Ok(is_learnt)
    }

    pub(super) fn describe_interface(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<bool, DescribeError> {
        let owner = place.account_of(value, "NetworkInterfaces")?;
        let Some(mut news) = interface(value) else { return Ok(false) };
        let from = news.attached.unwrap_or(Timestamp::MIN);
        let other = account(get(get(value, "attachment"), "instanceOwnerId"));
        if other.is_some_and(|other| other != owner) {
            // Services attach an account's interfaces to instances of their own.
            news.changes.retain(|change| !matches!(change, InterfaceChange::Instance(_)));
        }
        self.take_interface(owner, news, from, from);
        Ok(true)
    }

    pub(super) fn describe_address(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<bool, DescribeError> {
        let owner = place
            .account
            .or_else(|| account(get(value, "networkInterfaceOwnerId")))
            .map_or_else(|| place.known_account("Addresses"), Ok)?;
        let Some(public) = address(get(value, "publicIp")) else { return Ok(false) };
        let allocation = member_text(value, "allocationId").unwrap_or_default();
        self.learn_allocation(owner, &allocation, public, Timestamp::MIN);
        let interface = member_text(value, "networkInterfaceId").unwrap_or_default();
        let instance = member_text(value, "instanceId").unwrap_or_default();
        if !interface.is_empty() || !instance.is_empty() {
            let target = ElasticChange::Target { interface, instance };
            self.learn_elastic(owner, public, Timestamp::MIN, target);
            let association = member_text(value, "associationId").unwrap_or_default();
            self.learn_association(owner, &association, public, Timestamp::MIN);
        }
        Ok(true)
    }

    pub(super) fn describe_gateway(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<bool, DescribeError> {
        let owner = place.known_account("NatGateways")?;
        let Some(news) = Inventory::read_gateway(value) else { return Ok(false) };
        let from = time(get(value, "createTime")).unwrap_or(Timestamp::MIN);
        self.take_gateway(owner, news, from, time(get(value, "deleteTime")));
        Ok(true)
    }

    pub(super) fn describe_endpoint(
        &mut self,
        value: &Value,
        place: &Place<'_>,
    ) -> Result<bool, DescribeError> {
        let owner = place.account_of(value, "VpcEndpoints")?;
        let from = time(get(value, "creationTimestamp")).unwrap_or(Timestamp::MIN);
        Ok(self.take_endpoint(value, owner, from).is_some())
    }

    pub(super) fn describe_image(&mut self, value: &Value) -> bool {
        let Some(id) = member_text(value, "imageId") else { return false };
        *self.images.row(named_key(AccountId::UNKNOWN, &id)) = ImageRow {
            description: member_text(value, "description").unwrap_or_default(),
            created: time(get(value, "creationDate")).unwrap_or(Timestamp::MIN),
        };
        true
    }

    pub(super) fn describe_account(&mut self, value: &Value) -> bool {
        let Some(member) = account(get(value, "id")) else { return false };
        self.add_account(member);
        true
    }
}

/// The Region of an instance's Availability Zone, such as `us-east-1a`, else the wrapper's.
fn region_of(instance: &Value, default: Region) -> Region {
    let zone = member_text(get(instance, "placement"), "availabilityZone").unwrap_or_default();
    // Local Zones (`us-west-2-lax-1a`) have more parts than Regions; the wrapper knows better there.
    match zone.strip_suffix(|last: char| last.is_ascii_lowercase()) {
        Some(region) if region.split('-').count() == 3 && !default.is_known() => {
            Region::new(region)
        }
        _ => default,
    }
}
