//! A principal calls models in a way that neither it nor its account usually does, or at unusual cost.

use std::time::Duration;

use engine::findings::{Data, ModelDetail, Reason};
use engine::model::{Scope, Severity, Timestamp};
use engine::stats::Histogram;
use engine::{ApiCalls, Context, Detector, Event, Feedback, Interest, Out, Profile, Spec};
use serde::{Deserialize, Serialize};

use crate::behavior::api::{Kind, Tactic};
use crate::behavior::attribute::{Attribute, PROMPTERS};
use crate::behavior::budget::{Bounds, Counts};
use crate::behavior::explain::{Judged, decimal, fill, sentence};
use crate::behavior::score::excess;
use crate::behavior::track::{Due, Family, Track, begin};
use crate::behavior::values::{self, Value};
use crate::behavior::window::Call;

const AGGREGATION: &str = "principal; a person behind a shared role counts as one";
const DETECTION: &str = "Every hour of a principal that calls models (InvokeModel, Converse and their streams, \
    CreateInference, InvokeEndpoint) is judged by API, model, network, country, class of user agent and hour of the \
    week, as other behavior is: probabilities of the principal, backed off to its account and the organization. A \
    finding is raised from `floor_milli` on, or more where `budget_per_mille` asks for it, once the account has a \
    history of `learning_days` and `min_events` calls of models. An hour that raised a finding is learnt `hold_hours` \
    later; from `signal_milli` on an hour is weak evidence for attack sequences. It is CostHarvesting if the mean of \
    tokens of the hour's calls is also at least `min_tokens` and more than `token_factor` times what nearly all of the \
    principal's hours had (of one that is new, three times the account's mean). The names of the members for tokens \
    are not public: inputTokens and outputTokens, inputTokenCount and outputTokenCount are understood.";
const FALSE_POSITIVES: &str = "New applications, another model in place of an old one, and evaluations that send long \
    texts. Benign when the owner of the credential confirms it; mark the finding as not useful and the hour is learnt \
    at once.";
const RESPONSE: &str = "Ask the owner of the credential. If they cannot explain it, disable the access key or revoke the \
    role's sessions, look at the cost of models in all Regions, take the rights to call models from the principal, and \
    find out how the credential was lost.";

caller_types! {
    Data::CloudTrailManagement, AGGREGATION;

    /// Unusual calls.
    ANOMALOUS_MODEL_INVOCATION = "Impact:IAMUser/AnomalousModelInvocation", Severity::LOW,
    "A model was invoked in an anomalous way",
    about: "A principal called a model of Amazon Bedrock or SageMaker that, from where or with a program that is unusual \
        for it and its account. Stolen credentials are used to run models at your cost.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1496", "T1078.004"];

    /// Unusual cost.
    COST_HARVESTING = "Impact:IAMUser/CostHarvesting", Severity::LOW,
    "Models were invoked with many more tokens than usual",
    about: "A principal called models with many more tokens than usual, and in other ways that are unusual for it and its \
        account. Somebody may use your models at your cost, for themselves or to sell.",
    detection: DETECTION,
    false_positives: FALSE_POSITIVES,
    response: RESPONSE,
    techniques: &["T1496", "T1078.004"];
}

tunables! {
    /// Principals that call models as neither they nor their account usually do.
    pub struct AnomalousModelInvocation {
        /// Whether the family is on.
        pub enabled: bool = true,
        /// Days of an account's history of calls of models from which on its principals are judged. A scan learns
        /// from half of the span of its files at most, and from a week at least.
        pub learning_days: u32 = 14,
        /// Calls of models of an account from which on its principals are judged.
        pub min_events: u64 = 200,
        /// Least score of an hour, in thousandths, for a finding. Raising it reports only what is unusual in
        /// several ways.
        pub floor_milli: u32 = 1000 => 1..=5000,
        /// Findings that an account can bear, per thousand days of a principal: above it the least unusual ones
        /// are left out.
        pub budget_per_mille: u32 = 20,
        /// Least mean of input and output tokens of an hour's calls that can be unusual.
        pub min_tokens: u64 = 2000,
        /// How many times the usual mean of tokens is unusual.
        pub token_factor: u64 = 4,
        /// Hours for which an hour that raised a finding is not learnt, so that it can be judged first.
        pub hold_hours: u32 = 24,
        /// Least score of an hour, in thousandths, that is weak evidence for attack sequences.
        pub signal_milli: u32 = 600 => 1..=5000,
    }
}

