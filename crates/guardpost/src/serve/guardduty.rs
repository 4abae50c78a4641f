//! The GuardDuty API over this service's store.

use std::sync::{Arc, LazyLock};

use api::{Clock, Controls, Limits, Locations, State};
use axum::Router;
use engine::model::Timestamp;
use findings::FindingType;
use store::Store;

use super::keys::KeyFile;

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        crate::clock::now()
    }
}

/// The types of findings there are.
fn finding_types() -> &'static [&'static FindingType] {
    static TYPES: LazyLock<Vec<&'static FindingType>> =
        LazyLock::new(|| crate::catalog::served().iter().map(|it| it.finding_type).collect());
    &TYPES
}

/// Every operation that the API serves.
pub(super) fn router(
    store: Arc<dyn Store>,
    keys: Arc<KeyFile>,
    controls: Arc<dyn Controls>,
    locations: Locations,
) -> Router {
    api::router(State {
        store,
        keys,
        clock: Arc::new(WallClock),
        controls,
        finding_types: finding_types(),
        limits: Limits { locations, ..Limits::default() },
    })
}
