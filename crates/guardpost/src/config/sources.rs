//! Settings of sources, of which there may be several: `[[serve.queues]]`.

use serde::{Deserialize, Serialize};

/// A queue of SQS that tells of new objects in S3.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// The queue's address.
    pub url: String,
    /// Its Region; empty if its address or the environment tells it.
    #[serde(default)]
    pub region: String,
    /// Buckets whose objects are taken; none stands for all.
    #[serde(default)]
    pub buckets: Vec<String>,
    /// Messages that are taken together.
    #[serde(default = "together")]
    pub together: usize,
    /// How many receive at a time.
    #[serde(default = "receivers")]
    pub receivers: usize,
    /// Objects that each of them fetches at a time.
    #[serde(default = "fetches")]
    pub fetches: usize,
    /// Seconds to wait for messages.
    #[serde(default = "wait_secs")]
    pub wait_secs: u64,
    /// Seconds for which messages are hidden from other receivers.
    #[serde(default = "visibility_secs")]
    pub visibility_secs: u64,
}

fn together() -> usize {
    100
}

fn receivers() -> usize {
    2
}

fn fetches() -> usize {
    8
}

fn wait_secs() -> u64 {
    5
}

fn visibility_secs() -> u64 {
    300
}

impl Default for QueueConfig {
    /// As it is when only the address is given; here that of the documentation.
    fn default() -> QueueConfig {
        QueueConfig {
            url: "https://sqs.us-east-1.amazonaws.com/111122223333/guardpost".to_owned(),
            region: String::new(),
            buckets: Vec::new(),
            together: together(),
            receivers: receivers(),
            fetches: fetches(),
            wait_secs: wait_secs(),
            visibility_secs: visibility_secs(),
        }
    }
}