static COUNTS: Counts = Counts {
    events: Profile { name: "behavior_model/events", hours: 60 * 24, keys: 64 },
    days: Profile { name: "behavior_model/worst_scores", hours: 14 * 24, keys: 16_384 },
    whats: Profile { name: "behavior_model/whats", hours: 30 * 24, keys: 1024 },
};
/// Tokens and calls of models by account.
static TOKENS: Profile = Profile { name: "behavior_model/tokens", hours: 30 * 24, keys: 64 };
const TOKENS_KEY: u64 = 1;
const CALLS_KEY: u64 = 2;
/// Hours of an identity that nearly all of its hours are, and how many it must have.
const USUAL_PER_MILLE: u32 = 950;
const LEAST_HOURS: u64 = 10;
/// Calls of an hour from which on their mean says something.
const LEAST_CALLS: u64 = 3;
/// From these on something else is unusual as well.
const OTHER_LEAST: u32 = 400;

const CALLS: &[&str] = &[
    "Converse",
    "ConverseStream",
    "CreateInference",
    "InvokeEndpoint",
    "InvokeEndpointAsync",
    "InvokeEndpointWithResponseStream",
    "InvokeModel",
    "InvokeModelWithResponseStream",
];

/// What is remembered of one identity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    track: Track,
    /// Means of tokens by hour.
    means: Histogram,
    /// Tokens and calls of the open hour.
    tokens: u64,
    calls: u64,
}

impl Detector for AnomalousModelInvocation {
    type Reads = ApiCalls;
    type State = State;

    const SPEC: Spec = Spec {
        name: "iam/anomalous_model_invocation",
        scope: Scope::Identity,
        idle: Duration::from_hours(90 * 24),
        version: 1,
        types: &[&ANOMALOUS_MODEL_INVOCATION, &COST_HARVESTING],
        interest: Interest::Calls(CALLS),
    };

    fn wants(&self, event: &Event<'_, ApiCalls>) -> bool {
        self.enabled
            && matches!(
                event.event_source(),
                "bedrock.amazonaws.com"
                    | "bedrock-mantle.amazonaws.com"
                    | "sagemaker.amazonaws.com"
            )
            && values::is_of_an_identity(event)
    }

    fn observe(
        &self,
        state: &mut State,
        event: &Event<'_, ApiCalls>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let family = self.family();
        if state.track.window.as_ref().is_some_and(|it| it.hour < event.time().hour()) {
            state.finish(out);
        }
        let model = model(event.request());
        let signature = values::signature(event, engine::model::hash64(model.as_bytes()));
        let is_known = state.track.count(event, signature, &family, ctx, out);
        state.tokens = state.tokens.saturating_add(tokens(event.additional()));
        state.calls += 1;
        if is_known && !state.calls.is_power_of_two() {
            return;
        }
        let is_unusual =
            !is_known && state.track.note(event, &call_of(&model, event, ctx), &family, ctx);
        let cost = self.cost(state, ctx);
        let Some(window) = state.track.window.as_deref_mut() else { return };
        let terms = &mut window.terms;
        let others = [terms.place, terms.how, terms.model, terms.when, terms.what];
        let is_costly = cost.is_some() && others.into_iter().any(|it| it >= OTHER_LEAST);
        if let (Some((mean, usual)), true) = (cost, is_costly) {
            terms.volume = terms.volume.max(excess(mean, usual));
        }
        state.track.score(event, &family, ctx);
        if !is_unusual && !is_costly {
            return;
        }
        if let Some(due) = state.track.due(u8::from(is_costly), &family, ctx) {
            raise(state, cost.filter(|_| is_costly), (&model, due), event, ctx, out);
        }
    }

    fn wake(&self, state: &mut State, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        if state.track.is_over(at) {
            state.finish(out);
            state.track.close(&self.family(), ctx, out);
        }
    }

    fn feedback(
        &self,
        state: &mut State,
        feedback: &Feedback<'_>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        state.track.judged(feedback, &self.family(), ctx, out);
    }
}

impl State {
    /// Remembers the tokens of the hour.
    fn finish(&mut self, out: &mut Out<'_>) {
        let (tokens, calls) = (std::mem::take(&mut self.tokens), std::mem::take(&mut self.calls));
        if calls == 0 {
            return;
        }
        let hour = self.track.window.as_ref().map_or(0, |it| it.hour);
        self.means.decay_to(u32::try_from(hour / (30 * 24)).unwrap_or(0));
        self.means.add(tokens / calls);
        out.teach(&TOKENS, TOKENS_KEY, tokens);
        out.teach(&TOKENS, CALLS_KEY, calls);
    }
}

impl AnomalousModelInvocation {
    fn family(&self) -> Family {
        Family {
            name: Self::SPEC.name,
            counts: &COUNTS,
            users: &PROMPTERS,
            bounds: Bounds {
                learning_days: self.learning_days,
                min_events: self.min_events,
                floor: self.floor_milli,
                budget_per_mille: self.budget_per_mille,
            },
            hold_hours: self.hold_hours,
            signal_milli: self.signal_milli,
        }
    }

