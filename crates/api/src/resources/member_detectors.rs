//! What is on in the accounts of members: their administrator reads and changes it.

use model::AccountId;

use super::detectors::DetectorResource;
use super::features::{self, cast};
use super::members::{Unprocessed, each, known_associated};
use crate::context::{Context, Stored};
use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::wire::types::{
    GetMemberDetectorsRequest, GetMemberDetectorsResponse, MemberDataSourceConfiguration,
    UpdateMemberDetectorsRequest, UpdateMemberDetectorsResponse,
};

pub(crate) const OPERATIONS: &[Route] =
    &[route("GetMemberDetectors", &Typed(get)), route("UpdateMemberDetectors", &Typed(update))];

fn get(
    context: &Context<'_>,
    request: GetMemberDetectorsRequest,
) -> Result<GetMemberDetectorsResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let mut members = Vec::new();
    let accounts = request.account_ids.iter().map(String::as_str);
    let unprocessed_accounts = each(context, accounts, |account| {
        let resource = detector_of(context, account)?.body;
        members.push(MemberDataSourceConfiguration {
            account_id: account.to_string(),
            data_sources: features::data_sources(&resource.features),
            // Members' features are those of an organization: the foundation is not among them.
            features: Some(resource.features.iter().filter_map(|it| cast(it).ok()).collect()),
        });
        Ok(Vec::new())
    })?;
    Ok(GetMemberDetectorsResponse { members, unprocessed_accounts })
}

fn update(
    context: &Context<'_>,
    request: UpdateMemberDetectorsRequest,
) -> Result<UpdateMemberDetectorsResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let (wanted, sources) = (request.features, request.data_sources);
    let accounts = request.account_ids.iter().map(String::as_str);
    let unprocessed_accounts = each(context, accounts, |account| {
        let mut stored = detector_of(context, account)?;
        let wanted = features::wanted(wanted.clone(), sources.clone())?;
        features::change(&mut stored.body.features, wanted, Epoch(context.now))?;
        Ok(vec![stored.update()?])
    })?;
    Ok(UpdateMemberDetectorsResponse { unprocessed_accounts })
}

fn detector_of(
    context: &Context<'_>,
    account: AccountId,
) -> Result<Stored<DetectorResource>, Unprocessed> {
    known_associated(context, account)?;
    let owner = context.owner_of(account);
    let id = findings::detector_id(account, &owner.region);
    let found = context.find_of(owner, kinds::DETECTORS, &id)?;
    found.ok_or(Unprocessed::Because("the specified account ID has no detector"))
}
