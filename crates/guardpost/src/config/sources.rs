//! Settings of sources, of which there may be several: `[[serve.queues]]`, `[[serve.buckets]]`.

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

/// A bucket of S3 that is listed again and again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketConfig {
    /// Its name.
    pub bucket: String,
    /// What keys begin with.
    #[serde(default)]
    pub prefix: String,
    /// Its Region; empty if the environment tells it.
    #[serde(default)]
    pub region: String,
    /// Seconds between looks.
    #[serde(default = "list_secs")]
    pub list_secs: u64,
    /// Days before the last complete look in which keys are looked at again.
    #[serde(default = "lookback_days")]
    pub lookback_days: i64,
    /// Days before today that the first look takes in.
    #[serde(default = "first_days")]
    pub first_days: i64,
    /// Objects that are taken together.
    #[serde(default = "objects_together")]
    pub together: usize,
    /// Objects that are fetched at a time.
    #[serde(default = "fetches")]
    pub fetches: usize,
}

fn list_secs() -> u64 {
    60
}

fn lookback_days() -> i64 {
    2
}

fn first_days() -> i64 {
    7
}

fn objects_together() -> usize {
    1000
}

impl Default for BucketConfig {
    /// As it is when only the name is given; here that of the documentation.
    fn default() -> BucketConfig {
        BucketConfig {
            bucket: "my-logs".to_owned(),
            prefix: String::new(),
            region: String::new(),
            list_secs: list_secs(),
            lookback_days: lookback_days(),
            first_days: first_days(),
            together: objects_together(),
            fetches: fetches(),
        }
    }
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
