//! Hears from the API that an entry of its control journal was written, and passes it on.

use std::sync::Arc;

use api::Controls;

use super::status::Status;
use super::suppressions::Suppressions;

/// Everybody who has to hear of it.
pub(super) struct Notice {
    /// Filters that archive.
    pub(super) suppressions: Arc<Suppressions>,
    /// From here the recorder puts it into the journal, and lists are loaded.
    pub(super) status: Arc<Status>,
}

impl Controls for Notice {
    fn written(&self, sequence: u64) {
        self.suppressions.stale();
        self.status.control_written(sequence);
    }
}
