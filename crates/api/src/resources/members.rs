//! Members of an administrator account: who they are and what is on in their accounts.

use model::AccountId;
use serde::{Deserialize, Serialize};
use store::{Change, DocumentKey};

use super::invitations::{ADMINISTRATOR_ID, Relation};
use super::organization;
use crate::context::{Context, Stored};
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::service::ATTEMPTS;
use crate::wire::types::{
    AccountDetail, CreateMembersRequest, CreateMembersResponse, DeleteMembersRequest,
    DeleteMembersResponse, DisassociateMembersRequest, DisassociateMembersResponse,
    GetMembersRequest, GetMembersResponse, InviteMembersRequest, InviteMembersResponse,
    ListMembersRequest, ListMembersResponse, Member, StartMonitoringMembersRequest,
    StartMonitoringMembersResponse, StopMonitoringMembersRequest, StopMonitoringMembersResponse,
    UnprocessedAccount,
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
];

/// Most members of an account that invites them
/// (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_limits.html>).
pub(crate) const MEMBERS_MAX: usize = 5000;

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
        let Some(account) = AccountId::from_digits(text.as_bytes()) else {
            unprocessed.push(left_out(text, "the specified account ID is not valid"));
            continue;
        };
        let mut attempts = 0;
        loop {
            attempts += 1;
            let changes = match work(account) {
                Ok(changes) => changes,
                Err(Unprocessed::Fault(refusal)) => return Err(refusal),
                Err(Unprocessed::Because(reason)) => {
                    unprocessed.push(left_out(text, reason));
                    break;
                }
            };
            // Only this account is tried again when another request was faster: others are done.
            let applied = if changes.is_empty() { Ok(()) } else { context.apply(&changes) };
            match applied {
                Err(refusal) if refusal.is_overtaken() && attempts < ATTEMPTS => {}
                Err(refusal) => return Err(refusal),
                Ok(()) => break,
            }
        }
    }
    Ok(unprocessed)
}

