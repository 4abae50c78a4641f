//! Associations: rules that an account has switched on for itself, one association a rule.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{exists, expiry, is_expired, no_such_resource, page, rule};
use crate::context::{Context, Stored};
use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::resources::tags;
use crate::wire::types::{
    AssociationDetail, AssociationMode, AssociationSummary,
    CreateCustomDetectionRuleAssociationRequest, CreateCustomDetectionRuleAssociationResponse,
    DeleteCustomDetectionRuleAssociationRequest, DeleteCustomDetectionRuleAssociationResponse,
    GetCustomDetectionRuleAssociationRequest, GetCustomDetectionRuleAssociationResponse,
    ListCustomDetectionRuleAssociationsRequest, ListCustomDetectionRuleAssociationsResponse,
    UpdateCustomDetectionRuleAssociationRequest, UpdateCustomDetectionRuleAssociationResponse,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("CreateCustomDetectionRuleAssociation", &Typed(create)),
    route("GetCustomDetectionRuleAssociation", &Typed(get)),
    route("ListCustomDetectionRuleAssociations", &Typed(list)),
    route("UpdateCustomDetectionRuleAssociation", &Typed(update)),
    route("DeleteCustomDetectionRuleAssociation", &Typed(delete)),
];

/// The stored document; its identifier is that of the rule, so that an account has one of each at most.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    id: String,
    /// The rule's name: detection knows it by that.
    rule: String,
    mode: AssociationMode,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    expires_at: Option<Epoch>,
    created_at: Epoch,
    updated_at: Epoch,
}

fn create(
    context: &Context<'_>,
    request: CreateCustomDetectionRuleAssociationRequest,
) -> Result<CreateCustomDetectionRuleAssociationResponse, Refusal> {
    let rule = rule(context, &request.rule_id)?;
    let token = request.client_token.as_deref();
    let id = context.new_id(kinds::RULE_ASSOCIATIONS, &rule.id, token);
    let association = Association {
        id,
        rule: rule.name.clone(),
        mode: request.mode,
        tags: tags::checked(request.tags)?,
        expires_at: expiry(request.mode, context.now),
        created_at: Epoch(context.now),
        updated_at: Epoch(context.now),
    };
    let change = match context.find::<Association>(kinds::RULE_ASSOCIATIONS, &rule.id)? {
        None => context.create(kinds::RULE_ASSOCIATIONS, &rule.id, &association)?,
        Some(mut stored) if is_expired(stored.body.expires_at, context.now) => {
            stored.body = association.clone();
            stored.update()?
        }
        Some(stored)
            if token.is_some_and(|it| !it.is_empty()) && stored.body.id == association.id =>
        {
            let rule_association = detail(context, &stored);
            return Ok(CreateCustomDetectionRuleAssociationResponse { rule_association });
        }
        Some(_) => return Err(exists("the rule is associated with the account already")),
    };
    context.apply(&[change])?;
    let rule_association = detail_of(context, &rule.id, &association);
    Ok(CreateCustomDetectionRuleAssociationResponse { rule_association })
}

fn get(
    context: &Context<'_>,
    request: GetCustomDetectionRuleAssociationRequest,
) -> Result<GetCustomDetectionRuleAssociationResponse, Refusal> {
    let stored = find(context, &request.rule_id, &request.association_id)?;
    let rule_association = detail(context, &stored);
    Ok(GetCustomDetectionRuleAssociationResponse { rule_association, tags: Some(stored.body.tags) })
}

fn list(
    context: &Context<'_>,
    request: ListCustomDetectionRuleAssociationsRequest,
) -> Result<ListCustomDetectionRuleAssociationsResponse, Refusal> {
    let mut found = context.all::<Association>(kinds::RULE_ASSOCIATIONS)?;
    found.retain(|it| {
        !is_expired(it.body.expires_at, context.now)
            && request.mode.is_none_or(|mode| it.body.mode == mode)
            && request.rule_id.as_ref().is_none_or(|rule| it.id() == rule)
    });
    let (found, next) = page(found, |it| it.id(), request.max_results, request.next_token);
    let rule_associations = found.iter().map(|it| summary(detail(context, it))).collect();
    Ok(ListCustomDetectionRuleAssociationsResponse { rule_associations, next_token: Some(next) })
}

fn update(
    context: &Context<'_>,
    request: UpdateCustomDetectionRuleAssociationRequest,
) -> Result<UpdateCustomDetectionRuleAssociationResponse, Refusal> {
    let mut stored = find(context, &request.rule_id, &request.association_id)?;
    let association = &mut stored.body;
    association.mode = request.mode;
    association.expires_at = expiry(request.mode, context.now);
    association.updated_at = Epoch(context.now);
    context.apply(&[stored.update()?])?;
    Ok(UpdateCustomDetectionRuleAssociationResponse {})
}

fn delete(
    context: &Context<'_>,
    request: DeleteCustomDetectionRuleAssociationRequest,
) -> Result<DeleteCustomDetectionRuleAssociationResponse, Refusal> {
    let stored = find(context, &request.rule_id, &request.association_id)?;
    context.apply(&[stored.delete()])?;
    Ok(DeleteCustomDetectionRuleAssociationResponse {})
}

fn find(context: &Context<'_>, rule: &str, id: &str) -> Result<Stored<Association>, Refusal> {
    let stored = context.find::<Association>(kinds::RULE_ASSOCIATIONS, rule)?;
    let is_it =
        |it: &Stored<Association>| it.body.id == id && !is_expired(it.body.expires_at, context.now);
    stored.filter(is_it).ok_or_else(no_such_resource)
}

fn detail(context: &Context<'_>, stored: &Stored<Association>) -> AssociationDetail {
    detail_of(context, stored.id(), &stored.body)
}

fn detail_of(context: &Context<'_>, rule: &str, association: &Association) -> AssociationDetail {
    let (account, id) = (context.account(), association.id.clone());
    let region = context.owner.region;
    let arn = format!(
        "arn:aws:guardduty:{}:{account}:custom-detection-rule/{rule}/association/{id}",
        region.as_str()
    );
    AssociationDetail {
        account_id: account,
        arn,
        association_id: id,
        created_at: association.created_at,
        expires_at: association.expires_at,
        mode: association.mode,
        rule_id: rule.to_owned(),
        updated_at: association.updated_at,
    }
}

fn summary(detail: AssociationDetail) -> AssociationSummary {
    AssociationSummary {
        arn: detail.arn,
        association_id: detail.association_id,
        created_at: detail.created_at,
        expires_at: detail.expires_at,
        mode: detail.mode,
        rule_id: detail.rule_id,
        updated_at: detail.updated_at,
    }
}
