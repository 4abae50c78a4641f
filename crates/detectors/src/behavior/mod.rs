//! What identities usually do: the model that anomalous behavior of principals, of readers of buckets and of
//! users of models is judged by.
//!
//! Each value of a call (its API, network, country, Region, hour …) has a probability that backs off from the
//! identity to its account, to the organization and to a uniform base ([`engine::stats::backoff`]). The
//! surprise of the values of an hour makes its score.

pub(crate) mod agent;
pub(crate) mod api;
pub(crate) mod attribute;
pub(crate) mod budget;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod score;
pub(crate) mod track;
pub(crate) mod values;
pub(crate) mod window;

/// Names the rules of scoring in findings; raised when they change.
pub(crate) const MODEL_VERSION: &str = "backoff-1";
