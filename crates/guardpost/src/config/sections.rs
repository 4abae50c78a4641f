//! The sections of the configuration file: texts and allowed values of every setting.

use std::ops::RangeInclusive;

use anyhow::{Context as _, Result};
use detectors::{Field, Section, Settings};
use toml::Table;

use super::sources::{BucketConfig, QueueConfig};

/// Every section in the order of the file.
pub(super) fn sections() -> Vec<Section> {
    let detectors = Settings::sections().into_iter();
    let detectors = detectors.map(|it| Section { name: format!("detectors.{}", it.name), ..it });
    own().into_iter().chain(detectors).collect()
}

/// Sections that there may be several of, with the values of one in which only what is needed is given.
pub(super) fn repeated() -> Result<Vec<(Section, Table)>> {
    let about = "cannot write the defaults";
    Ok(vec![
        (queues(), Table::try_from(QueueConfig::default()).context(about)?),
        (buckets(), Table::try_from(BucketConfig::default()).context(about)?),
    ])
}

fn queues() -> Section {
    section(
        "serve.queues",
        "A queue of SQS that tells which objects were written to S3; one such section for each queue. Credentials\n\
         and Region are found as by the AWS CLI.",
        &[
            ("url", 0..=0, "Address of the queue. It must be given."),
            (
                "region",
                0..=0,
                "Region of the queue, if neither its address nor the environment tells it.",
            ),
            (
                "buckets",
                0..=0,
                "Buckets whose objects are taken; messages about others stay in the queue. An empty list stands\n\
                 for all that the credentials may read.",
            ),
            (
                "together",
                10..=1000,
                "Messages whose objects are read together, in the order of their records. Raising it helps\n\
                 where many wait.",
            ),
            ("receivers", 1..=16, "How many receive messages at a time."),
            ("fetches", 1..=64, "Objects that each of them fetches at a time."),
            (
                "wait_secs",
                0..=20,
                "Seconds to wait for messages at a time. Raising it makes fewer requests, and ending take longer.",
            ),
            (
                "visibility_secs",
                30..=43_200,
                "Seconds for which messages are hidden from other receivers; for longer where taking them in takes\n\
                 longer. What failed is tried again after so long.",
            ),
        ],
    )
}

fn buckets() -> Section {
    section(
        "serve.buckets",
        "A bucket of S3 that is listed again and again, where no queue tells of new objects; one such section for\n\
         each bucket or prefix. Credentials and Region are found as by the AWS CLI.",
        &[
            ("bucket", 0..=0, "Name of the bucket. It must be given."),
            ("prefix", 0..=0, "What keys begin with, such as `AWSLogs/`. Empty: the whole bucket."),
            ("region", 0..=0, "Region of the bucket, if the environment does not tell it."),
            (
                "list_secs",
                1..=86_400,
                "Seconds between looks. Each costs at least one request for each thousand objects that it sees.",
            ),
            (
                "lookback_days",
                1..=3650,
                "Below `AWSLogs` only days since the last complete look are listed, and so many before: what is\n\
                 written later into the folder of an earlier day is not seen.",
            ),
            (
                "first_days",
                0..=3650,
                "Days before today that the first look takes in below `AWSLogs`. Elsewhere all objects are taken.",
            ),
            (
                "together",
                1..=10_000,
                "Objects that are read together, in the order of their records. Raising it helps where many wait.",
            ),
            ("fetches", 1..=64, "Objects that are fetched at a time."),
        ],
    )
}

