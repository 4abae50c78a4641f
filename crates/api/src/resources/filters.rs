//! Saved filters, and suppression rules, which are filters that archive.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{findings, tags};
use crate::context::{Context, Stored};
use crate::epoch::Epoch;
use crate::error::Refusal;
use crate::handler::{Route, Typed, route};
use crate::kinds;
use crate::wire::types::{
    CreateFilterRequest, CreateFilterResponse, DeleteFilterRequest, DeleteFilterResponse,
    FilterAction, FindingCriteria, GetFilterRequest, GetFilterResponse, ListFiltersRequest,
    ListFiltersResponse, UpdateFilterRequest, UpdateFilterResponse,
};

pub(crate) const OPERATIONS: &[Route] = &[
    route("CreateFilter", &Typed(create)),
    route("GetFilter", &Typed(get)),
    route("UpdateFilter", &Typed(update)),
    route("DeleteFilter", &Typed(delete)),
    route("ListFilters", &Typed(list)),
];

/// Most filters of an owner (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_limits.html>).
const FILTERS_MAX: usize = 100;

/// The stored document; its identifier is the name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    #[serde(default)]
    description: String,
    action: FilterAction,
    rank: i64,
    finding_criteria: FindingCriteria,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    client_token: Option<String>,
    created_at: Epoch,
    updated_at: Epoch,
    /// One more with each change of the filter, tags left out.
    version: i64,
}

fn create(
    context: &Context<'_>,
    request: CreateFilterRequest,
) -> Result<CreateFilterResponse, Refusal> {
    let detector = context.detector(&request.detector_id)?;
    check_name(&request.name)?;
    let name = request.name;
    if let Some(stored) = context.find::<Filter>(kinds::FILTERS, &name)? {
        let token = request.client_token.filter(|it| !it.is_empty());
        if token.is_some() && stored.body.client_token == token {
            return Ok(CreateFilterResponse { name });
        }
        let reason = "a filter with the given name already exists";
        return Err(Refusal::bad("EntityAlreadyExistsException", reason));
    }
    if context.all::<Filter>(kinds::FILTERS)?.len() >= FILTERS_MAX {
        return Err(Refusal::bad("LimitExceededException", "filter limit has exceeded"));
    }
    check_criteria(&request.finding_criteria)?;
    let description = request.description.unwrap_or_default();
    check_description(&description)?;
    let filter = Filter {
        description,
        action: request.action.unwrap_or(FilterAction::Noop),
        rank: request.rank.unwrap_or(1),
        finding_criteria: request.finding_criteria,
        tags: tags::checked(request.tags)?,
        client_token: request.client_token,
        created_at: Epoch(context.now),
        updated_at: Epoch(context.now),
        version: 1,
    };
    context.create_under(&detector, kinds::FILTERS, &name, &filter)?;
    Ok(CreateFilterResponse { name })
}

fn get(context: &Context<'_>, request: GetFilterRequest) -> Result<GetFilterResponse, Refusal> {
    let filter = find(context, &request.detector_id, &request.filter_name)?.body;
    Ok(GetFilterResponse {
        action: filter.action,
        created_at: Some(filter.created_at),
        description: Some(filter.description),
        finding_criteria: filter.finding_criteria,
        name: request.filter_name,
        rank: Some(filter.rank),
        tags: Some(filter.tags),
        updated_at: Some(filter.updated_at),
        version: Some(filter.version),
    })
}

fn update(
    context: &Context<'_>,
    request: UpdateFilterRequest,
) -> Result<UpdateFilterResponse, Refusal> {
    let mut stored = find(context, &request.detector_id, &request.filter_name)?;
    let filter = &mut stored.body;
    if let Some(description) = request.description {
        check_description(&description)?;
        filter.description = description;
    }
    if let Some(criteria) = request.finding_criteria {
        check_criteria(&criteria)?;
        filter.finding_criteria = criteria;
    }
    filter.action = request.action.unwrap_or(filter.action);
    filter.rank = request.rank.unwrap_or(filter.rank);
    filter.updated_at = Epoch(context.now);
    filter.version += 1;
    context.apply(&[stored.update()?])?;
    Ok(UpdateFilterResponse { name: request.filter_name })
}

fn delete(
    context: &Context<'_>,
    request: DeleteFilterRequest,
) -> Result<DeleteFilterResponse, Refusal> {
    let stored = find(context, &request.detector_id, &request.filter_name)?;
    context.apply(&[stored.delete()])?;
    Ok(DeleteFilterResponse {})
}

fn list(
    context: &Context<'_>,
    request: ListFiltersRequest,
) -> Result<ListFiltersResponse, Refusal> {
    context.detector(&request.detector_id)?;
    let (found, next) =
        context.list::<Filter>(kinds::FILTERS, request.max_results, request.next_token)?;
    let filter_names = found.iter().map(|it| it.id().to_owned()).collect();
    Ok(ListFiltersResponse { filter_names, next_token: Some(next) })
}

