//! Invitations, and the administrator account that one of them led to: the member's side of a relation.

use serde::{Deserialize, Serialize};
use store::{Change, DocumentKey};

use super::features::cast;
use super::members::{self, MemberResource, Standing, Unprocessed, each};
use crate::context::Context;
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::wire::types::{
    AcceptAdministratorInvitationRequest, AcceptAdministratorInvitationResponse,
    AcceptInvitationRequest, AcceptInvitationResponse, Administrator, DeclineInvitationsRequest,
    DeclineInvitationsResponse, DeleteInvitationsRequest, DeleteInvitationsResponse,
    DisassociateFromAdministratorAccountRequest, DisassociateFromAdministratorAccountResponse,
    DisassociateFromMasterAccountRequest, DisassociateFromMasterAccountResponse,
    GetAdministratorAccountRequest, GetAdministratorAccountResponse, GetInvitationsCountRequest,
    GetInvitationsCountResponse, GetMasterAccountRequest, GetMasterAccountResponse, Invitation,
    ListInvitationsRequest, ListInvitationsResponse,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("ListInvitations", &Typed(list)),
    route("GetInvitationsCount", &Typed(count)),
    route("AcceptAdministratorInvitation", &Typed(accept)),
    route("AcceptInvitation", &Typed(accept_deprecated)),
    route("DeclineInvitations", &Typed(decline)),
    route("DeleteInvitations", &Typed(delete)),
    route("GetAdministratorAccount", &Typed(administrator)),
    route("GetMasterAccount", &Typed(master)),
    route("DisassociateFromAdministratorAccount", &Typed(disassociate)),
    route("DisassociateFromMasterAccount", &Typed(disassociate_deprecated)),
];

/// A member has one administrator at most, so its document needs no other name.
pub(crate) const ADMINISTRATOR_ID: &str = "administrator";

/// The document of an invitation, and later of the administrator.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Relation {
    /// The administrator's account.
    pub(crate) account_id: String,
    pub(crate) invitation_id: String,
    pub(crate) invited_at: String,
    pub(crate) relationship_status: String,
    /// Whether an organization made it, so that the member cannot end it.
    #[serde(default)]
    is_organization: bool,
}

impl Relation {
    /// An invitation by the caller.
    pub(crate) fn invited(context: &Context<'_>, invitation_id: String) -> Relation {
        Relation {
            account_id: context.account(),
            invitation_id,
            invited_at: context.now.to_string(),
            relationship_status: Standing::Invited.as_str().to_owned(),
            is_organization: false,
        }
    }

    /// The caller as the administrator of an organization's member.
    pub(crate) fn joined(context: &Context<'_>) -> Relation {
        Relation {
            relationship_status: Standing::Enabled.as_str().to_owned(),
            is_organization: true,
            ..Relation::invited(context, String::new())
        }
    }
}

fn list(
    context: &Context<'_>,
    request: ListInvitationsRequest,
) -> Result<ListInvitationsResponse, Refusal> {
    let (found, next) =
        context.list::<Relation>(kinds::INVITATIONS, request.max_results, request.next_token)?;
    let invitations: Vec<Invitation> =
        found.iter().map(|it| cast(&it.body)).collect::<Result<_, _>>()?;
    Ok(ListInvitationsResponse { invitations: Some(invitations), next_token: Some(next) })
}

fn count(
    context: &Context<'_>,
    _: GetInvitationsCountRequest,
) -> Result<GetInvitationsCountResponse, Refusal> {
    let count = context.all::<Relation>(kinds::INVITATIONS)?.len() as i64;
    Ok(GetInvitationsCountResponse { invitations_count: Some(count) })
}

fn accept(
    context: &Context<'_>,
    request: AcceptAdministratorInvitationRequest,
) -> Result<AcceptAdministratorInvitationResponse, Refusal> {
    accept_from(context, &request.detector_id, &request.administrator_id, &request.invitation_id)?;
    Ok(AcceptAdministratorInvitationResponse {})
}

fn accept_deprecated(
    context: &Context<'_>,
    request: AcceptInvitationRequest,
) -> Result<AcceptInvitationResponse, Refusal> {
    accept_from(context, &request.detector_id, &request.master_id, &request.invitation_id)?;
    Ok(AcceptInvitationResponse {})
}