fn section(name: &str, doc: &str, fields: &[(&'static str, RangeInclusive<i64>, &str)]) -> Section {
    let fields = fields.iter().map(|(name, range, doc)| Field {
        name,
        doc: (*doc).to_owned(),
        range: range.clone(),
    });
    Section { name: name.to_owned(), doc: doc.to_owned(), fields: fields.collect() }
}

fn own() -> Vec<Section> {
    vec![
        section(
            "scan",
            "How a scan runs.",
            &[
                (
                    "threads",
                    0..=1024,
                    "Threads; 0 stands for one per core. `--threads` goes first.",
                ),
                (
                    "file_bytes",
                    1 << 10..=1 << 40,
                    "Largest file that is read, in bytes as stored. A file is held in memory while it is read.",
                ),
                (
                    "strict_catalogue",
                    0..=1,
                    "Whether only types of GuardDuty's catalogue are raised, none of Guardpost's own.\n\
                     `--strict-catalogue` does the same.",
                ),
            ],
        ),
        section(
            "limits",
            "Bounds on what is read. What exceeds one is counted and skipped.",
            &[
                (
                    "object_bytes",
                    1 << 10..=1 << 44,
                    "Most decompressed bytes of one file. Time grows with it, memory does not.",
                ),
                (
                    "ratio",
                    10..=1 << 30,
                    "Most decompressed bytes per compressed byte, beyond the first 64 MiB.",
                ),
                ("record_bytes", 1 << 10..=64 << 20, "Longest record, in bytes."),
                ("depth", 8..=1024, "Deepest nesting of a JSON record."),
                ("block_rows", 1..=1 << 20, "Most records that are handed on together."),
                (
                    "window_bytes",
                    1 << 16..=1 << 30,
                    "Text of a large file that is worked on at a time, in bytes.",
                ),
            ],
        ),
        section(
            "intake",
            "How event time passes.",
            &[
                (
                    "batch_rows",
                    1..=1 << 20,
                    "Records that are worked on together. Raising it takes more memory and may be faster.",
                ),
                (
                    "lateness_secs",
                    0..=7 * 86_400,
                    "How late records may come, in seconds. Raising it makes late records rarer and windows\n\
                     close later; AWS delivers most logs within 15 minutes.",
                ),
                (
                    "idle_secs",
                    1..=7 * 86_400,
                    "A source without records for so many seconds of event time holds the others back no more.",
                ),
            ],
        ),
        section(
            "serve",
            "How `guardpost serve` runs.",
            &[
                (
                    "tick_secs",
                    1..=3600,
                    "Seconds without logs after which event time goes on by itself: windows that are open end.",
                ),
                (
                    "snapshot_secs",
                    1..=86_400,
                    "Seconds between snapshots. After a crash so much is worked on again.",
                ),
                ("poll_secs", 1..=3600, "Seconds between looks into watched directories."),
                (
                    "evidence_hours",
                    0..=24 * 400,
                    "Hours for which logs are kept as they came, to fetch evidence from. They take as much space as \
                     the logs.",
                ),
                (
                    "audit_days",
                    1..=36_500,
                    "Days for which the account of changes over the API is kept, a file a day in `audit` of the data\n\
                     directory.",
                ),
                (
                    "tls_certificate",
                    0..=0,
                    "File with the certificate of the service in PEM, those that vouch for it behind. With it connections\n\
                     are TLS only. It is read at the start. Empty: no TLS.",
                ),
                ("tls_key", 0..=0, "File with the private key of that certificate in PEM."),
                (
                    "requests_per_second",
                    0..=100_000,
                    "Requests per second that the API takes with one key, twice as many at once. 0: as many as come.",
                ),
                (
                    "management_account",
                    0..=0,
                    "Management account of the organization, twelve digits: who may name its administrator over the API.\n\
                     Empty: nobody.",
                ),
                (
                    "lists_dir",
                    0..=0,
                    "Directory that `file://` locations of lists may lead into. Empty: such locations are refused.",
                ),
                (
                    "list_buckets",
                    0..=0,
                    "Buckets that `s3://` locations of lists may name. They are read with the credentials of the service,\n\
                     whoever set the list: name none that somebody with a key for lists must not use. Empty: none.",
                ),
                (
                    "list_bytes",
                    1 << 10..=35 << 20,
                    "Largest list that is loaded from a location that a client of the API named, in bytes.",
                ),
                (
                    "list_timeout_secs",
                    1..=3600,
                    "Longest time for loading one such list, in seconds.",
                ),
                (
                    "allow_private_locations",
                    0..=1,
                    "Whether locations that clients of the API name and webhooks may be at private, loopback and\n\
                     link-local addresses. They are asked by the service: with this whoever may set lists may ask what only\n\
                     this machine reaches.",
                ),
                ("allow_http", 0..=1, "Whether such locations may begin with `http://`."),
                (
                    "findings_file",
                    0..=0,
                    "File that findings are appended to, one JSON object a line. Empty: none.",
                ),
                (
                    "webhooks",
                    0..=0,
                    "Where findings are sent, each as `[[serve.webhooks]]` with name (lower-case letters, digits,\n\
                     hyphens), url and secret_file (24 bytes or more, or `whsec_` and their base64).",
                ),
            ],
        ),
        section(
            "engine",
            "How much is remembered.",
            &[(
                "entities_per_key_group",
                1..=1 << 24,
                "Most instances, principals, … of one kind that each of the 256 key groups remembers. Raising\n\
                 it takes more memory; beyond it the least recently active are forgotten and counted.",
            )],
        ),
        section(
            "intel",
            "Lists from public feeds, for `guardpost intel`. A section [intel.feeds.NAME] changes a feed that\n\
             `guardpost intel list` names: enabled, url, category, format (auto, hosts or dshield), license,\n\
             confidence (low, medium or high), refresh_hours. With another name it is a feed of your own and\n\
             needs url and category. `enabled = false` leaves the list of that name out of scans.",
            &[
                (
                    "timeout_secs",
                    1..=3600,
                    "Longest time for one feed, in seconds. Raise it for slow connections.",
                ),
                (
                    "feed_bytes",
                    1 << 10..=35 << 20,
                    "Largest feed that is loaded, in bytes. Larger ones are refused as a whole.",
                ),
            ],
        ),
    ]
}
