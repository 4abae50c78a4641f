//! Findings: listed, read, counted, archived, judged and made up.

use std::collections::BTreeMap;

use findings::Finding;
use serde_json::json;
use store::{Criteria, FindingQuery, Group, GroupBy, GroupKey, Scope, Sort, StatisticsQuery};

use super::samples;
use crate::context::{Context, page_size, refuse, to_value};
use crate::control::{Control, ControlFeedback, Judged};
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
    for group in groups {
        add(&mut counts, group);
    }
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
    let finding_ids: Vec<String> = found.iter().map(|it| it.id.clone()).collect();
    if finding_ids.is_empty() {
        return Ok(UpdateFindingsFeedbackResponse {});
    }
    let mut keys = store.draft_keys(&scope, &finding_ids).map_err(|it| refuse(&it))?;
    let judged = |it: Finding| {
        let key = keys.remove(&it.id)?;
        let (account, region) = (it.account_id, it.region);
        Some(Judged { account, region, finding_type: it.finding_type, key })
    };
    let judged = found.into_iter().filter_map(judged).collect();
    let feedback = to_value(&request.feedback)?.as_str().unwrap_or_default().to_owned();
    store.set_feedback(&scope, &finding_ids, &feedback).map_err(|it| refuse(&it))?;
    let feedback = ControlFeedback { owner: context.owner, finding_ids, feedback, judged };
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
    super::scope::scope_of(&*context.state.store, context.owner).map_err(|it| refuse(&it))
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::Server;

    /// A server whose account has a sample of each type.
    fn server() -> (Server, String) {
        let server = Server::start();
        let target = format!("/detector/{}/findings", server.detector("admin"));
        server.ok("POST", &format!("{target}/create"), &json!({}));
        (server, target)
    }

    fn ids(answer: &Value) -> Vec<String> {
        let ids = answer["findingIds"].as_array().unwrap();
        ids.iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn findings_are_listed_sorted_and_read() {
        let (server, target) = server();
        let sort = json!({"attributeName": "severity", "orderBy": "ASC"});
        let listed = server.ok("POST", &target, &json!({"sortCriteria": sort}));
        assert_eq!((ids(&listed).len(), &listed["nextToken"]), (3, &json!("")));
        let mut wanted = ids(&listed);
        wanted.reverse();
        let get =
            |body: Value| server.ok("POST", &format!("{target}/get"), &body)["findings"].clone();
        let severities = |findings: Value| -> Vec<u64> {
            findings.as_array().unwrap().iter().map(|it| it["severity"].as_u64().unwrap()).collect()
        };
        assert_eq!(severities(get(json!({"findingIds": wanted}))), [8, 5, 2]);
        assert_eq!(severities(get(json!({"findingIds": wanted, "sortCriteria": sort}))), [2, 5, 8]);
        let unknown = "0".repeat(32);
        assert_eq!(get(json!({"findingIds": [unknown]})), json!([]));
        assert_eq!(
            server.refused(
                "POST",
                &format!("{target}/get"),
                &json!({"findingIds": vec![unknown; 51]})
            ),
            "The request is rejected because the number of requested finding IDs is out-of-bounds."
        );
        let finding = &get(json!({"findingIds": wanted[..1]}))[0];
        assert_eq!(finding["schemaVersion"], "2.0");
        assert_eq!(finding["service"]["archived"], false);
        assert!(
            finding["createdAt"].is_string()
                && finding["service"]["additionalInfo"]["value"].is_string()
        );
    }

    #[test]
    fn pages_follow_each_other() {
        let (server, target) = server();
        let all = ids(&server.ok("POST", &target, &json!({})));
        let first = server.ok("POST", &target, &json!({"maxResults": 2}));
        let token = &first["nextToken"];
        let second = server.ok("POST", &target, &json!({"maxResults": 2, "nextToken": token}));
        assert_eq!([ids(&first), ids(&second)].concat(), all);
        assert_eq!(second["nextToken"], "");
        let other =
            json!({"nextToken": token, "findingCriteria": {"criterion": {"severity": {"gte": 5}}}});
        assert_eq!(
            server.refused("POST", &target, &other),
            "The request is rejected because the parameter nextToken has an invalid value."
        );
    }

    #[test]
    fn archived_findings_come_back() {
        let (server, target) = server();
        let all = ids(&server.ok("POST", &target, &json!({})));
        let current = |archived: &str| {
            let criteria = json!({"criterion": {"service.archived": {"eq": [archived]}}});
            ids(&server.ok("POST", &target, &json!({"findingCriteria": criteria}))).len()
        };
        server.ok("POST", &format!("{target}/archive"), &json!({"findingIds": all[..2]}));
        assert_eq!((current("false"), current("true")), (1, 2));
        server.ok("POST", &format!("{target}/unarchive"), &json!({"findingIds": all[..1]}));
        assert_eq!((current("false"), current("true")), (2, 1));
    }

    #[test]
    fn feedback_is_kept_and_told() {
        let (server, target) = server();
        let all = ids(&server.ok("POST", &target, &json!({})));
        let unknown = "0".repeat(32);
        let body =
            json!({"findingIds": [all[0], unknown], "feedback": "NOT_USEFUL", "comments": "lab"});
        server.ok("POST", &format!("{target}/feedback"), &body);
        let got = server.ok("POST", &format!("{target}/get"), &json!({"findingIds": all}));
        assert_eq!(got["findings"][0]["service"]["userFeedback"], "NOT_USEFUL");
        assert_eq!(got["findings"][1]["service"]["userFeedback"], Value::Null);
        let controls = server.controls();
        let feedback = controls.last().unwrap().feedback.clone().unwrap();
        assert_eq!(
            (feedback.finding_ids, feedback.feedback.as_str()),
            (vec![all[0].clone()], "NOT_USEFUL")
        );
        assert_eq!(feedback.judged, [], "no detector raised a sample");
        let wrong = json!({"findingIds": all, "feedback": "GOOD"});
        assert_eq!(
            server.refused("POST", &format!("{target}/feedback"), &wrong),
            "The request is rejected because the parameter feedback has an invalid value."
        );
    }

    #[test]
    fn findings_are_counted() {
        let (server, target) = server();
        let count = |body: Value| {
            server.ok("POST", &format!("{target}/statistics"), &body)["findingStatistics"].clone()
        };
        let by_severity = json!({"findingStatisticTypes": ["COUNT_BY_SEVERITY"]});
        assert_eq!(
            count(by_severity.clone()),
            json!({"countBySeverity": {"2.0": 1, "5.0": 1, "8.0": 1}})
        );
        let mut none = by_severity;
        none["findingCriteria"] = json!({"criterion": {"severity": {"gte": 9}}});
        assert_eq!(count(none), json!({"countBySeverity": {}}));
        for (group, list, member) in [
            ("ACCOUNT", "groupedByAccount", "accountId"),
            ("DATE", "groupedByDate", "date"),
            ("FINDING_TYPE", "groupedByFindingType", "findingType"),
            ("RESOURCE", "groupedByResource", "resourceId"),
            ("SEVERITY", "groupedBySeverity", "severity"),
        ] {
            let counts = count(json!({"groupBy": group}));
            let groups = counts[list].as_array().unwrap();
            let total: i64 = groups.iter().map(|it| it["totalFindings"].as_i64().unwrap()).sum();
            assert_eq!(total, 3, "{group}");
            assert!(
                groups.iter().all(|it| !it[member].is_null() && it["lastGeneratedAt"].is_number())
            );
        }
        let limited = count(json!({"groupBy": "SEVERITY", "maxResults": 1, "orderBy": "ASC"}));
        assert_eq!(limited["groupedBySeverity"].as_array().unwrap().len(), 1);
        for body in
            [json!({}), json!({"groupBy": "DATE", "findingStatisticTypes": ["COUNT_BY_SEVERITY"]})]
        {
            assert_eq!(
                server.refused("POST", &format!("{target}/statistics"), &body),
                "The request is rejected because an invalid finding statistic type is specified."
            );
        }
    }

    #[test]
    fn samples_are_of_the_types_asked_for() {
        let server = Server::start();
        let target = format!("/detector/{}/findings", server.detector("admin"));
        let one = json!({"findingTypes": ["Recon:EC2/Portscan"]});
        server.ok("POST", &format!("{target}/create"), &one);
        server.ok("POST", &format!("{target}/create"), &one);
        let criteria =
            json!({"criterion": {"service.additionalInfo.sample": {"equals": ["true"]}}});
        let listed = server.ok("POST", &target, &json!({"findingCriteria": criteria}));
        assert_eq!(ids(&listed).len(), 1);
        let unknown = json!({"findingTypes": ["Recon:EC2/Portscan", "Recon:EC2/Nothing"]});
        assert_eq!(
            server.refused("POST", &format!("{target}/create"), &unknown),
            "The request is rejected because an invalid finding type is specified."
        );
    }
}
