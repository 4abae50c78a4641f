//! The administrator of an organization: accounts become its members without being asked.
//!
//! The accounts of an organization are those of this server. Which of them may name an administrator is for
//! the program to say ([`crate::Keys::management`]): otherwise any account could take the others over.

use model::AccountId;
use serde::{Deserialize, Serialize};
use store::{Change, DocumentKey, Owner};

use super::detectors::{self, DetectorResource};
use super::features::{self, Feature, Wanted, cast};
use super::invitations::{ADMINISTRATOR_ID, Relation};
use super::members::{MEMBERS_MAX, MemberResource, Standing, Unprocessed};
use super::scope;
use crate::context::{Context, Stored, to_value};
use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::wire::types::{
    AdminAccount, AdminStatus, AutoEnableMembers, DescribeOrganizationConfigurationRequest,
    DescribeOrganizationConfigurationResponse, DisableOrganizationAdminAccountRequest,
    DisableOrganizationAdminAccountResponse, EnableOrganizationAdminAccountRequest,
    EnableOrganizationAdminAccountResponse, FeatureStatus, GetOrganizationStatisticsResponse,
    ListOrganizationAdminAccountsRequest, ListOrganizationAdminAccountsResponse, OrgFeature,
    OrgFeatureStatus, OrganizationDetails, OrganizationFeatureConfigurationResult as Setting,
    OrganizationFeatureStatistics, OrganizationStatistics, UpdateOrganizationConfigurationRequest,
    UpdateOrganizationConfigurationResponse,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("EnableOrganizationAdminAccount", &Typed(enable)),
    route("DisableOrganizationAdminAccount", &Typed(disable)),
    route("ListOrganizationAdminAccounts", &Typed(list)),
    route("DescribeOrganizationConfiguration", &Typed(describe)),
    route("UpdateOrganizationConfiguration", &Typed(update)),
    route("GetOrganizationStatistics", &Typed(statistics)),
];

/// An administrator has one organization, so its document needs no other name.
const ORGANIZATION_ID: &str = "organization";

const FEATURES: [OrgFeature; 8] = [
    OrgFeature::S3DataEvents,
    OrgFeature::EksAuditLogs,
    OrgFeature::EbsMalwareProtection,
    OrgFeature::RdsLoginEvents,
    OrgFeature::EksRuntimeMonitoring,
    OrgFeature::LambdaNetworkLogs,
    OrgFeature::RuntimeMonitoring,
    OrgFeature::AiProtection,
];

/// The document in the store of the administrator.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Organization {
    auto_enable: AutoEnableMembers,
    features: Vec<Setting>,
}

/// A request without members.
#[derive(Deserialize)]
struct Nothing {}

/// The organization that the caller administers.
pub(crate) fn of(context: &Context<'_>) -> Result<Option<Stored<Organization>>, Refusal> {
    context.find(kinds::ORGANIZATIONS, ORGANIZATION_ID)
}

pub(crate) fn administered(context: &Context<'_>) -> Result<Stored<Organization>, Refusal> {
    of(context)?.ok_or_else(|| {
        Refusal::invalid("the current account is not the administrator account of an organization")
    })
}

fn enable(
    context: &Context<'_>,
    request: EnableOrganizationAdminAccountRequest,
) -> Result<EnableOrganizationAdminAccountResponse, Refusal> {
    let account = managed(context, &request.admin_account_id)?;
    let named = context.all::<serde_json::Value>(kinds::ORGANIZATION_ADMINS)?;
    if named.iter().any(|it| it.id() == request.admin_account_id) {
        return Ok(EnableOrganizationAdminAccountResponse {});
    }
    if !named.is_empty() {
        return Err(Refusal::bad(
            "LimitExceededException",
            "another account is already enabled as the delegated administrator of the organization",
        ));
    }
    let owner = context.owner_of(account);
    let setting = |name| Setting {
        name: Some(name),
        auto_enable: Some(OrgFeatureStatus::None),
        additional_configuration: None,
    };
    let organization = Organization {
        auto_enable: AutoEnableMembers::None,
        features: FEATURES.map(setting).to_vec(),
    };
    let key = DocumentKey::new(owner, kinds::ORGANIZATIONS, ORGANIZATION_ID);
    let mut changes = vec![
        context.create(
            kinds::ORGANIZATION_ADMINS,
            &request.admin_account_id,
            &serde_json::json!({}),
        )?,
        Change::create(key, to_value(&organization)?),
    ];
    // The administrator needs a detector to work with.
    let id = findings::detector_id(account, &owner.region);
    if context.find_of::<DetectorResource>(owner, kinds::DETECTORS, &id)?.is_none() {
        let key = DocumentKey::new(owner, kinds::DETECTORS, id);
        changes.push(Change::create(key, to_value(&detectors::initial(context))?));
    }
    context.apply(&changes)?;
    Ok(EnableOrganizationAdminAccountResponse {})
}

