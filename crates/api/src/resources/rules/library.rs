//! The library: which rules there are.

use model::SeverityBand;

use super::{page, rule};
use crate::context::Context;
use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::state::DetectionRule;
use crate::wire::types::{
    DetectionRuleDataSource, DetectionRuleFilter, DetectionRuleFilterCondition,
    DetectionRuleSeverity, FilterFieldName, GetCustomDetectionRuleRequest,
    GetCustomDetectionRuleResponse, ListCustomDetectionRulesRequest,
    ListCustomDetectionRulesResponse, RuleDefinition, RuleDetail, RuleLanguage, RuleSchema,
    RuleSummary,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("ListCustomDetectionRules", &Typed(list)),
    route("GetCustomDetectionRule", &Typed(get)),
];

const SOURCE: &str = "CloudTrailManagementEvent";

#[expect(clippy::unnecessary_wraps, reason = "as every handler")]
fn list(
    context: &Context<'_>,
    request: ListCustomDetectionRulesRequest,
) -> Result<ListCustomDetectionRulesResponse, Refusal> {
    let filters = request.filters.unwrap_or_default();
    let mut rules: Vec<&DetectionRule> =
        context.state.rules.iter().filter(|it| filters.iter().all(|f| passes(it, f))).collect();
    rules.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let (rules, next) = page(rules, |it| &it.id, request.max_results, request.next_token);
    let rules = rules.into_iter().map(|it| summary(context, it)).collect();
    Ok(ListCustomDetectionRulesResponse { rules, next_token: Some(next) })
}

/// Whether a rule has one of the values; all are compared in any case.
fn passes(rule: &DetectionRule, filter: &DetectionRuleFilter) -> bool {
    let severity = rule.severity.band().to_string();
    let text = match filter.name {
        FilterFieldName::Name => &rule.name,
        FilterFieldName::Description => &rule.description,
        FilterFieldName::DataSource => SOURCE,
        FilterFieldName::Severity => &severity,
        FilterFieldName::Tactic => &rule.tactic,
        FilterFieldName::Technique => &rule.technique,
        FilterFieldName::Service => &rule.service,
    };
    let text = text.to_lowercase();
    let contains = filter.condition == Some(DetectionRuleFilterCondition::Contains);
    let is = |value: &String| {
        let value = value.to_lowercase();
        if contains { text.contains(&value) } else { text == value }
    };
    filter.values.iter().any(is)
}

fn get(
    context: &Context<'_>,
    request: GetCustomDetectionRuleRequest,
) -> Result<GetCustomDetectionRuleResponse, Refusal> {
    let found = rule(context, &request.rule_id)?;
    let summary = summary(context, found);
    Ok(GetCustomDetectionRuleResponse {
        rule: RuleDetail {
            arn: summary.arn,
            created_at: summary.created_at,
            data_source: summary.data_source,
            definition: RuleDefinition { expression: found.expression.clone() },
            description: summary.description,
            language: summary.language,
            name: summary.name,
            rule_id: summary.rule_id,
            runtime_monitoring_details: None,
            schema: summary.schema,
            service: summary.service,
            severity: summary.severity,
            tactic: summary.tactic,
            technique: summary.technique,
            updated_at: summary.updated_at,
        },
    })
}

fn summary(context: &Context<'_>, rule: &DetectionRule) -> RuleSummary {
    let region = context.owner.region;
    RuleSummary {
        arn: format!("arn:aws:guardduty:{}:aws:custom-detection-rule/{}", region.as_str(), rule.id),
        created_at: Epoch(rule.since),
        data_source: DetectionRuleDataSource::CloudTrailManagementEvent,
        description: rule.description.clone(),
        language: Some(RuleLanguage::Sql),
        name: rule.name.clone(),
        rule_id: rule.id.clone(),
        schema: Some(RuleSchema::CloudTrail),
        service: rule.service.clone(),
        severity: match rule.severity.band() {
            SeverityBand::Low => DetectionRuleSeverity::Low,
            SeverityBand::Medium => DetectionRuleSeverity::Medium,
            SeverityBand::High => DetectionRuleSeverity::High,
            SeverityBand::Critical => DetectionRuleSeverity::Critical,
        },
        tactic: rule.tactic.clone(),
        technique: rule.technique.clone(),
        updated_at: Some(Epoch(rule.since)),
    }
}
