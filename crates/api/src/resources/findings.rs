//! Findings: listed, read, counted, archived, judged and made up.

use std::collections::BTreeMap;

use serde_json::json;
use store::{Criteria, FindingQuery, Group, GroupBy, GroupKey, Scope, Sort, StatisticsQuery};

use super::{members, samples};
use crate::context::{Context, page_size, refuse, to_value};
use crate::control::{Control, ControlFeedback};
use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::wire::types::{
    AccountStatistics, ArchiveFindingsRequest, ArchiveFindingsResponse,
    CreateSampleFindingsRequest, CreateSampleFindingsResponse, DateStatistics, FindingCriteria,
    FindingStatistics, FindingTypeStatistics, GetFindingsRequest, GetFindingsResponse,
    GetFindingsStatisticsRequest, GetFindingsStatisticsResponse, GroupByType, ListFindingsRequest,
    ListFindingsResponse, OrderBy, ResourceStatistics, SeverityStatistics, SortCriteria,
    UnarchiveFindingsRequest, UnarchiveFindingsResponse, UpdateFindingsFeedbackRequest,
    UpdateFindingsFeedbackResponse,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("ListFindings", &Typed(list)),
    route("GetFindings", &Typed(get)),
    route("GetFindingsStatistics", &Typed(statistics)),
    route("ArchiveFindings", &Typed(archive)),
    route("UnarchiveFindings", &Typed(unarchive)),
    route("UpdateFindingsFeedback", &Typed(feedback)),
    route("CreateSampleFindings", &Typed(create_samples)),
];

/// Groups of an answer unless the caller asks for another number.
const GROUPS: i64 = 25;

fn list(
    context: &Context<'_>,
    request: ListFindingsRequest,
) -> Result<ListFindingsResponse, Refusal> {
    let query = FindingQuery {
        scope: scope(context, &request.detector_id)?,
        criteria: criteria(request.finding_criteria.as_ref())?,
        sort: sort(request.sort_criteria.as_ref())?,
        limit: page_size(request.max_results),
        token: request.next_token,
    };
    let page = context.state.store.list_findings(&query).map_err(|it| refuse(&it))?;
    // A client that chains requests on the token needs it to be there, even when it is empty.
    Ok(ListFindingsResponse {
        finding_ids: page.items,
        next_token: page.next.or(Some(String::new())),
    })
}

/// In the order of the identifiers unless the caller asks for one; what the caller does not own is left out.
fn get(context: &Context<'_>, request: GetFindingsRequest) -> Result<GetFindingsResponse, Refusal> {
    let scope = scope(context, &request.detector_id)?;
    let store = &context.state.store;
    let mut ids = request.finding_ids;
    if let Some(order) = &request.sort_criteria
        && !ids.is_empty()
    {
        let query = FindingQuery {
            scope: scope.clone(),
            criteria: Criteria::parse(&json!({ "criterion": { "id": { "equals": ids } } }))
                .map_err(|_| Refusal::parameter("findingIds"))?,
            sort: sort(Some(order))?,
            limit: ids.len(),
            token: None,
        };
        ids = store.list_findings(&query).map_err(|it| refuse(&it))?.items;
    }
    let found = store.get_findings(&scope, &ids).map_err(|it| refuse(&it))?;
    let findings = found.iter().map(to_value).collect::<Result<_, _>>()?;
    Ok(GetFindingsResponse { findings })
}

fn statistics(
    context: &Context<'_>,
    request: GetFindingsStatisticsRequest,
) -> Result<GetFindingsStatisticsResponse, Refusal> {
    let is_counted = request.finding_statistic_types.as_ref().is_some_and(|it| !it.is_empty());
    if is_counted == request.group_by.is_some() {
        return Err(Refusal::invalid("an invalid finding statistic type is specified"));
    }
    let limit = request.max_results.unwrap_or(GROUPS);
    let query = StatisticsQuery {
        scope: scope(context, &request.detector_id)?,
        criteria: criteria(request.finding_criteria.as_ref())?,
        group_by: match request.group_by {
            None | Some(GroupByType::Severity) => GroupBy::Severity,
            Some(GroupByType::Account) => GroupBy::Account,
            Some(GroupByType::Date) => GroupBy::Date,
            Some(GroupByType::FindingType) => GroupBy::FindingType,
            Some(GroupByType::Resource) => GroupBy::Resource,
        },
        ascending: request.order_by == Some(OrderBy::Asc),
        limit: usize::try_from(limit).unwrap_or(1),
    };
    let groups = context.state.store.statistics(&query).map_err(|it| refuse(&it))?;
    let mut counts = FindingStatistics::default();
    match request.group_by {
        None => counts.count_by_severity = Some(BTreeMap::new()),
        Some(GroupByType::Severity) => counts.grouped_by_severity = Some(Vec::new()),
        Some(GroupByType::Account) => counts.grouped_by_account = Some(Vec::new()),
        Some(GroupByType::Date) => counts.grouped_by_date = Some(Vec::new()),
        Some(GroupByType::FindingType) => counts.grouped_by_finding_type = Some(Vec::new()),
        Some(GroupByType::Resource) => counts.grouped_by_resource = Some(Vec::new()),
    }
    groups.into_iter().for_each(|it| add(&mut counts, it));
    let next_token = request.group_by.map(|_| String::new());
    Ok(GetFindingsStatisticsResponse { finding_statistics: counts, next_token })
}