/// Its members are none any more.
fn disable(
    context: &Context<'_>,
    request: DisableOrganizationAdminAccountRequest,
) -> Result<DisableOrganizationAdminAccountResponse, Refusal> {
    let account = managed(context, &request.admin_account_id)?;
    let named = context
        .find::<serde_json::Value>(kinds::ORGANIZATION_ADMINS, &request.admin_account_id)?
        .ok_or_else(|| {
            Refusal::invalid("the specified account is not the delegated administrator")
        })?;
    let administrator = Context { owner: context.owner_of(account), ..*context };
    let mut changes = vec![named.delete()];
    changes.extend(of(&administrator)?.map(|it| it.delete()));
    for mut member in administrator.all::<MemberResource>(kinds::MEMBERS)? {
        if !member.body.standing.is_associated() {
            continue;
        }
        member.body.standing = Standing::Removed;
        member.body.updated_at = context.now.to_string();
        if let Some(account) = AccountId::from_digits(member.id().as_bytes()) {
            let owner = context.owner_of(account);
            let relation =
                context.find_of::<Relation>(owner, kinds::ADMINISTRATORS, ADMINISTRATOR_ID)?;
            changes.extend(relation.map(|it| it.delete()));
        }
        changes.push(member.update()?);
    }
    context.apply(&changes)?;
    Ok(DisableOrganizationAdminAccountResponse {})
}

/// The account to be named, if the caller may name one.
fn managed(context: &Context<'_>, account: &str) -> Result<AccountId, Refusal> {
    if context.state.keys.management() != Some(context.owner.account) {
        return Err(Refusal::invalid(
            "the current account is not the management account of an organization",
        ));
    }
    let account = Some(account).filter(|it| it.len() == 12);
    let account = account.and_then(|it| AccountId::from_digits(it.as_bytes()));
    account.ok_or_else(|| Refusal::parameter("adminAccountId"))
}

fn list(
    context: &Context<'_>,
    request: ListOrganizationAdminAccountsRequest,
) -> Result<ListOrganizationAdminAccountsResponse, Refusal> {
    let (found, next) = context.list::<serde_json::Value>(
        kinds::ORGANIZATION_ADMINS,
        request.max_results,
        request.next_token,
    )?;
    let admin = |it: &Stored<serde_json::Value>| AdminAccount {
        admin_account_id: Some(it.id().to_owned()),
        admin_status: Some(AdminStatus::Enabled),
    };
    let admin_accounts = Some(found.iter().map(admin).collect());
    Ok(ListOrganizationAdminAccountsResponse { admin_accounts, next_token: Some(next) })
}