fn left_out(account: &str, reason: &str) -> UnprocessedAccount {
    let result = format!("The request is rejected because {reason}.");
    UnprocessedAccount { account_id: account.to_owned(), result }
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
    let organization = organization::of(context)?;
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
        if let Some(organization) = &organization {
            return organization.body.join(context, account, email(account));
        }
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

fn member(
    context: &Context<'_>,
    account: AccountId,
) -> Result<Option<Stored<MemberResource>>, Refusal> {
    context.find(kinds::MEMBERS, &account.to_string())
}

fn known(context: &Context<'_>, account: AccountId) -> Result<Stored<MemberResource>, Unprocessed> {
    member(context, account)?.ok_or(Unprocessed::Because(NO_MEMBER))
}

/// A member that is associated.
pub(crate) fn known_associated(
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

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use crate::testing::{ACCOUNT, OTHER, Server};

    const NONE: &Value = &Value::Null;

    fn accounts() -> Value {
        json!({"accountIds": [OTHER]})
    }

    fn invite(server: &Server, mine: &str) -> String {
        let details = json!({"accountDetails": [{"accountId": OTHER, "email": "a@example.com"}]});
        let made = server.ok("POST", &format!("/detector/{mine}/member"), &details);
        assert_eq!(made["unprocessedAccounts"], json!([]));
        server.ok("POST", &format!("/detector/{mine}/member/invite"), &accounts());
        let received = server.ok_of("other", "GET", "/invitation", NONE);
        received["invitations"][0]["invitationId"].as_str().unwrap().to_owned()
    }

    /// Makes the other account a member of the first one.
    pub(crate) fn associate(server: &Server, mine: &str, theirs: &str) {
        let invitation = invite(server, mine);
        let body = json!({"administratorId": ACCOUNT, "invitationId": invitation});
        server.ok_of("other", "POST", &format!("/detector/{theirs}/administrator"), &body);
    }

    fn standing(server: &Server, mine: &str) -> String {
        let got = server.ok("POST", &format!("/detector/{mine}/member/get"), &accounts());
        got["members"][0]["relationshipStatus"].as_str().unwrap_or("none").to_owned()
    }

    #[test]
    fn a_member_joins_is_paused_and_leaves() {
        for server in Server::of_each_store() {
            let (mine, theirs) = (server.detector("admin"), server.detector("other"));
            associate(&server, &mine, &theirs);
            let listed = server.ok("GET", &format!("/detector/{mine}/member"), NONE);
            assert_eq!(listed["members"][0]["detectorId"], theirs);
            assert_eq!(standing(&server, &mine), "Enabled");
            server.ok("POST", &format!("/detector/{mine}/member/stop"), &accounts());
            assert_eq!(standing(&server, &mine), "Disabled");
            server.ok("POST", &format!("/detector/{mine}/member/start"), &accounts());
            assert_eq!(standing(&server, &mine), "Enabled");
            let refused =
                server.ok("POST", &format!("/detector/{mine}/member/delete"), &accounts());
            assert!(
                refused["unprocessedAccounts"][0]["result"]
                    .as_str()
                    .unwrap()
                    .contains("still associated")
            );
            assert!(
                server
                    .refused("DELETE", &format!("/detector/{mine}"), NONE)
                    .contains("associated members")
            );
            server.ok("POST", &format!("/detector/{mine}/member/disassociate"), &accounts());
            assert_eq!(standing(&server, &mine), "Removed");
            let administrator =
                server.ok_of("other", "GET", &format!("/detector/{theirs}/administrator"), NONE);
            assert_eq!(administrator, json!({"administrator": {}}));
            server.ok("POST", &format!("/detector/{mine}/member/delete"), &accounts());
            assert_eq!(standing(&server, &mine), "none");
            server.ok("DELETE", &format!("/detector/{mine}"), NONE);
        }
    }

    #[test]
    fn the_administrator_sees_findings_of_members_only_while_they_are_members() {
        let server = Server::start();
        let (mine, theirs) = (server.detector("admin"), server.detector("other"));
        server.ok_of("other", "POST", &format!("/detector/{theirs}/findings/create"), &json!({}));
        let count = || {
            let listed = server.ok("POST", &format!("/detector/{mine}/findings"), &json!({}));
            listed["findingIds"].as_array().unwrap().len()
        };
        let invitation = invite(&server, &mine);
        assert_eq!(count(), 0);
        let body = json!({"masterId": ACCOUNT, "invitationId": invitation});
        server.ok_of("other", "POST", &format!("/detector/{theirs}/master"), &body);
        assert_eq!(count(), 3);
        server.ok_of("other", "POST", &format!("/detector/{theirs}/master/disassociate"), NONE);
        assert_eq!(count(), 0);
        assert_eq!(standing(&server, &mine), "Resigned");
    }

    #[test]
    fn the_administrator_switches_features_of_members() {
        let server = Server::start();
        let (mine, theirs) = (server.detector("admin"), server.detector("other"));
        let target = format!("/detector/{mine}/member/detector");
        let body = json!({"accountIds": [OTHER], "features": [{"name": "EKS_AUDIT_LOGS", "status": "ENABLED"}]});
        let refused = server.ok("POST", &format!("{target}/update"), &body);
        assert_eq!(refused["unprocessedAccounts"][0]["accountId"], OTHER);
        associate(&server, &mine, &theirs);
        let done = server.ok("POST", &format!("{target}/update"), &body);
        assert_eq!(done["unprocessedAccounts"], json!([]));
        let got = server.ok("POST", &format!("{target}/get"), &accounts());
        let features = got["members"][0]["features"].as_array().unwrap();
        assert_eq!((features.len(), &features[1]["status"]), (8, &json!("ENABLED")));
        let detector = server.ok_of("other", "GET", &format!("/detector/{theirs}"), NONE);
        assert_eq!(detector["features"][4]["status"], "ENABLED");
    }

    #[test]
    fn accounts_that_cannot_be_members_are_named() {
        let server = Server::start();
        let (mine, theirs) = (server.detector("admin"), server.detector("other"));
        let create = |accounts: &[&str]| -> Vec<String> {
            let detail = |it: &&str| json!({"accountId": it, "email": "a@example.com"});
            let details: Vec<Value> = accounts.iter().map(detail).collect();
            let body = json!({"accountDetails": details});
            let made = server.ok("POST", &format!("/detector/{mine}/member"), &body);
            let left = made["unprocessedAccounts"].as_array().unwrap();
            left.iter().map(|it| it["result"].as_str().unwrap().to_owned()).collect()
        };
        let left = create(&[OTHER, ACCOUNT, OTHER, "12345678901x"]);
        assert_eq!(left.len(), 3);
        assert!(left[0].contains("member of itself") && left[1].contains("already a member"));
        // Without a detector of the other account nothing can be accepted there.
        let wrong = json!({"administratorId": ACCOUNT, "invitationId": "guess"});
        let answer =
            server.call("other", "POST", &format!("/detector/{theirs}/administrator"), &wrong);
        assert!(answer.body["message"].as_str().unwrap().contains("no pending invitation"));
    }

    #[test]
    fn invitations_can_be_declined() {
        let server = Server::start();
        let mine = server.detector("admin");
        invite(&server, &mine);
        assert_eq!(server.ok_of("other", "GET", "/invitation/count", NONE)["invitationsCount"], 1);
        let body = json!({"accountIds": [ACCOUNT, "999999999999"]});
        let declined = server.ok_of("other", "POST", "/invitation/decline", &body);
        assert_eq!(declined["unprocessedAccounts"][0]["accountId"], "999999999999");
        assert_eq!(server.ok_of("other", "GET", "/invitation/count", NONE)["invitationsCount"], 0);
        assert_eq!(standing(&server, &mine), "Resigned");
        // The member can be invited again.
        server.ok("POST", &format!("/detector/{mine}/member/invite"), &accounts());
        assert_eq!(standing(&server, &mine), "Invited");
    }
}
