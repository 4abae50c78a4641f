//! Arguments of the service and of its access keys.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::SeverityBand;

use super::StoredArgs;
use crate::output::Format;

/// Arguments of `serve`.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// Address and port to listen on. Connections are not encrypted: beyond this machine put a proxy with TLS in
    /// front
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8788")]
    pub listen: SocketAddr,

    /// Directory for everything that is kept: findings, journal, logs for evidence. Only its owner can read it
    #[arg(long, value_name = "DIR", default_value = "guardpost-data")]
    pub data_dir: PathBuf,

    /// File of the access keys; by default keys.json in the data directory
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,

    /// Directory that is watched: log files that appear in it are taken in once they no longer grow
    #[arg(long, value_name = "DIR")]
    pub watch: Vec<PathBuf>,

    /// Configuration file; `guardpost config` prints one
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// List of threats, as of `scan`
    #[arg(long, value_name = "[CATEGORY=]FILE", help_heading = "Knowledge")]
    pub threat_list: Vec<String>,

    /// List of addresses and names that raise no finding by being listed elsewhere
    #[arg(long, value_name = "FILE", help_heading = "Knowledge")]
    pub trusted_list: Vec<PathBuf>,

    /// Output of `aws ec2 describe-instances` and others as JSON: names and tags of resources
    #[arg(long, value_name = "FILE", help_heading = "Knowledge")]
    pub inventory: Vec<PathBuf>,

    /// Database of places in MaxMind's format (.mmdb), asked before the built-in table
    #[arg(long, value_name = "FILE", help_heading = "Knowledge")]
    pub geo: Vec<PathBuf>,

    /// What lists are used beside these
    #[command(flatten)]
    pub stored: StoredArgs,
}

/// Arguments of `backup`.
#[derive(Args, Debug)]
pub struct BackupArgs {
    /// Data directory of the service, which may be running
    #[arg(long, value_name = "DIR", default_value = "guardpost-data")]
    pub data_dir: PathBuf,

    /// New directory for the copy
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
}

/// Arguments of `findings`.
#[derive(Args, Debug)]
pub struct FindingsArgs {
    /// Data directory of the service, which may be running
    #[arg(long, value_name = "DIR", default_value = "guardpost-data")]
    pub data_dir: PathBuf,

    /// Show only findings of these types; `*` stands for any characters
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    pub types: Vec<String>,

    /// Show only findings of this or a higher severity: low, medium, high, critical
    #[arg(long, value_name = "SEVERITY")]
    pub min_severity: Option<SeverityBand>,

    /// Show archived findings as well
    #[arg(long)]
    pub archived: bool,

    /// Form of the output; by default a table on a terminal, JSON in a pipe
    #[arg(long, short, value_enum)]
    pub format: Option<Format>,

    /// Use no colors; `NO_COLOR` does the same
    #[arg(long)]
    pub no_color: bool,
}

/// Arguments of `evidence`.
#[derive(Args, Debug)]
pub struct EvidenceArgs {
    /// Identifier of the finding
    #[arg(value_name = "ID")]
    pub id: String,

    /// Data directory of the service, which may be running
    #[arg(long, value_name = "DIR", default_value = "guardpost-data")]
    pub data_dir: PathBuf,
}

/// What to do with access keys.
#[derive(Subcommand, Debug)]
pub enum KeysCommand {
    /// Make a key and print it; its secret is not shown again
    Create(KeyCreateArgs),
    /// List the keys without their secrets
    List(KeyFileArgs),
    /// Take a key out of force, also for a service that runs
    Revoke(KeyRevokeArgs),
}

/// Where access keys are kept.
#[derive(Args, Debug)]
pub struct KeyFileArgs {
    /// Data directory of the service
    #[arg(long, value_name = "DIR", default_value = "guardpost-data")]
    pub data_dir: PathBuf,

    /// File of the access keys; by default keys.json in the data directory
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
}

/// Arguments of `keys create`.
#[derive(Args, Debug)]
pub struct KeyCreateArgs {
    /// Where keys are kept
    #[command(flatten)]
    pub file: KeyFileArgs,

    /// The AWS account that the key is for
    #[arg(long, value_name = "ID")]
    pub account: String,

    /// What its holder may do: admin, analyst, reader (over the API) or ingest (deliver logs)
    #[arg(long, value_name = "ROLE")]
    pub role: String,

    /// Identifier to use instead of one that is made up
    #[arg(long, value_name = "ID")]
    pub access_key_id: Option<String>,

    /// Secret to use instead of one that is made up
    #[arg(long, value_name = "SECRET")]
    pub secret_access_key: Option<String>,
}

/// Arguments of `keys revoke`.
#[derive(Args, Debug)]
pub struct KeyRevokeArgs {
    /// Where keys are kept
    #[command(flatten)]
    pub file: KeyFileArgs,

    /// Identifier of the key
    #[arg(value_name = "ID")]
    pub access_key_id: String,
}

impl KeyFileArgs {
    /// The file.
    pub fn path(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| self.data_dir.join("keys.json"))
    }
}
