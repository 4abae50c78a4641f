//! Members of an administrator account: who they are and what is on in their accounts.

use model::AccountId;
use serde::{Deserialize, Serialize};
use store::{Change, DocumentKey};

use super::features::{self, cast};
use super::invitations::{ADMINISTRATOR_ID, Relation};
use crate::context::{Context, Stored};
use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::resources::detectors::DetectorResource;
use crate::wire::types::{
    AccountDetail, CreateMembersRequest, CreateMembersResponse, DeleteMembersRequest,
    DeleteMembersResponse, DisassociateMembersRequest, DisassociateMembersResponse,
    GetMemberDetectorsRequest, GetMemberDetectorsResponse, GetMembersRequest, GetMembersResponse,
    InviteMembersRequest, InviteMembersResponse, ListMembersRequest, ListMembersResponse, Member,
    MemberDataSourceConfiguration, StartMonitoringMembersRequest, StartMonitoringMembersResponse,
    StopMonitoringMembersRequest, StopMonitoringMembersResponse, UnprocessedAccount,
    UpdateMemberDetectorsRequest, UpdateMemberDetectorsResponse,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("CreateMembers", &Typed(create)),
    route("GetMembers", &Typed(get)),
    route("ListMembers", &Typed(list)),
    route("InviteMembers", &Typed(invite)),
    route("StartMonitoringMembers", &Typed(start)),
    route("StopMonitoringMembers", &Typed(stop)),
    route("DisassociateMembers", &Typed(disassociate)),
    route("DeleteMembers", &Typed(delete)),
    route("GetMemberDetectors", &Typed(get_detectors)),
    route("UpdateMemberDetectors", &Typed(update_detectors)),
];

/// Most members of an account that invites them
/// (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_limits.html>).
const MEMBERS_MAX: usize = 5000;

/// Where a member stands (`relationshipStatus`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Standing {
    Created,
    Invited,
    Enabled,
    Disabled,
    Removed,
    Resigned,
}

impl Standing {
    pub(crate) fn is_associated(self) -> bool {
        matches!(self, Standing::Enabled | Standing::Disabled)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Standing::Created => "Created",
            Standing::Invited => "Invited",
            Standing::Enabled => "Enabled",
            Standing::Disabled => "Disabled",
            Standing::Removed => "Removed",
            Standing::Resigned => "Resigned",
        }
    }
}

/// The document in the store of the administrator; its identifier is the member's account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberResource {
    pub(crate) email: String,
    pub(crate) standing: Standing,
    #[serde(default)]
    pub(crate) detector_id: Option<String>,
    #[serde(default)]
    pub(crate) invited_at: Option<String>,
    pub(crate) updated_at: String,
}

/// What is done with one account, or why it is not.
type Outcome = Result<Vec<Change>, Unprocessed>;

/// Why one account of several is left out; a fault of the store ends the whole request.
pub(crate) enum Unprocessed {
    Because(&'static str),
    Fault(Refusal),
}

impl From<Refusal> for Unprocessed {
    fn from(refusal: Refusal) -> Unprocessed {
        Unprocessed::Fault(refusal)
    }
}

const NO_MEMBER: &str = "the specified account ID is not a member of the current account";
const NOT_ASSOCIATED: &str =
    "the specified account ID is not an associated member of the current account";

/// Does something for each account and tells which were left out.
pub(crate) fn each<'a>(
    context: &Context<'_>,
    accounts: impl IntoIterator<Item = &'a str>,
    mut work: impl FnMut(AccountId) -> Outcome,
) -> Result<Vec<UnprocessedAccount>, Refusal> {
    let mut unprocessed = Vec::new();
    for text in accounts {
        let account = AccountId::from_digits(text.as_bytes());
        let outcome = match account {
            Some(account) => work(account),
            None => Err(Unprocessed::Because("the specified account ID is not valid")),
        };
        match outcome {
            Ok(changes) if changes.is_empty() => {}
            Ok(changes) => context.apply(&changes)?,
            Err(Unprocessed::Fault(refusal)) => return Err(refusal),
            Err(Unprocessed::Because(reason)) => unprocessed.push(UnprocessedAccount {
                account_id: text.to_owned(),
                result: format!("The request is rejected because {reason}."),
            }),
        }
    }
    Ok(unprocessed)
}

