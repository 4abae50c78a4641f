//! Sessions: which roles a subject assumed, and who issued its own credentials.

use std::collections::BTreeSet;

use serde_json::Value;
use telemetry::{ApiCall, Caller};

use super::about::Subject;
use super::calls::{Count, IDS_MAX};
use super::top::{Top, Weight};

/// Calls by which one principal was given a session of another.
#[derive(Clone, Debug, Default)]
pub(super) struct Assumed {
    /// How many; failed ones gave none.
    pub count: Count,
    /// Where from, latest.
    pub source: String,
}

impl Weight for Assumed {
    fn weight(&self) -> u64 {
        self.count.calls
    }
}

/// What the calls of STS say of a subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions {
    /// By ARN of the role, or name of the call where it has none.
    pub assumed: Top<Assumed>,
    /// By whom its sessions were issued.
    pub by: Top<Assumed>,
    delivered: BTreeSet<u64>,
}

impl Sessions {
    /// Whether the call issues credentials.
    pub(super) fn is_issue(call: &ApiCall, text: &str) -> bool {
        let name = call.event_name.of(text);
        (name.starts_with("Assume") || name == "GetFederationToken" || name == "GetSessionToken")
            && call.event_source.of(text) == "sts.amazonaws.com"
    }

    /// Adds such a call, unless it was delivered before; `is_own` says whether the subject made it.
    pub(super) fn add(&mut self, subject: &Subject, call: &ApiCall, text: &str, is_own: bool) {
        let can_tell = call.event_id.len > 0 && self.delivered.len() < IDS_MAX;
        if can_tell && !self.delivered.insert(call.event_id_hash) {
            return;
        }
        let parse = |json: &str| serde_json::from_str::<Value>(json).unwrap_or_default();
        let (request, response) = (parse(call.request.of(text)), parse(call.response.of(text)));
        let at = |value: &Value, path: &str| {
            value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let role = at(&request, "/roleArn");
        if is_own {
            let name = if role.is_empty() { call.event_name.of(text) } else { &role };
            add(self.assumed.at(name), call, text);
        }
        let mut session = at(&response, "/assumedRoleUser/arn");
        if session.is_empty() {
            session = at(&response, "/federatedUser/arn");
        }
        let key = at(&response, "/credentials/accessKeyId");
        if !session.is_empty() || !key.is_empty() || !role.is_empty() {
            let name = at(&request, "/roleSessionName");
            // A denied call has no answer: the session that it asked for is in the request.
            let asked = if session.is_empty() { session_arn(&role, &name) } else { session };
            if subject.has_session(&asked, &role, &key) {
                add(self.by.at(&issuer(call, text)), call, text);
            }
        }
    }
}

fn add(to: &mut Assumed, call: &ApiCall, text: &str) {
    to.count.calls += 1;
    to.count.failed += u64::from(!call.is_success());
    to.count.seen.add(call.time);
    call.source_text.of(text).clone_into(&mut to.source);
}

/// Who called: an ARN, a service, or the name at an identity provider.
fn issuer(call: &ApiCall, text: &str) -> String {
    let arn = call.arn.of(text);
    let service = call.invoked_by.of(text);
    let names = [arn, service, call.user_name.of(text), call.principal_id.of(text)];
    let name = names.into_iter().find(|it| !it.is_empty()).unwrap_or(call.caller.as_str());
    match call.caller {
        Caller::SamlUser | Caller::WebIdentityUser => format!("{} {name}", call.caller.as_str()),
        _ => name.to_owned(),
    }
}

/// `arn:aws:iam::1:role/path/name` and a session's name to the ARN of the session; empty without a role.
fn session_arn(role: &str, session: &str) -> String {
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let &[_, partition, _, _, account, resource] = parts.as_slice() else { return String::new() };
    let name = resource.rsplit('/').next().unwrap_or_default();
    format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}")
}

#[cfg(test)]
mod tests {
    use telemetry::Span;

    use super::*;

    fn call(text: &mut String, caller: &str, request: &str, response: &str) -> ApiCall {
        ApiCall {
            event_source: Span::push(text, "sts.amazonaws.com"),
            event_name: Span::push(text, "AssumeRole"),
            arn: Span::push(text, caller),
            request: Span::push(text, request),
            response: Span::push(text, response),
            ..ApiCall::default()
        }
    }

    #[test]
    fn both_ends_of_a_session_are_told() {
        let role = "arn:aws:iam::111122223333:role/team/admin";
        let session = "arn:aws:sts::111122223333:assumed-role/admin/s1";
        let alice = "arn:aws:iam::111122223333:user/alice";
        let request = format!(r#"{{"roleArn":"{role}","roleSessionName":"s1"}}"#);
        let response = format!(r#"{{"assumedRoleUser":{{"arn":"{session}"}}}}"#);
        for (of, response) in
            [(role, response.as_str()), (session, &response), (session, ""), (alice, &response)]
        {
            let subject = Subject::principal(of).unwrap();
            let (mut text, mut sessions) = (String::new(), Sessions::default());
            let call = call(&mut text, alice, &request, response);
            assert!(Sessions::is_issue(&call, &text));
            sessions.add(&subject, &call, &text, subject.made(&call, &text));
            let names = |top: &Top<Assumed>| top.names().map(str::to_owned).collect::<Vec<_>>();
            if of == alice {
                assert_eq!(
                    (names(&sessions.assumed), names(&sessions.by)),
                    (vec![role.into()], vec![])
                );
            } else {
                assert_eq!(
                    (names(&sessions.assumed), names(&sessions.by)),
                    (vec![], vec![alice.into()])
                );
            }
        }
    }

    #[test]
    fn broken_documents_are_passed_over() {
        let subject = Subject::principal("arn:aws:iam::111122223333:user/alice").unwrap();
        let (mut text, mut sessions) = (String::new(), Sessions::default());
        let call = call(&mut text, "", "{\"roleArn\":7", "[[[");
        sessions.add(&subject, &call, &text, false);
        assert!(sessions.assumed.is_empty() && sessions.by.is_empty());
    }
}
