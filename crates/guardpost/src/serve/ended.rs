//! Threads of the service that tell when they end, also by a panic.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};
use tokio::sync::Notify;

/// Told when a thread ends that should not, and why.
#[derive(Debug, Default)]
pub(super) struct Ended {
    told: Notify,
    panicked: Mutex<Option<String>>,
}

impl Ended {
    /// Waits until a thread has ended.
    pub(super) async fn notified(&self) {
        self.told.notified().await;
    }

    /// The name of the first thread that panicked.
    pub(super) fn panicked(&self) -> Option<String> {
        self.panicked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Tells when it is dropped, which is when its thread ends in whatever way.
struct Guard(Arc<Ended>);

impl Drop for Guard {
    fn drop(&mut self) {
        if thread::panicking() {
            let name = thread::current().name().unwrap_or("?").to_owned();
            let mut panicked = self.0.panicked.lock().unwrap_or_else(PoisonError::into_inner);
            panicked.get_or_insert(name);
        }
        self.0.told.notify_one();
    }
}

/// Starts a thread that tells when it ends.
pub(super) fn spawn(
    name: &str,
    ended: &Arc<Ended>,
    work: impl FnOnce() -> Result<()> + Send + 'static,
) -> Result<JoinHandle<Result<()>>> {
    let guard = Guard(Arc::clone(ended));
    let work = move || {
        let _guard = guard;
        work()
    };
    thread::Builder::new().name(name.to_owned()).spawn(work).context("cannot start a thread")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(work: impl FnOnce() -> Result<()> + Send + 'static) -> Option<String> {
        let ended = Arc::new(Ended::default());
        let thread = spawn("some", &ended, work).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // Comes back only if somebody was told.
        runtime.block_on(ended.notified());
        let _ended = thread.join();
        ended.panicked()
    }

    #[test]
    fn a_thread_that_panics_is_told_of_by_name() {
        assert_eq!(ended(|| panic!("on purpose")), Some("some".to_owned()));
    }

    #[test]
    fn a_thread_that_ends_is_told_of() {
        assert_eq!(ended(|| Ok(())), None);
        assert_eq!(ended(|| anyhow::bail!("no")), None);
    }
}