/// Accounts whose findings and detectors the caller sees.
pub(crate) fn associated(context: &Context<'_>) -> Result<Vec<AccountId>, Refusal> {
    let members = context.all::<MemberResource>(kinds::MEMBERS)?;
    let associated = members.iter().filter(|it| it.body.standing.is_associated());
    Ok(associated.filter_map(|it| AccountId::from_digits(it.id().as_bytes())).collect())
}

/// Whether a detector may not go because members depend on it.
pub(crate) fn any_invited(context: &Context<'_>) -> Result<bool, Refusal> {
    let members = context.all::<MemberResource>(kinds::MEMBERS)?;
    let depends = |it: Standing| it.is_associated() || it == Standing::Invited;
    Ok(members.iter().any(|it| depends(it.body.standing)))
}

/// The caller's administrator account.
pub(crate) fn administrator(context: &Context<'_>) -> Result<Option<Stored<Relation>>, Refusal> {
    context.find(kinds::ADMINISTRATORS, ADMINISTRATOR_ID)
}

fn create(
    context: &Context<'_>,
    request: CreateMembersRequest,
) -> Result<CreateMembersResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let is_member = administrator(context)?.is_some();
    let mut count = context.all::<MemberResource>(kinds::MEMBERS)?.len();
    let details = request.account_details;
    let email = |account: AccountId| -> String {
        let matches = |it: &&AccountDetail| it.account_id == account.to_string();
        details.iter().find(matches).map_or_else(String::new, |it| it.email.clone())
    };
    let accounts = details.iter().map(|it| it.account_id.as_str());
    let unprocessed_accounts = each(context, accounts, |account| {
        let reason = if account == context.owner.account {
            Some("an account cannot become a member of itself")
        } else if is_member {
            Some(
                "the current account cannot create members because it is already a member of another master account",
            )
        } else if member(context, account)?.is_some() {
            Some(
                "the specified account ID is already a member or associated member of the current account",
            )
        } else if count >= MEMBERS_MAX {
            Some(
                "the current account cannot create more members because it cannot exceed the maximum number of allowed members",
            )
        } else {
            None
        };
        if let Some(reason) = reason {
            return Err(Unprocessed::Because(reason));
        }
        count += 1;
        let resource = MemberResource {
            email: email(account),
            standing: Standing::Created,
            detector_id: None,
            invited_at: None,
            updated_at: context.now.to_string(),
        };
        Ok(vec![context.create(kinds::MEMBERS, &account.to_string(), &resource)?])
    })?;
    Ok(CreateMembersResponse { unprocessed_accounts })
}

fn get(context: &Context<'_>, request: GetMembersRequest) -> Result<GetMembersResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let mut members = Vec::new();
    let accounts = request.account_ids.iter().map(String::as_str);
    let unprocessed_accounts = each(context, accounts, |account| {
        let stored = known(context, account)?;
        members.push(written(context, &stored));
        Ok(Vec::new())
    })?;
    Ok(GetMembersResponse { members, unprocessed_accounts })
}

fn list(
    context: &Context<'_>,
    request: ListMembersRequest,
) -> Result<ListMembersResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let only_associated = match request.only_associated.as_deref().map(str::to_lowercase) {
        None => true,
        Some(text) => text.parse().map_err(|_| Refusal::parameter("onlyAssociated"))?,
    };
    let (found, next) =
        context.list::<MemberResource>(kinds::MEMBERS, request.max_results, request.next_token)?;
    // A page may hold fewer than were asked for: the token says whether there are more.
    let shown = found.iter().filter(|it| !only_associated || it.body.standing.is_associated());
    let members = shown.map(|it| written(context, it)).collect();
    Ok(ListMembersResponse { members: Some(members), next_token: Some(next) })
}

fn invite(
    context: &Context<'_>,
    request: InviteMembersRequest,
) -> Result<InviteMembersResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let is_member = administrator(context)?.is_some();
    let accounts = request.account_ids.iter().map(String::as_str);
    let unprocessed_accounts = each(context, accounts, |account| {
        if is_member {
            return Err(Unprocessed::Because(
                "the current account cannot invite other accounts because it is already a member of another master account",
            ));
        }
        let mut stored = known(context, account)?;
        if stored.body.standing.is_associated() || stored.body.standing == Standing::Invited {
            return Err(Unprocessed::Because(
                "the current account has already invited or is already the GuardDuty master account of the specified member account ID",
            ));
        }
        let id = context.new_id(kinds::INVITATIONS, &account.to_string(), None);
        let invitation = Relation::invited(context, id);
        stored.body.standing = Standing::Invited;
        stored.body.invited_at = Some(invitation.invited_at.clone());
        stored.body.updated_at = context.now.to_string();
        let key =
            DocumentKey::new(context.owner_of(account), kinds::INVITATIONS, context.account());
        Ok(vec![stored.update()?, Change::put(key, crate::context::to_value(&invitation)?)])
    })?;
    Ok(InviteMembersResponse { unprocessed_accounts })
}

