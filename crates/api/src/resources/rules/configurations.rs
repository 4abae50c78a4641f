//! Configurations: rules that the administrator of an organization has switched on for its accounts, one a rule
//! and mode.

use serde::{Deserialize, Serialize};

use super::{exists, expiry, is_expired, no_such_resource, page, rule};
use crate::context::{Context, Stored};
use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::resources::organization;
use crate::wire::types::{
    AssociationMode, CreateCustomDetectionRuleOrgConfigurationRequest,
    CreateCustomDetectionRuleOrgConfigurationResponse,
    DeleteCustomDetectionRuleOrgConfigurationRequest,
    DeleteCustomDetectionRuleOrgConfigurationResponse, DetectionRuleConfigurationStatus,
    DetectionRuleOrgConfiguration, DetectionRuleOrgConfigurationSummary,
    GetCustomDetectionRuleOrgConfigurationRequest, GetCustomDetectionRuleOrgConfigurationResponse,
    ListCustomDetectionRuleOrgConfigurationsRequest,
    ListCustomDetectionRuleOrgConfigurationsResponse,
    UpdateCustomDetectionRuleOrgConfigurationRequest,
    UpdateCustomDetectionRuleOrgConfigurationResponse,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("CreateCustomDetectionRuleOrgConfiguration", &Typed(create)),
    route("GetCustomDetectionRuleOrgConfiguration", &Typed(get)),
    route("ListCustomDetectionRuleOrgConfigurations", &Typed(list)),
    route("UpdateCustomDetectionRuleOrgConfiguration", &Typed(update)),
    route("DeleteCustomDetectionRuleOrgConfiguration", &Typed(delete)),
];

/// The stored document.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    rule_id: String,
    /// The rule's name: detection knows it by that.
    rule: String,
    mode: AssociationMode,
    /// The only accounts that it is for; empty for all.
    include_account_ids: Vec<String>,
    exclude_account_ids: Vec<String>,
    #[serde(default)]
    expires_at: Option<Epoch>,
    created_at: Epoch,
    updated_at: Epoch,
}

fn create(
    context: &Context<'_>,
    request: CreateCustomDetectionRuleOrgConfigurationRequest,
) -> Result<CreateCustomDetectionRuleOrgConfigurationResponse, Refusal> {
    organization::administered(context)?;
    let rule = rule(context, &request.rule_id)?;
    let configuration = Configuration {
        rule_id: rule.id.clone(),
        rule: rule.name.clone(),
        mode: request.mode,
        include_account_ids: request.include_account_ids.unwrap_or_default(),
        exclude_account_ids: request.exclude_account_ids.unwrap_or_default(),
        expires_at: expiry(request.mode, context.now),
        created_at: Epoch(context.now),
        updated_at: Epoch(context.now),
    };
    check_accounts(&configuration)?;
    let id = document_id(&rule.id, request.mode);
    let change = match context.find::<Configuration>(kinds::RULE_CONFIGURATIONS, &id)? {
        None => context.create(kinds::RULE_CONFIGURATIONS, &id, &configuration)?,
        Some(mut stored) if is_expired(stored.body.expires_at, context.now) => {
            stored.body = configuration;
            stored.update()?
        }
        Some(_) => return Err(exists("the rule is configured for the organization already")),
    };
    context.apply(&[change])?;
    Ok(CreateCustomDetectionRuleOrgConfigurationResponse {})
}

fn get(
    context: &Context<'_>,
    request: GetCustomDetectionRuleOrgConfigurationRequest,
) -> Result<GetCustomDetectionRuleOrgConfigurationResponse, Refusal> {
    let found = find(context, &request.rule_id, request.mode)?.body;
    Ok(GetCustomDetectionRuleOrgConfigurationResponse {
        configuration: DetectionRuleOrgConfiguration {
            created_at: found.created_at,
            exclude_account_ids: found.exclude_account_ids,
            expires_at: found.expires_at,
            include_account_ids: found.include_account_ids,
            mode: found.mode,
            rule_id: found.rule_id,
            status: DetectionRuleConfigurationStatus::Active,
            status_reason: None,
            updated_at: found.updated_at,
        },
    })
}

fn list(
    context: &Context<'_>,
    request: ListCustomDetectionRuleOrgConfigurationsRequest,
) -> Result<ListCustomDetectionRuleOrgConfigurationsResponse, Refusal> {
    organization::administered(context)?;
    let mut found = context.all::<Configuration>(kinds::RULE_CONFIGURATIONS)?;
    // What is stored is in force.
    let is_asked_for =
        request.status.is_none_or(|it| it == DetectionRuleConfigurationStatus::Active);
    found.retain(|it| is_asked_for && !is_expired(it.body.expires_at, context.now));
    let (found, next) = page(found, |it| it.id(), request.max_results, request.next_token);
    let summary = |it: Stored<Configuration>| DetectionRuleOrgConfigurationSummary {
        created_at: it.body.created_at,
        expires_at: it.body.expires_at,
        mode: it.body.mode,
        rule_id: it.body.rule_id,
        status: DetectionRuleConfigurationStatus::Active,
        status_reason: None,
        updated_at: it.body.updated_at,
    };
    let configurations = found.into_iter().map(summary).collect();
    Ok(ListCustomDetectionRuleOrgConfigurationsResponse { configurations, next_token: Some(next) })
}

fn update(
    context: &Context<'_>,
    request: UpdateCustomDetectionRuleOrgConfigurationRequest,
) -> Result<UpdateCustomDetectionRuleOrgConfigurationResponse, Refusal> {
    let mut stored = find(context, &request.rule_id, request.mode)?;
    let configuration = &mut stored.body;
    if let Some(accounts) = request.include_account_ids {
        configuration.include_account_ids = accounts;
    }
    if let Some(accounts) = request.exclude_account_ids {
        configuration.exclude_account_ids = accounts;
    }
    check_accounts(configuration)?;
    configuration.expires_at = expiry(request.mode, context.now);
    configuration.updated_at = Epoch(context.now);
    context.apply(&[stored.update()?])?;
    Ok(UpdateCustomDetectionRuleOrgConfigurationResponse {})
}

fn delete(
    context: &Context<'_>,
    request: DeleteCustomDetectionRuleOrgConfigurationRequest,
) -> Result<DeleteCustomDetectionRuleOrgConfigurationResponse, Refusal> {
    let stored = find(context, &request.rule_id, request.mode)?;
    context.apply(&[stored.delete()])?;
    Ok(DeleteCustomDetectionRuleOrgConfigurationResponse {})
}

fn find(
    context: &Context<'_>,
    rule: &str,
    mode: AssociationMode,
) -> Result<Stored<Configuration>, Refusal> {
    organization::administered(context)?;
    let stored =
        context.find::<Configuration>(kinds::RULE_CONFIGURATIONS, &document_id(rule, mode))?;
    let is_over = |it: &Stored<Configuration>| is_expired(it.body.expires_at, context.now);
    stored.filter(|it| !is_over(it)).ok_or_else(no_such_resource)
}

fn document_id(rule: &str, mode: AssociationMode) -> String {
    let mode = match mode {
        AssociationMode::Live => "live",
        AssociationMode::DryRun => "dry-run",
    };
    format!("{rule}/{mode}")
}

/// Either the accounts that it is for are named or those that it is not for.
fn check_accounts(configuration: &Configuration) -> Result<(), Refusal> {
    let Configuration { include_account_ids, exclude_account_ids, .. } = configuration;
    if !include_account_ids.is_empty() && !exclude_account_ids.is_empty() {
        return Err(Refusal::parameter("excludeAccountIds"));
    }
    Ok(())
}