fn find(context: &Context<'_>, detector: &str, name: &str) -> Result<Stored<Filter>, Refusal> {
    context.detector(detector)?;
    context.find(kinds::FILTERS, name)?.ok_or_else(Refusal::no_such_resource)
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.chars().all(is_known) { Ok(()) } else { Err(Refusal::parameter("name")) }
}

/// Letters, digits and `. - : {}()[] /`, as clients were seen to be told.
fn check_description(text: &str) -> Result<(), Refusal> {
    let is_known = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.-:{}()[]/".contains(c);
    if text.chars().all(is_known) { Ok(()) } else { Err(Refusal::parameter("description")) }
}

fn check_criteria(criteria: &FindingCriteria) -> Result<(), Refusal> {
    if findings::criteria(Some(criteria))?.is_empty() {
        return Err(Refusal::parameter("findingCriteria"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::Server;

    fn criteria() -> Value {
        json!({"criterion": {"type": {"equals": ["Recon:EC2/Portscan"]}, "severity": {"gte": "4"}}})
    }

    #[test]
    fn a_filter_lives_from_create_to_delete() {
        for server in Server::of_each_store() {
            let target = format!("/detector/{}/filter", server.detector("admin"));
            let made = json!({"name": "a.b-c_1", "findingCriteria": criteria(), "action": "ARCHIVE", "rank": 3});
            assert_eq!(server.ok("POST", &target, &made), json!({"name": "a.b-c_1"}));
            assert_eq!(
                server.refused("POST", &target, &made),
                "The request is rejected because a filter with the given name already exists."
            );
            let one = format!("{target}/a.b-c_1");
            let filter = server.ok("GET", &one, &Value::Null);
            assert_eq!(
                (&filter["action"], &filter["rank"], &filter["version"]),
                (&json!("ARCHIVE"), &json!(3), &json!(1))
            );
            // A number that came as text is a number.
            assert_eq!(filter["findingCriteria"]["criterion"]["severity"], json!({"gte": 4}));
            server.ok("POST", &one, &json!({"action": "NOOP", "description": "noise (lab)"}));
            let filter = server.ok("GET", &one, &Value::Null);
            assert_eq!(
                (&filter["action"], &filter["rank"], &filter["version"]),
                (&json!("NOOP"), &json!(3), &json!(2))
            );
            assert!(filter["updatedAt"].as_f64() > filter["createdAt"].as_f64());
            assert_eq!(server.ok("GET", &target, &Value::Null)["filterNames"], json!(["a.b-c_1"]));
            server.ok("DELETE", &one, &Value::Null);
            assert_eq!(
                server.refused("GET", &one, &Value::Null),
                "The request is rejected since no such resource found."
            );
            let controls = server.controls();
            assert_eq!(controls.len(), 4);
            assert_eq!(controls[1].documents[0].body.as_ref().unwrap()["action"], "ARCHIVE");
        }
    }

    #[test]
    fn what_is_malformed_is_named() {
        let server = Server::start();
        let target = format!("/detector/{}/filter", server.detector("admin"));
        let field = |name: &str| json!({"criterion": {name: {"equals": ["a"]}}});
        for (parameter, name, description, criteria) in [
            ("name", "a b", "", criteria()),
            ("name", "ab", "", criteria()),
            ("description", "abc", "50%", criteria()),
            ("findingCriteria", "abc", "", json!({})),
            ("findingCriteria", "abc", "", field("nothing")),
        ] {
            let body =
                json!({"name": name, "description": description, "findingCriteria": criteria});
            let message = server.refused("POST", &target, &body);
            let start = format!(
                "The request is rejected because the parameter {parameter} has an invalid value"
            );
            assert!(message.starts_with(&start), "{message}");
        }
    }

    #[test]
    fn pages_hold_every_filter_once_and_the_number_is_bounded() {
        let server = Server::start();
        let target = format!("/detector/{}/filter", server.detector("admin"));
        let body =
            |n: usize| json!({"name": format!("filter-{n:03}"), "findingCriteria": criteria()});
        for n in 0..super::FILTERS_MAX {
            server.ok("POST", &target, &body(n));
        }
        assert_eq!(
            server.refused("POST", &target, &body(999)),
            "The request is rejected because filter limit has exceeded."
        );
        let (mut names, mut token) = (Vec::new(), String::new());
        for count in [30, 30, 30, 10] {
            let page = server.ok(
                "GET",
                &format!("{target}?maxResults=30&nextToken={token}"),
                &Value::Null,
            );
            assert_eq!(page["filterNames"].as_array().unwrap().len(), count);
            names.extend(page["filterNames"].as_array().unwrap().clone());
            token = page["nextToken"].as_str().unwrap().to_owned();
        }
        assert_eq!(token, "");
        assert_eq!((names.len(), &names[99]), (100, &json!("filter-099")));
        assert!(names.windows(2).all(|it| it[0].as_str() < it[1].as_str()));
        assert_eq!(
            server.refused("GET", &format!("{target}?nextToken=broken"), &Value::Null),
            "The request is rejected because the parameter nextToken has an invalid value."
        );
    }
}