fn accept_from(
    context: &Context<'_>,
    detector: &str,
    administrator: &str,
    invitation_id: &str,
) -> Result<(), Refusal> {
    context.detector(detector)?;
    if members::administrator(context)?.is_some() {
        return Err(Refusal::invalid(
            "the current account cannot accept invitations because it is already a member of a master account",
        ));
    }
    if !context.all::<MemberResource>(kinds::MEMBERS)?.is_empty() {
        return Err(Refusal::invalid(
            "the current account cannot accept invitations because the account contains created, invited, \
             or associated members",
        ));
    }
    let invitation = context
        .find::<Relation>(kinds::INVITATIONS, administrator)?
        .filter(|it| it.body.invitation_id == invitation_id);
    let (Some(invitation), Some(owner)) =
        (invitation, model::AccountId::from_digits(administrator.as_bytes()))
    else {
        return Err(Refusal::invalid(
            "the current account has no pending invitation from the specified master account ID or is \
             already a member of another master account",
        ));
    };
    let mut relation = invitation.body.clone();
    Standing::Enabled.as_str().clone_into(&mut relation.relationship_status);
    let mut changes = vec![
        invitation.delete(),
        context.create(kinds::ADMINISTRATORS, ADMINISTRATOR_ID, &relation)?,
    ];
    let key = context.owner_of(owner);
    let member = context.find_of::<MemberResource>(key, kinds::MEMBERS, &context.account())?;
    if let Some(mut member) = member {
        member.body.standing = Standing::Enabled;
        member.body.detector_id = Some(detector.to_owned());
        member.body.updated_at = context.now.to_string();
        changes.push(member.update()?);
    }
    context.apply(&changes)
}

fn decline(
    context: &Context<'_>,
    request: DeclineInvitationsRequest,
) -> Result<DeclineInvitationsResponse, Refusal> {
    let unprocessed_accounts = refuse_all(context, &request.account_ids)?;
    Ok(DeclineInvitationsResponse { unprocessed_accounts })
}

fn delete(
    context: &Context<'_>,
    request: DeleteInvitationsRequest,
) -> Result<DeleteInvitationsResponse, Refusal> {
    let unprocessed_accounts = refuse_all(context, &request.account_ids)?;
    Ok(DeleteInvitationsResponse { unprocessed_accounts })
}

/// An invitation that is declined is gone for both sides: the member can be invited again.
fn refuse_all(
    context: &Context<'_>,
    accounts: &[String],
) -> Result<Vec<crate::wire::types::UnprocessedAccount>, Refusal> {
    each(context, accounts.iter().map(String::as_str), |account| {
        let name = account.to_string();
        let invitation = context.find::<Relation>(kinds::INVITATIONS, &name)?;
        let invitation = invitation.ok_or(Unprocessed::Because(
            "the current account has no pending invitation from the specified master account ID",
        ))?;
        let mut changes = vec![invitation.delete()];
        changes.extend(resigned(context, account)?);
        Ok(changes)
    })
}

fn administrator(
    context: &Context<'_>,
    request: GetAdministratorAccountRequest,
) -> Result<GetAdministratorAccountResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let found = members::administrator(context)?;
    // Without an administrator the member is there and empty.
    let administrator = found.map_or(Ok(Administrator::default()), |it| cast(&it.body))?;
    Ok(GetAdministratorAccountResponse { administrator })
}

fn master(
    context: &Context<'_>,
    request: GetMasterAccountRequest,
) -> Result<GetMasterAccountResponse, Refusal> {
    let request = GetAdministratorAccountRequest { detector_id: request.detector_id };
    let master = cast(&administrator(context, request)?.administrator)?;
    Ok(GetMasterAccountResponse { master })
}

fn disassociate(
    context: &Context<'_>,
    request: DisassociateFromAdministratorAccountRequest,
) -> Result<DisassociateFromAdministratorAccountResponse, Refusal> {
    leave(context, &request.detector_id)?;
    Ok(DisassociateFromAdministratorAccountResponse {})
}

fn disassociate_deprecated(
    context: &Context<'_>,
    request: DisassociateFromMasterAccountRequest,
) -> Result<DisassociateFromMasterAccountResponse, Refusal> {
    leave(context, &request.detector_id)?;
    Ok(DisassociateFromMasterAccountResponse {})
}

fn leave(context: &Context<'_>, detector: &str) -> Result<(), Refusal> {
    context.detector(detector)?;
    let relation = members::administrator(context)?.ok_or_else(|| {
        Refusal::invalid("the current account is not associated with a master account")
    })?;
    if relation.body.is_organization {
        return Err(Refusal::invalid(
            "the current account is a member of an organization, which its administrator manages",
        ));
    }
    let mut changes = vec![relation.delete()];
    if let Some(account) = model::AccountId::from_digits(relation.body.account_id.as_bytes()) {
        changes.extend(resigned(context, account)?);
    }
    context.apply(&changes)
}

/// The change in the administrator's list of members.
fn resigned(
    context: &Context<'_>,
    administrator: model::AccountId,
) -> Result<Option<Change>, Refusal> {
    let key = DocumentKey::new(context.owner_of(administrator), kinds::MEMBERS, context.account());
    let member = context.find_of::<MemberResource>(key.owner, kinds::MEMBERS, &key.id)?;
    let Some(mut member) = member else { return Ok(None) };
    member.body.standing = Standing::Resigned;
    member.body.updated_at = context.now.to_string();
    member.update().map(Some)
}
