//! The configuration file: every setting with its default.

mod print;
mod range;
mod sections;
mod sources;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use detectors::Settings;
use detectors::rules::Selection;
use engine::{EngineOptions, IntakeOptions};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use telemetry::Limits;

use crate::intel::settings::IntelConfig;
use crate::serve::publish::Webhook;

pub use print::{print, print_sections};
pub use sources::{BucketConfig, QueueConfig};

/// Longest configuration file, in bytes.
const CONFIG_MAX: u64 = 4 << 20;

/// Everything that a user can set.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How a scan runs.
    pub scan: ScanConfig,
    /// Bounds on what is read.
    pub limits: Limits,
    /// How event time passes.
    pub intake: IntakeConfig,
    /// How much is remembered.
    pub engine: EngineConfig,
    /// How the service runs.
    pub serve: ServeConfig,
    /// Lists from public feeds.
    pub intel: IntelConfig,
    /// Settings of each detector.
    pub detectors: Settings,
}

/// How a scan runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScanConfig {
    /// Threads; 0 stands for one per core.
    pub threads: usize,
    /// Largest file that is read, in bytes as stored. A file is held in memory while it is read.
    pub file_bytes: u64,
    /// Whether only types of GuardDuty's catalogue are raised.
    pub strict_catalogue: bool,
}

impl Default for ScanConfig {
    fn default() -> ScanConfig {
        ScanConfig { threads: 0, file_bytes: 4 << 30, strict_catalogue: false }
    }
}

/// How event time passes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntakeConfig {
    /// Rows of a batch.
    pub batch_rows: usize,
    /// How late records may come, in seconds.
    pub lateness_secs: u64,
    /// After how many seconds a source without records holds nobody back.
    pub idle_secs: u64,
}

impl Default for IntakeConfig {
    fn default() -> IntakeConfig {
        let options = IntakeOptions::default();
        IntakeConfig {
            batch_rows: options.batch_rows,
            lateness_secs: options.lateness.as_secs(),
            idle_secs: options.idle.as_secs(),
        }
    }
}

/// How the service runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServeConfig {
    /// Seconds without logs after which event time goes on by itself.
    pub tick_secs: u64,
    /// Seconds between snapshots.
    pub snapshot_secs: u64,
    /// Seconds between looks into watched directories.
    pub poll_secs: u64,
    /// Hours for which logs are kept for evidence.
    pub evidence_hours: u64,
    /// Days for which the account of changes over the API is kept.
    pub audit_days: u64,
    /// File with the certificate for TLS; empty for none.
    pub tls_certificate: String,
    /// File with its private key.
    pub tls_key: String,
    /// Requests per second to the API with one key; 0 for no limit.
    pub requests_per_second: u32,
    /// Management account of the organization; empty for none.
    pub management_account: String,
    /// Directory that `file://` locations of lists may lead into; empty for none.
    pub lists_dir: String,
    /// Buckets that `s3://` locations of lists may name.
    pub list_buckets: Vec<String>,
    /// Largest list, in bytes.
    pub list_bytes: u64,
    /// Longest time for one list, in seconds.
    pub list_timeout_secs: u64,
    /// Whether what clients name may be at private, loopback and link-local addresses.
    pub allow_private_locations: bool,
    /// Whether what clients name may be asked without TLS.
    pub allow_http: bool,
    /// Queues that tell of new objects in S3.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<QueueConfig>,
    /// Buckets that are listed again and again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<BucketConfig>,
    /// File that findings are appended to; empty for none.
    pub findings_file: String,
    /// Where findings are sent.
    pub webhooks: Vec<Webhook>,
}

impl Default for ServeConfig {
    fn default() -> ServeConfig {
        ServeConfig {
            tick_secs: 30,
            snapshot_secs: 300,
            poll_secs: 2,
            evidence_hours: 7 * 24,
            audit_days: 365,
            tls_certificate: String::new(),
            tls_key: String::new(),
            requests_per_second: 200,
            management_account: String::new(),
            lists_dir: String::new(),
            list_buckets: Vec::new(),
            list_bytes: 35 << 20,
            list_timeout_secs: 60,
            allow_private_locations: false,
            allow_http: false,
            queues: Vec::new(),
            buckets: Vec::new(),
            findings_file: String::new(),
            webhooks: Vec::new(),
        }
    }
}