fn describe(
    context: &Context<'_>,
    request: DescribeOrganizationConfigurationRequest,
) -> Result<DescribeOrganizationConfigurationResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let organization = administered(context)?.body;
    let count = context.all::<MemberResource>(kinds::MEMBERS)?.len();
    let is_on = |name: OrgFeature| {
        let mut settings = organization.features.iter();
        let on = |it: &Setting| it.auto_enable != Some(OrgFeatureStatus::None);
        settings.any(|it| it.name == Some(name) && on(it))
    };
    // The deprecated form; its types differ from those of requests in their names alone.
    let volumes = serde_json::json!({ "autoEnable": is_on(OrgFeature::EbsMalwareProtection) });
    let data_sources = serde_json::json!({
        "s3Logs": { "autoEnable": is_on(OrgFeature::S3DataEvents) },
        "kubernetes": { "auditLogs": { "autoEnable": is_on(OrgFeature::EksAuditLogs) } },
        "malwareProtection": { "scanEc2InstanceWithFindings": { "ebsVolumes": volumes } },
    });
    Ok(DescribeOrganizationConfigurationResponse {
        auto_enable: Some(organization.auto_enable != AutoEnableMembers::None),
        auto_enable_organization_members: Some(organization.auto_enable),
        data_sources: Some(cast(&data_sources)?),
        features: Some(organization.features),
        member_account_limit_reached: count >= MEMBERS_MAX,
        next_token: Some(String::new()),
    })
}

/// What is set to `ALL` reaches the members that are there; the rest waits for those that come.
fn update(
    context: &Context<'_>,
    request: UpdateOrganizationConfigurationRequest,
) -> Result<UpdateOrganizationConfigurationResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let mut stored = administered(context)?;
    let organization = &mut stored.body;
    if request.auto_enable.is_some() && request.auto_enable_organization_members.is_some() {
        return Err(Refusal::parameter("autoEnable"));
    }
    let on_or_off = |on| if on { AutoEnableMembers::New } else { AutoEnableMembers::None };
    let auto_enable =
        request.auto_enable.map(on_or_off).or(request.auto_enable_organization_members);
    organization.auto_enable = auto_enable.unwrap_or(organization.auto_enable);
    let mut wanted: Vec<Setting> = cast(&request.features.unwrap_or_default())?;
    if let Some(sources) = request.data_sources {
        let volumes = sources.malware_protection.and_then(|it| it.scan_ec2_instance_with_findings);
        let flags = [
            (OrgFeature::S3DataEvents, sources.s3_logs.map(|it| it.auto_enable)),
            (OrgFeature::EksAuditLogs, sources.kubernetes.map(|it| it.audit_logs.auto_enable)),
            (
                OrgFeature::EbsMalwareProtection,
                volumes.and_then(|it| it.ebs_volumes).and_then(|it| it.auto_enable),
            ),
        ];
        for (name, flag) in flags {
            let status = |on| if on { OrgFeatureStatus::New } else { OrgFeatureStatus::None };
            wanted.extend(flag.map(|on| Setting {
                name: Some(name),
                auto_enable: Some(status(on)),
                additional_configuration: None,
            }));
        }
    }
    for it in wanted {
        let setting = organization.features.iter_mut().find(|setting| setting.name == it.name);
        *setting.ok_or_else(|| Refusal::parameter("features"))? = it;
    }
    let mut changes = vec![stored.update()?];
    for account in scope::associated(context)? {
        let owner = context.owner_of(account);
        let id = findings::detector_id(account, &owner.region);
        let found = context.find_of::<DetectorResource>(owner, kinds::DETECTORS, &id)?;
        if let Some(mut detector) = found {
            let before = detector.body.features.clone();
            stored.body.switch(&mut detector.body.features, false, context)?;
            if detector.body.features != before {
                changes.push(detector.update()?);
            }
        }
    }
    context.apply(&changes)?;
    Ok(UpdateOrganizationConfigurationResponse {})
}

impl Organization {
    /// Switches on what members get: `ALL` everybody, `NEW` those that come.
    fn switch(
        &self,
        features: &mut [Feature],
        is_new: bool,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        let applies = |it: Option<OrgFeatureStatus>| {
            it == Some(OrgFeatureStatus::All) || is_new && it == Some(OrgFeatureStatus::New)
        };
        let mut wanted = Vec::new();
        for setting in self.features.iter().filter(|it| applies(it.auto_enable)) {
            let parts = setting.additional_configuration.iter().flatten();
            let on = parts.filter(|it| applies(it.auto_enable)).map(|it| {
                cast(&serde_json::json!({ "name": it.name, "status": FeatureStatus::Enabled }))
            });
            wanted.push(Wanted {
                name: cast(&setting.name)?,
                status: Some(FeatureStatus::Enabled),
                additional: on.collect::<Result<_, _>>()?,
            });
        }
        features::change(features, wanted, Epoch(context.now))
    }

