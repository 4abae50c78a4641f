//! Somebody turns the logging of model invocations in Amazon Bedrock off.

use std::time::Duration;

use engine::findings::{Data, FindingType, Reason, ResourceRole};
use engine::intel::Category;
use engine::model::{Scope, Severity};
use engine::telemetry::ApiCall;
use engine::{ApiCalls, Context, Detector, Event, Interest, Out, Spec};
use serde_json::Value;

/// Logging of model invocations disabled.
pub const BEDROCK_LOGGING_DISABLED: FindingType = FindingType {
    name: "DefenseEvasion:IAMUser/BedrockLoggingDisabled",
    severity: Severity::MEDIUM,
    title: "Amazon Bedrock model invocation logging was disabled",
    about: "Prompts and answers of the models that this account invokes in the Region are no longer logged. \
        Intruders who use models at the account's cost, or who look for what others ask them, do this to \
        leave no trace.",
    detection: "A successful DeleteModelInvocationLoggingConfiguration, or a successful \
        PutModelInvocationLoggingConfiguration that names no destination or delivers no kind of data.",
    false_positives: "Administrators move the logging to another account or turn it off to save cost or to \
        keep personal data out of logs. Benign when the caller is the usual deployment role and a change \
        ticket names the Region.",
    response: "Turn logging on again (Bedrock console, Settings, or `aws bedrock \
        put-model-invocation-logging-configuration`). Look at the CloudTrail records of InvokeModel and \
        Converse in the Region since then, at the cost of Bedrock, and at everything else that the caller \
        did. If the caller cannot explain the call, disable the credential.",
    techniques: &["T1562.008"],
    data: &[Data::CloudTrailManagement],
    aggregation: "credential of the caller",
    is_own: false,
};

tunables! {
    /// Logging of model invocations that is turned off.
    pub struct BedrockLoggingDisabled {
        /// Whether the family is on.
        pub enabled: bool = true,
    }
}

/// The calls that are read. `wants` looks for them too: events of other detectors of a scope come along.
const CALLS: [&str; 2] =
    ["DeleteModelInvocationLoggingConfiguration", "PutModelInvocationLoggingConfiguration"];

impl Detector for BedrockLoggingDisabled {
    type Reads = ApiCalls;
    type State = ();

    const SPEC: Spec = Spec {
        name: "iam/bedrock_logging_disabled",
        scope: Scope::Session,
        idle: Duration::from_hours(1),
        version: 1,
        types: &[&BEDROCK_LOGGING_DISABLED],
        interest: Interest::Calls(&CALLS),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && event.row.is_success()
            && !event.row.is(ApiCall::SERVICE_EVENT)
            && event.event_source() == "bedrock.amazonaws.com"
            && !event.listed.contains(Category::Trusted)
    }

    fn observe(
        &self,
        (): &mut (),
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let what = if event.event_name().starts_with("Delete") {
            Some("the configuration was deleted")
        } else {
            serde_json::from_str(event.request()).ok().and_then(|it| emptied(&it))
        };
        let Some(what) = what else { return };
        let mut draft = ctx.caller_draft(&BEDROCK_LOGGING_DISABLED, event);
        let (api, user, region) = (event.event_name(), event.caller_label(), event.row.region);
        draft.role = ResourceRole::Target;
        "Amazon Bedrock model invocation logging was disabled.".clone_into(&mut draft.title);
        draft.description = format!(
            "Amazon Bedrock model invocation logging in {region} was disabled by {user} calling {api}: {what}. \
             This can be an attacker's attempt to hide their use of models in your account."
        );
        draft.reasons.push(Reason::new("call that disables logging", api, what));
        out.raise(draft);
    }
}

/// What a new configuration leaves out, if it logs nothing at all.
fn emptied(request: &Value) -> Option<&'static str> {
    let config = request.get("loggingConfig")?.as_object()?;
    let is_given = |name: &str| config.get(name).is_some_and(|it| !it.is_null());
    if !is_given("cloudWatchConfig") && !is_given("s3Config") {
        return Some("the new configuration names no destination");
    }
    let mut delivered = config.iter().filter(|(name, _)| name.ends_with("DataDeliveryEnabled"));
    // Text is delivered unless it is turned off.
    let is_text_off = config.get("textDataDeliveryEnabled") == Some(&Value::Bool(false));
    (is_text_off && delivered.all(|(_, it)| *it == Value::Bool(false)))
        .then_some("the new configuration delivers no kind of data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_empty_without_destination_or_data() {
        for (config, expected) in [
            (r"{}", true),
            (r#"{"textDataDeliveryEnabled":true}"#, true),
            (r#"{"s3Config":{"bucketName":"b"}}"#, false),
            (r#"{"s3Config":{"bucketName":"b"},"textDataDeliveryEnabled":false}"#, true),
            (
                r#"{"s3Config":{"bucketName":"b"},"textDataDeliveryEnabled":false,
                    "imageDataDeliveryEnabled":true}"#,
                false,
            ),
            (r#"{"cloudWatchConfig":{"logGroupName":"g"},"textDataDeliveryEnabled":true}"#, false),
            (r#""x""#, false),
        ] {
            let request = format!(r#"{{"loggingConfig":{config}}}"#);
            let request = serde_json::from_str(&request).unwrap();
            assert_eq!(emptied(&request).is_some(), expected, "{config}");
        }
    }
}