/// Adds a group to the list of its kind.
fn add(counts: &mut FindingStatistics, group: Group) {
    let total = group.total as i64;
    let (total_findings, last_generated_at) = (Some(total), Some(Epoch(group.last_generated)));
    match group.key {
        GroupKey::Severity(severity) => {
            let severity = f64::from(severity.value());
            if let Some(counts) = &mut counts.count_by_severity {
                counts.insert(format!("{severity:.1}"), total);
            }
            let severity = Some(severity);
            let counted = SeverityStatistics { last_generated_at, severity, total_findings };
            counts.grouped_by_severity.iter_mut().for_each(|it| it.push(counted.clone()));
        }
        GroupKey::Account(account) => {
            let account_id = Some(account.to_string());
            let counted = AccountStatistics { account_id, last_generated_at, total_findings };
            counts.grouped_by_account.iter_mut().for_each(|it| it.push(counted.clone()));
        }
        GroupKey::Date { day, severity } => {
            let (date, severity) = (Some(Epoch(day)), Some(f64::from(severity.value())));
            let counted = DateStatistics { date, last_generated_at, severity, total_findings };
            counts.grouped_by_date.iter_mut().for_each(|it| it.push(counted.clone()));
        }
        GroupKey::FindingType(name) => {
            let finding_type = Some(name);
            let counted = FindingTypeStatistics { finding_type, last_generated_at, total_findings };
            counts.grouped_by_finding_type.iter_mut().for_each(|it| it.push(counted.clone()));
        }
        GroupKey::Resource { account, resource_type, resource_id } => {
            let counted = ResourceStatistics {
                account_id: Some(account.to_string()),
                last_generated_at,
                resource_id: Some(resource_id),
                resource_type: Some(resource_type),
                total_findings,
            };
            counts.grouped_by_resource.iter_mut().for_each(|it| it.push(counted.clone()));
        }
    }
}

fn archive(
    context: &Context<'_>,
    request: ArchiveFindingsRequest,
) -> Result<ArchiveFindingsResponse, Refusal> {
    set_archived(context, &request.detector_id, &request.finding_ids, true)?;
    Ok(ArchiveFindingsResponse {})
}

fn unarchive(
    context: &Context<'_>,
    request: UnarchiveFindingsRequest,
) -> Result<UnarchiveFindingsResponse, Refusal> {
    set_archived(context, &request.detector_id, &request.finding_ids, false)?;
    Ok(UnarchiveFindingsResponse {})
}

fn set_archived(
    context: &Context<'_>,
    detector: &str,
    ids: &[String],
    archived: bool,
) -> Result<(), Refusal> {
    let scope = scope(context, detector)?;
    context.state.store.set_archived(&scope, ids, archived).map_err(|it| refuse(&it))?;
    Ok(())
}

/// Kept with the findings and told to the detectors; the comment is not kept.
fn feedback(
    context: &Context<'_>,
    request: UpdateFindingsFeedbackRequest,
) -> Result<UpdateFindingsFeedbackResponse, Refusal> {
    let scope = scope(context, &request.detector_id)?;
    let store = &context.state.store;
    // Only findings that the caller may see can be judged.
    let found = store.get_findings(&scope, &request.finding_ids).map_err(|it| refuse(&it))?;
    let finding_ids: Vec<String> = found.into_iter().map(|it| it.id).collect();
    if finding_ids.is_empty() {
        return Ok(UpdateFindingsFeedbackResponse {});
    }
    let feedback = to_value(&request.feedback)?.as_str().unwrap_or_default().to_owned();
    store.set_feedback(&scope, &finding_ids, &feedback).map_err(|it| refuse(&it))?;
    let feedback = ControlFeedback { owner: context.owner, finding_ids, feedback };
    context.control(&[], &Control { feedback: Some(feedback), ..Control::default() })?;
    Ok(UpdateFindingsFeedbackResponse {})
}

fn create_samples(
    context: &Context<'_>,
    request: CreateSampleFindingsRequest,
) -> Result<CreateSampleFindingsResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let known = context.state.finding_types;
    let types = match request.finding_types.filter(|it| !it.is_empty()) {
        None => known.to_vec(),
        Some(names) => {
            let find = |name: &String| known.iter().copied().find(|it| it.name == name);
            let found: Option<Vec<_>> = names.iter().map(find).collect();
            found.ok_or_else(|| Refusal::invalid("an invalid finding type is specified"))?
        }
    };
    let findings: Vec<_> =
        types.into_iter().map(|it| samples::sample(it, context.owner, context.now)).collect();
    context.state.store.insert_findings(&findings).map_err(|it| refuse(&it))?;
    Ok(CreateSampleFindingsResponse {})
}

/// The caller's own findings and, for an administrator, those of the members.
fn scope(context: &Context<'_>, detector: &str) -> Result<Scope, Refusal> {
    context.detector(detector)?;
    let accounts = members::associated(context)?.into_iter().chain([context.owner.account]);
    Ok(Scope::accounts(accounts, context.owner.region))
}

/// Criteria of a request; what is wrong with them is appended to the service's own text.
pub(crate) fn criteria(criteria: Option<&FindingCriteria>) -> Result<Criteria, Refusal> {
    let Some(criteria) = criteria else { return Ok(Criteria::default()) };
    Criteria::parse(&to_value(criteria)?).map_err(|error| {
        Refusal::invalid(&format!("the parameter findingCriteria has an invalid value: {error}"))
    })
}

fn sort(sort: Option<&SortCriteria>) -> Result<Sort, Refusal> {
    let Some(sort) = sort else { return Ok(Sort::default()) };
    Sort::parse(&to_value(sort)?).map_err(|error| {
        Refusal::invalid(&format!("the parameter sortCriteria has an invalid value: {error}"))
    })
}