    /// What makes an account a member at once: both ends of the relation and a detector.
    pub(crate) fn join(
        &self,
        context: &Context<'_>,
        account: AccountId,
        email: String,
    ) -> Result<Vec<Change>, Unprocessed> {
        let owner = context.owner_of(account);
        if context.find_of::<Relation>(owner, kinds::ADMINISTRATORS, ADMINISTRATOR_ID)?.is_some() {
            return Err(Unprocessed::Because(
                "the specified account ID is already a member of another administrator account",
            ));
        }
        let id = findings::detector_id(account, &owner.region);
        let relation = Relation::joined(context);
        let member = MemberResource {
            email,
            standing: Standing::Enabled,
            detector_id: Some(id.clone()),
            invited_at: None,
            updated_at: context.now.to_string(),
        };
        let administrators = DocumentKey::new(owner, kinds::ADMINISTRATORS, ADMINISTRATOR_ID);
        Ok(vec![
            context.create(kinds::MEMBERS, &account.to_string(), &member)?,
            Change::create(administrators, to_value(&relation)?),
            self.detector(context, owner, id)?,
        ])
    }

    fn detector(&self, context: &Context<'_>, owner: Owner, id: String) -> Result<Change, Refusal> {
        let found = context.find_of::<DetectorResource>(owner, kinds::DETECTORS, &id)?;
        if let Some(mut stored) = found {
            self.switch(&mut stored.body.features, true, context)?;
            return stored.update();
        }
        let mut detector = detectors::initial(context);
        self.switch(&mut detector.features, true, context)?;
        Ok(Change::create(DocumentKey::new(owner, kinds::DETECTORS, id), to_value(&detector)?))
    }
}

