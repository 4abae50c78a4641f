//! The contract between the engine and a detector.

use std::time::Duration;

use findings::FindingType;
use intel::Categories;
use model::{Scope, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::kind::{Event, Kind};
use crate::out::Out;

/// A unit of detection: immutable configuration and the transitions of a state that the engine owns.
///
/// The struct is its own configuration. There is one state for each entity of the scope; a detector never
/// blocks, never fails and sees no clock but event time.
pub trait Detector: Send + Sync + 'static {
    /// The kind of event it reads.
    type Reads: Kind;
    /// What it remembers of one entity. A state equal to its default is dropped.
    type State: Default + PartialEq + Serialize + DeserializeOwned + Send;

    /// What the engine has to know of it.
    const SPEC: Spec;

    /// Whether the event matters. Cheap and without state: the state is touched only for wanted events.
    fn wants(&self, event: &Event<'_, Self::Reads>) -> bool;

    /// Advances the state of one entity by one event.
    fn observe(
        &self,
        state: &mut Self::State,
        event: &Event<'_, Self::Reads>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    );

    /// Asks for the memory that `observe` will read of a large state, with [`crate::stats::prefetch`]: called
    /// for all wanted events of some groups before the first of them is observed. Changes nothing.
    #[inline]
    fn prefetch(&self, state: &Self::State, event: &Event<'_, Self::Reads>) {
        let _ = (state, event);
    }

    /// The watermark has reached the time asked for with [`Out::wake`].
    fn wake(&self, state: &mut Self::State, at: Timestamp, ctx: &Context<'_>, out: &mut Out<'_>) {
        let _ = (state, at, ctx, out);
    }

    /// Somebody judged a finding that came from this state.
    fn feedback(
        &self,
        state: &mut Self::State,
        feedback: &Feedback<'_>,
        ctx: &Context<'_>,
        out: &mut Out<'_>,
    ) {
        let _ = (state, feedback, ctx, out);
    }
}

/// What the engine has to know of a detector.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Group and file, such as `ec2/port_scan`; unique.
    pub name: &'static str,
    /// What the state belongs to.
    pub scope: Scope,
    /// A state that saw no event for this long starts anew.
    pub idle: Duration,
    /// Raised when the shape of the state changes; older states are dropped on restore.
    pub version: u16,
    /// The types that it can raise.
    pub types: &'static [&'static FindingType],
    /// Which events it may want at all.
    pub interest: Interest,
}

/// Which events a detector may want at all: what the engine can tell without asking it.
#[derive(Clone, Copy, Debug)]
pub enum Interest {
    /// Any event of its kind.
    Every,
    /// Events whose address or name is on a list of one of these categories.
    Listed(Categories),
    /// Connections to one of these ports, see [`crate::Connection::service_port`].
    Service(&'static [u16]),
    /// API calls with one of these names (no version suffix, no service); the parser keeps their JSON members.
    Calls(&'static [&'static str]),
}

/// A judgement on a finding.
#[derive(Clone, Copy, Debug)]
pub struct Feedback<'a> {
    /// The type of the finding.
    pub finding_type: &'a str,
    /// Aggregation key of the finding.
    pub key: &'a str,
    /// Whether it was worth reporting.
    pub useful: bool,
}
