//! What this server has none of: scans for malware, agents inside of machines, written investigations.
//!
//! Reading says so, as the service does for an account that never used them, so that tools that walk through
//! everything get to their end. What would make one is refused, see `unserved.txt`.

use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::error::{ErrorName, Refusal};
use crate::handler::{Handler, Route, route};

pub(crate) const OPERATIONS: &[Route] = &[
    route("DescribeMalwareScans", &Empty("scans")),
    route("ListMalwareScans", &Empty("scans")),
    route("GetMalwareScan", &Missing),
    route("ListMalwareProtectionPlans", &Empty("malwareProtectionPlans")),
    route("GetMalwareProtectionPlan", &Missing),
    route("ListCoverage", &Empty("resources")),
    route("GetCoverageStatistics", &NoCoverage),
    route("ListInvestigations", &Empty("investigations")),
    route("GetInvestigation", &Missing),
    route("ListInvestigationRecords", &Missing),
];

/// A list of nothing, by the member that would hold it.
struct Empty(&'static str);

/// A resource that does not exist, whatever its identifier.
struct Missing;

/// No resource is covered by an agent.
struct NoCoverage;

impl Handler for Empty {
    fn call(&self, context: &Context<'_>, input: Map<String, Value>) -> Result<Value, Refusal> {
        check_detector(context, &input)?;
        // No page before this one gave out a token.
        if input.contains_key("nextToken") {
            return Err(Refusal::parameter("nextToken"));
        }
        Ok(json!({ self.0: [], "nextToken": "" }))
    }
}

impl Handler for Missing {
    fn call(&self, context: &Context<'_>, input: Map<String, Value>) -> Result<Value, Refusal> {
        check_detector(context, &input)?;
        let message = "The request is rejected since no such resource found.";
        Err(Refusal::new(ErrorName::ResourceNotFound, message))
    }
}

impl Handler for NoCoverage {
    fn call(&self, context: &Context<'_>, input: Map<String, Value>) -> Result<Value, Refusal> {
        check_detector(context, &input)?;
        let counts = json!({ "countByResourceType": {}, "countByCoverageStatus": {} });
        Ok(json!({ "coverageStatistics": counts }))
    }
}

/// Operations of a detector name it, others do not.
fn check_detector(context: &Context<'_>, input: &Map<String, Value>) -> Result<(), Refusal> {
    if let Some(id) = input.get("detectorId").and_then(Value::as_str) {
        context.detector(id)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Server;

    #[test]
    fn reading_what_is_not_there_is_answered() {
        let server = Server::start();
        let detector = format!("/detector/{}", server.detector("admin"));
        for (method, target, member) in [
            ("POST", format!("{detector}/malware-scans"), "scans"),
            ("POST", "/malware-scan".to_owned(), "scans"),
            ("GET", "/malware-protection-plan".to_owned(), "malwareProtectionPlans"),
            ("POST", format!("{detector}/coverage"), "resources"),
            ("POST", format!("{detector}/investigation/list"), "investigations"),
        ] {
            let expected = json!({ member: [], "nextToken": "" });
            assert_eq!(server.ok(method, &target, &json!(null)), expected);
        }
        let body = json!({ "statisticsType": ["COUNT_BY_RESOURCE_TYPE"] });
        let counted = server.ok("POST", &format!("{detector}/coverage/statistics"), &body);
        assert_eq!(counted["coverageStatistics"]["countByResourceType"], json!({}));
        for (target, status) in [
            ("/malware-scan/a".to_owned(), 404),
            ("/malware-protection-plan/a".to_owned(), 404),
            (format!("{detector}/investigation/12ab"), 404),
            (format!("{detector}/investigation/not-one"), 400),
            (format!("/detector/{}/investigation/12ab", "0".repeat(32)), 400),
        ] {
            assert_eq!(
                server.call("admin", "GET", &target, &json!(null)).status,
                status,
                "{target}"
            );
        }
    }
}