fn statistics(
    context: &Context<'_>,
    _: Nothing,
) -> Result<GetOrganizationStatisticsResponse, Refusal> {
    administered(context)?;
    let members = scope::associated(context)?;
    let mut detectors = Vec::new();
    for account in members.iter().copied().chain([context.owner.account]) {
        let owner = context.owner_of(account);
        let id = findings::detector_id(account, &owner.region);
        let found = context.find_of::<DetectorResource>(owner, kinds::DETECTORS, &id)?;
        detectors.extend(found.map(|it| it.body).filter(DetectorResource::is_enabled));
    }
    let counted = |name: OrgFeature| -> Result<OrganizationFeatureStatistics, Refusal> {
        let wanted = Some(cast(&name)?);
        let is_on = |it: &Feature| it.name == wanted && it.status == Some(FeatureStatus::Enabled);
        let with = detectors.iter().filter(|it| it.features.iter().any(is_on)).count();
        Ok(OrganizationFeatureStatistics {
            additional_configuration: None,
            enabled_accounts_count: Some(with as i64),
            name: Some(name),
        })
    };
    let accounts = members.len() as i64 + 1;
    let statistics = OrganizationStatistics {
        active_accounts_count: Some(accounts),
        count_by_feature: Some(FEATURES.into_iter().map(counted).collect::<Result<_, _>>()?),
        enabled_accounts_count: Some(detectors.len() as i64),
        member_accounts_count: Some(accounts - 1),
        total_accounts_count: Some(accounts),
    };
    let details = OrganizationDetails {
        organization_statistics: Some(statistics),
        updated_at: Some(Epoch(context.now)),
    };
    Ok(GetOrganizationStatisticsResponse { organization_details: Some(details) })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{ACCOUNT, OTHER, Server};

    const NONE: &Value = &Value::Null;

    /// A server whose management account has named the first account.
    fn server() -> (Server, String) {
        let server = Server::start();
        let body = json!({ "adminAccountId": ACCOUNT });
        server.ok_of("management", "POST", "/admin/enable", &body);
        let ids = server.ok("GET", "/detector", NONE);
        let id = ids["detectorIds"][0].as_str().unwrap().to_owned();
        (server, id)
    }

    fn create(server: &Server, detector: &str) -> Value {
        let details =
            json!({ "accountDetails": [{ "accountId": OTHER, "email": "a@example.com" }] });
        server.ok("POST", &format!("/detector/{detector}/member"), &details)
    }

    #[test]
    fn only_the_management_account_names_an_administrator() {
        let server = Server::start();
        for target in ["/admin/enable", "/admin/disable"] {
            let message = server.refused("POST", target, &json!({ "adminAccountId": ACCOUNT }));
            assert!(message.contains("not the management account"), "{message}");
        }
        let (server, _) = self::server();
        let listed = server.ok_of("management", "GET", "/admin", NONE);
        let expected = json!([{ "adminAccountId": ACCOUNT, "adminStatus": "ENABLED" }]);
        assert_eq!(listed["adminAccounts"], expected);
        let second =
            server.call("management", "POST", "/admin/enable", &json!({ "adminAccountId": OTHER }));
        assert_eq!(
            (second.status, &second.body["__type"]),
            (400, &json!("LimitExceededException"))
        );
        let wrong =
            server.call("management", "POST", "/admin/enable", &json!({ "adminAccountId": "12" }));
        assert_eq!(wrong.status, 400);
    }

    #[test]
    fn members_join_without_invitation_and_get_what_is_set() {
        let (server, detector) = server();
        let target = format!("/detector/{detector}/admin");
        let settings = json!({ "autoEnableOrganizationMembers": "NEW", "features": [
            { "name": "EKS_AUDIT_LOGS", "autoEnable": "NEW" },
            { "name": "RDS_LOGIN_EVENTS", "autoEnable": "NONE" },
        ] });
        server.ok("POST", &target, &settings);
        let described = server.ok("GET", &target, NONE);
        assert_eq!(described["autoEnableOrganizationMembers"], "NEW");
        assert_eq!(described["features"][1]["autoEnable"], "NEW");
        assert_eq!(described["dataSources"]["kubernetes"]["auditLogs"]["autoEnable"], true);
        assert_eq!(create(&server, &detector)["unprocessedAccounts"], json!([]));
        let theirs = server.ok_of("other", "GET", "/detector", NONE)["detectorIds"][0].clone();
        let target_of = format!("/detector/{}", theirs.as_str().unwrap());
        let features = || server.ok_of("other", "GET", &target_of, NONE)["features"].clone();
        assert_eq!(
            (&features()[4]["status"], &features()[6]["status"]),
            (&json!("ENABLED"), &json!("DISABLED"))
        );
        let all = json!({ "features": [{ "name": "RDS_LOGIN_EVENTS", "autoEnable": "ALL" }] });
        server.ok("POST", &target, &all);
        assert_eq!(features()[6]["status"], "ENABLED");
        let counted = server.ok("GET", "/organization/statistics", NONE);
        let statistics = &counted["organizationDetails"]["organizationStatistics"];
        assert_eq!(
            (&statistics["totalAccountsCount"], &statistics["memberAccountsCount"]),
            (&json!(2), &json!(1))
        );
        assert_eq!(
            statistics["countByFeature"][1],
            json!({ "name": "EKS_AUDIT_LOGS", "enabledAccountsCount": 1 })
        );
    }

    #[test]
    fn members_of_an_organization_cannot_leave_but_are_let_go() {
        let (server, detector) = server();
        create(&server, &detector);
        let theirs = server.detector("other");
        let leave = format!("/detector/{theirs}/administrator/disassociate");
        assert_eq!(server.call("other", "POST", &leave, NONE).status, 400);
        let body = json!({ "adminAccountId": ACCOUNT });
        server.ok_of("management", "POST", "/admin/disable", &body);
        let administrator = format!("/detector/{theirs}/administrator");
        assert_eq!(
            server.ok_of("other", "GET", &administrator, NONE),
            json!({ "administrator": {} })
        );
        let message = server.refused("GET", &format!("/detector/{detector}/admin"), NONE);
        assert!(message.contains("not the administrator account"), "{message}");
    }
}