/// How much is remembered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// Entities of one scope that one of the 256 key groups remembers.
    pub entities_per_key_group: usize,
}

impl Default for EngineConfig {
    fn default() -> EngineConfig {
        let entities_per_key_group = EngineOptions::default().entities_per_key_group;
        EngineConfig { entities_per_key_group }
    }
}

impl Config {
    /// Reads a file. Unknown keys and values out of range are errors that name them.
    pub fn load(path: &Path) -> Result<Config> {
        let shown = crate::text::visible(&path.to_string_lossy());
        let about = || format!("cannot read configuration `{shown}`");
        let metadata = fs::metadata(path).with_context(about)?;
        if metadata.len() > CONFIG_MAX {
            bail!("cannot read configuration `{shown}`: longer than {CONFIG_MAX} bytes");
        }
        let text = fs::read_to_string(path).with_context(about)?;
        Config::parse(&text).with_context(|| {
            format!("cannot use configuration `{shown}`; `guardpost config` prints every setting")
        })
    }

    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Config> {
        // The text is read twice: only the table has numbers that do not fit their type, such as -1.
        if let Ok(table) = text.parse() {
            let repeated = sections::repeated()?.into_iter().map(|it| it.0);
            let sections: Vec<_> = sections::sections().into_iter().chain(repeated).collect();
            range::check(&table, &sections)?;
        }
        let config: Config = toml::from_str(text)?;
        config.intel.feeds()?;
        Ok(config)
    }

    /// Takes what the command line says of rules: `all`, `dry-run` and names.
    pub fn select(&mut self, rules: &[String], strict_catalogue: bool) -> Result<()> {
        const DRY_RUN: &str = "dry-run";
        self.scan.strict_catalogue |= strict_catalogue;
        let custom = &mut self.detectors.rules.custom_detection;
        let named = || rules.iter().map(|it| it.trim()).filter(|it| *it != DRY_RUN);
        if !rules.is_empty() {
            custom.rules = custom.rules.with(Selection::of(named()).context("--custom-rules")?);
            if named().next().is_none() {
                custom.rules = Selection::all();
            }
        }
        custom.dry_run |= rules.iter().any(|it| it.trim() == DRY_RUN);
        Ok(())
    }

    /// The settings of the detectors in force.
    pub fn in_force(&self) -> Settings {
        if self.scan.strict_catalogue {
            detectors::catalogue_only(&self.detectors)
        } else {
            self.detectors.clone()
        }
    }

    /// SHA-256 of all settings that findings depend on, in hexadecimal digits: equal for equal settings,
    /// whether given or left at their defaults.
    pub fn fingerprint(&self) -> String {
        let mut settings = self.clone();
        settings.scan.threads = 0;
        // Where logs come from does not change what is found in them.
        settings.serve.queues.clear();
        settings.serve.buckets.clear();
        // Settings that cannot be written have no file either: the result is empty, as of none known.
        let text = toml::to_string(&settings).unwrap_or_default();
        if text.is_empty() {
            return text;
        }
        Sha256::digest(text).iter().fold(String::new(), |mut digits, byte| {
            // Writing to a string cannot fail.
            let _ok = write!(digits, "{byte:02x}");
            digits
        })
    }

    /// Options of the journal's writer.
    pub fn intake(&self, not_after: Timestamp) -> IntakeOptions {
        IntakeOptions {
            batch_rows: self.intake.batch_rows,
            lateness: Duration::from_secs(self.intake.lateness_secs),
            idle: Duration::from_secs(self.intake.idle_secs),
            not_after,
        }
    }

    /// Options of the engine.
    pub fn engine(&self) -> EngineOptions {
        EngineOptions {
            lateness: Duration::from_secs(self.intake.lateness_secs),
            entities_per_key_group: self.engine.entities_per_key_group,
            ..EngineOptions::default()
        }
    }
}