fn start(
    context: &Context<'_>,
    request: StartMonitoringMembersRequest,
) -> Result<StartMonitoringMembersResponse, Refusal> {
    let (detector, accounts) = (&request.detector_id, &request.account_ids);
    let unprocessed_accounts = monitor(context, detector, accounts, Standing::Enabled)?;
    Ok(StartMonitoringMembersResponse { unprocessed_accounts })
}

fn stop(
    context: &Context<'_>,
    request: StopMonitoringMembersRequest,
) -> Result<StopMonitoringMembersResponse, Refusal> {
    let (detector, accounts) = (&request.detector_id, &request.account_ids);
    let unprocessed_accounts = monitor(context, detector, accounts, Standing::Disabled)?;
    Ok(StopMonitoringMembersResponse { unprocessed_accounts })
}

fn monitor(
    context: &Context<'_>,
    detector: &str,
    accounts: &[String],
    standing: Standing,
) -> Result<Vec<UnprocessedAccount>, Refusal> {
    context.detector(detector)?;
    each(context, accounts.iter().map(String::as_str), |account| {
        let mut stored = known_associated(context, account)?;
        stored.body.standing = standing;
        stored.body.updated_at = context.now.to_string();
        Ok(vec![stored.update()?])
    })
}

fn disassociate(
    context: &Context<'_>,
    request: DisassociateMembersRequest,
) -> Result<DisassociateMembersResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let accounts = request.account_ids.iter().map(String::as_str);
    let unprocessed_accounts = each(context, accounts, |account| {
        let mut stored = known_associated(context, account)?;
        stored.body.standing = Standing::Removed;
        stored.body.updated_at = context.now.to_string();
        let owner = context.owner_of(account);
        let relation =
            context.find_of::<Relation>(owner, kinds::ADMINISTRATORS, ADMINISTRATOR_ID)?;
        let mut changes = vec![stored.update()?];
        changes.extend(relation.map(|it| it.delete()));
        Ok(changes)
    })?;
    Ok(DisassociateMembersResponse { unprocessed_accounts })
}

fn delete(
    context: &Context<'_>,
    request: DeleteMembersRequest,
) -> Result<DeleteMembersResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let accounts = request.account_ids.iter().map(String::as_str);
    let unprocessed_accounts = each(context, accounts, |account| {
        let stored = known(context, account)?;
        if stored.body.standing.is_associated() {
            return Err(Unprocessed::Because(
                "the current account cannot delete the specified member account ID because it is still associated to it",
            ));
        }
        let owner = context.owner_of(account);
        let invitation =
            context.find_of::<Relation>(owner, kinds::INVITATIONS, &context.account())?;
        let mut changes = vec![stored.delete()];
        changes.extend(invitation.map(|it| it.delete()));
        Ok(changes)
    })?;
    Ok(DeleteMembersResponse { unprocessed_accounts })
}

fn get_detectors(
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

fn update_detectors(
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

fn member(
    context: &Context<'_>,
    account: AccountId,
) -> Result<Option<Stored<MemberResource>>, Refusal> {
    context.find(kinds::MEMBERS, &account.to_string())
}

fn known(context: &Context<'_>, account: AccountId) -> Result<Stored<MemberResource>, Unprocessed> {
    member(context, account)?.ok_or(Unprocessed::Because(NO_MEMBER))
}

fn known_associated(
    context: &Context<'_>,
    account: AccountId,
) -> Result<Stored<MemberResource>, Unprocessed> {
    let stored = known(context, account)?;
    if stored.body.standing.is_associated() {
        Ok(stored)
    } else {
        Err(Unprocessed::Because(NOT_ASSOCIATED))
    }
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

fn written(context: &Context<'_>, stored: &Stored<MemberResource>) -> Member {
    let member = &stored.body;
    Member {
        account_id: stored.id().to_owned(),
        administrator_id: Some(context.account()),
        detector_id: member.detector_id.clone(),
        email: member.email.clone(),
        invited_at: member.invited_at.clone(),
        master_id: context.account(),
        relationship_status: member.standing.as_str().to_owned(),
        updated_at: member.updated_at.clone(),
    }
}