    /// The mean of tokens of the hour and the usual one, if it is far above.
    fn cost(&self, state: &State, ctx: &Context<'_>) -> Option<(u64, u64)> {
        if state.calls < LEAST_CALLS {
            return None;
        }
        let mean = state.tokens / state.calls;
        let usual = if state.means.count() >= LEAST_HOURS {
            let highest = state.means.quantile(USUAL_PER_MILLE)?;
            highest + highest / 4
        } else {
            let count = |key| ctx.profiles.count(&TOKENS, ctx.entity.account, key);
            (count(TOKENS_KEY) / count(CALLS_KEY).max(1)).saturating_mul(3)
        };
        let is_far = mean >= self.min_tokens && mean > usual.saturating_mul(self.token_factor);
        is_far.then_some((mean, usual))
    }
}

/// The model that is called.
fn model(request: &str) -> String {
    let request: serde_json::Value = serde_json::from_str(request).unwrap_or_default();
    let of = |key| request.get(key).and_then(|it: &serde_json::Value| it.as_str());
    let model = of("modelId").or_else(|| of("endpointName")).or_else(|| of("model"));
    model.unwrap_or("").to_owned()
}

/// Tokens that went in and came out.
fn tokens(additional: &str) -> u64 {
    const NAMES: [&str; 4] = ["inputTokens", "outputTokens", "inputTokenCount", "outputTokenCount"];
    let additional: serde_json::Value = serde_json::from_str(additional).unwrap_or_default();
    let counts = NAMES.iter().filter_map(|it| additional.get(*it)?.as_u64());
    counts.fold(0, u64::saturating_add)
}

fn call_of<'v, 'e: 'v, 'c: 'v>(
    model: &'v str,
    event: &Event<'e, ApiCalls>,
    ctx: &Context<'c>,
) -> Call<'v> {
    let mut values = values::common(event, ctx);
    values.retain(|it| it.attribute != Attribute::Service);
    if !model.is_empty() {
        values.push(Value::plain(Attribute::Model, model));
    }
    Call {
        api: values::api(event),
        kind: Kind { tactic: Tactic::Impact, weight: 800 },
        values,
        hours: values::hours_of_week(event.time()),
        class: values::class(event) as u8,
        error: event.error_code(),
        evidence: event.evidence(),
    }
}

fn raise(
    state: &State,
    cost: Option<(u64, u64)>,
    (model, due): (&str, Due),
    event: &Event<'_, ApiCalls>,
    ctx: &Context<'_>,
    out: &mut Out<'_>,
) {
    let Some(window) = state.track.window.as_deref() else { return };
    let finding_type = if cost.is_some() { &COST_HARVESTING } else { &ANOMALOUS_MODEL_INVOCATION };
    let mut draft = ctx.caller_draft(finding_type, event);
    draft.key = ctx.entity.name.to_string();
    begin(&mut draft, window, due, event);
    if !model.is_empty() {
        draft.resource.model_details = vec![ModelDetail { model_id: model.to_owned() }];
    }
    let more: Vec<Reason> = cost
        .map(|(mean, usual)| {
            let usual = format!("usual: at most {usual} (token_factor)");
            Reason::new("mean tokens of the hour's calls", mean, usual)
        })
        .into_iter()
        .collect();
    let label = event.caller_label();
    draft.title = if cost.is_some() {
        format!("{label} invoked models with an anomalous volume of tokens.")
    } else {
        format!("{label} invoked a model in an anomalous way.")
    };
    draft.description = format!(
        "The API {} was invoked by {label} on the model {model} under circumstances that are anomalous for it and \
         its account (score {}).{}",
        event.event_name(),
        decimal(window.score),
        sentence(window, &more)
    );
    let judged = Judged { window, history: &state.track.history, threshold: due.threshold, more };
    fill(&mut draft, &judged, event);
    if let Some((mean, usual)) = cost {
        volume(&mut draft, mean, usual);
    }
    out.raise(draft);
}

/// Volumes stand beside the rest of `service.detection.anomaly`.
fn volume(draft: &mut engine::findings::Draft, mean: u64, usual: u64) {
    let anomaly = draft
        .additional
        .get_mut(engine::findings::Draft::DETECTION)
        .and_then(|it| it.pointer_mut("/anomaly/unusual/behavior"))
        .and_then(|it| it.as_object_mut());
    if let Some(behavior) = anomaly {
        behavior.insert(
            "volume".to_owned(),
            serde_json::json!({ "tokens": {
                "profileType": "VOLUME",
                "profileSubtype": "AVERAGE",
                "observations": { "text": [mean.to_string(), format!("usual: {usual}")] },
            }}),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_and_tokens_are_read_where_they_are() {
        assert_eq!(model(r#"{"modelId":"example.large-v1:0"}"#), "example.large-v1:0");
        assert_eq!(model(r#"{"endpointName":"scores"}"#), "scores");
        assert_eq!(model("null"), "");
        assert_eq!(tokens(r#"{"inputTokens":1200,"outputTokens":34}"#), 1234);
        assert_eq!(tokens(""), 0);
    }
}
