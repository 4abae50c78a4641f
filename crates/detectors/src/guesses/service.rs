//! From a connection to a login service to drafts: what the brute-force families do alike.

use engine::findings::{Draft, FindingType, Reason, ResourceRole};
use engine::model::{Severity, Timestamp};
use engine::{Connection, Connections, Context, Ends, Event, Out, Outcome, Signal, anchors_of};

use super::{Alert, Rule, Rules, Shape, State};
use crate::attempts::is_trusted;

const TCP: u8 = 6;
/// Weight of a likely success: a hundred times likelier in an attack.
const SUCCESS_WEIGHT: i32 = 2000;

/// A login service that is guessed at.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// The type of its findings.
    pub(crate) finding_type: &'static FindingType,
    /// Its name in titles, such as `SSH`.
    pub(crate) name: &'static str,
    /// Its TCP ports.
    pub(crate) ports: &'static [u16],
    /// What a guess at it looks like.
    pub(crate) shape: Shape,
}

impl Service {
    /// Whether a connection tells something about guesses.
    #[inline]
    pub(crate) fn wants(&self, connection: &Connection) -> bool {
        self.ports.contains(&connection.service_port())
            && connection.protocol == TCP
            && connection.outcome == Outcome::Answered
            && connection.packets_forward() >= *self.shape.packets.start()
    }

    /// Takes a connection.
    pub(crate) fn observe(
        &self,
        rules: &Rules,
        state: &mut State,
        event: &Event<'_, Connections>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let connection = event.row;
        if is_trusted(ctx, connection.remote) {
            return;
        }
        let began = u32::try_from(ctx.entity.first_seen.secs()).unwrap_or(0);
        let alerts = state.connection(connection, event.evidence(), &self.shape, rules, began);
        for alert in alerts {
            self.raise(&alert, connection, event.time(), ctx, out);
        }
        wake_at_next_stop(state, out);
    }

    /// Raises what is due.
    pub(crate) fn wake(
        &self,
        state: &mut State,
        at: Timestamp,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let now = u32::try_from(at.secs()).unwrap_or(u32::MAX);
        let due = [state.stopped(now), state.silenced(now)];
        for (connection, alert) in due.into_iter().flatten() {
            let time = Timestamp::from_secs(i64::from(connection.decided));
            self.raise(&alert, &connection, time, ctx, out);
        }
        wake_at_next_stop(state, out);
    }

    fn raise(
        &self,
        alert: &Alert,
        connection: &Connection,
        time: Timestamp,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let draft = self.draft(alert, connection, time, ctx);
        if alert.rule == Rule::Success
            && let Some(&evidence) = draft.evidence.first()
        {
            out.signal(Signal {
                name: format!("likely success of {} brute force", self.name).into(),
                account: draft.account,
                region: draft.region,
                weight: SUCCESS_WEIGHT,
                evidence,
                anchors: anchors_of(&draft),
                detail: draft.title.as_str().into(),
            });
        }
        out.raise(draft);
    }

    fn draft(
        &self,
        alert: &Alert,
        connection: &Connection,
        time: Timestamp,
        ctx: &Context<'_>,
    ) -> Draft {
        let mut draft = ctx.instance_draft(self.finding_type, time);
        let (instance, remote) = (draft.key.clone(), connection.remote.to_string());
        let (from, at) = if connection.is_outbound {
            draft.role = ResourceRole::Actor;
            draft.severity = Severity::HIGH;
            (&instance, &remote)
        } else {
            draft.role = ResourceRole::Target;
            (&remote, &instance)
        };
        let name = self.name;
        draft.first = Timestamp::from_secs(i64::from(alert.first)).min(time);
        draft.title = format!("{from} is performing {name} brute force attacks against {at}.");
        draft.description = format!(
            "{from} is performing {name} brute force attacks against {at}. Brute force attacks are used to \
             gain unauthorized access to your instance by guessing the {name} password."
        );
        draft.action = ctx.network_action(Ends::from(connection));
        draft.reasons = reasons(alert);
        if alert.rule == Rule::Success {
            draft.additional.insert("likelySuccess".to_owned(), true.into());
        }
        draft.evidence.clone_from(&alert.evidence);
        draft
    }
}

fn wake_at_next_stop(state: &State, out: &mut Out<'_>) {
    if let Some(at) = state.next_stop() {
        out.wake(Timestamp::from_secs(i64::from(at)));
    }
}

fn reasons(alert: &Alert) -> Vec<Reason> {
    let flat = |setting| Reason::new("of nearly the same size, per mille", alert.flat, setting);
    match alert.rule {
        Rule::Many => vec![
            Reason::new("guesses of one source within the window", alert.tries, "tries"),
            flat("flat_per_mille"),
        ],
        Rule::Burst => vec![
            Reason::new("guesses of one source in a burst", alert.tries, "burst_tries"),
            flat("burst_flat_per_mille"),
        ],
        Rule::Distributed => vec![
            Reason::new("guesses of new sources together", alert.tries, "distributed_tries"),
            Reason::new("new sources", alert.remotes, "distributed_sources"),
        ],
        Rule::Spray => {
            let setting =
                if alert.is_learning { "learning_destinations" } else { "spray_destinations" };
            vec![Reason::new("new hosts guessed at", alert.remotes, setting)]
        }
        Rule::Success => vec![Reason::new(
            "bytes of a session after guesses, in those of a guess; or guesses that stopped after it",
            alert.flat,
            "success_factor",
        )],
    }
}
