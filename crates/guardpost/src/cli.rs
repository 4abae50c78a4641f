//! The command line.

mod intel;
mod serve;
mod summary;
mod tune;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use model::SeverityBand;

pub use intel::{
    IntelAddArgs, IntelArgs, IntelCommand, IntelListArgs, IntelLookupArgs, IntelUpdateArgs,
};
pub use serve::{
    BackupArgs, EvidenceArgs, FindingsArgs, KeyCreateArgs, KeyFileArgs, KeyRevokeArgs, KeysCommand,
    ServeArgs,
};
pub use summary::SummaryArgs;
pub use tune::TuneArgs;

use crate::output::Format;

const EXIT_CODES: &str = "\
Exit codes of all commands:
  0  done, whatever was found
  1  wrong use, or something could not be read or written
  2  --fail-on: there is a finding of that or a higher severity
  3  --strict: a record or file was skipped";

/// Watches AWS accounts through their own logs and reports findings in GuardDuty's form.
#[derive(Parser, Debug)]
#[command(name = "guardpost", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Look for threats in CloudTrail, VPC flow and Route 53 Resolver query logs
    Scan(Box<ScanArgs>),
    /// Scan samples that come with the program and write guardpost-report.html
    Demo(DemoArgs),
    /// Tell what the logs say of one principal or instance: when, where from, what it did, findings
    Summary(Box<SummaryArgs>),
    /// Show how many findings each threshold would have given on your logs, and propose one
    Tune(Box<TuneArgs>),
    /// Write logs with attacks in them, to see that they are found
    Simulate(SimulateArgs),
    /// Fetch public lists of threats and keep them for scans; list them and look values up
    #[command(subcommand)]
    Intel(IntelCommand),
    /// Say which finding types could be raised on these logs, and what to change for the others
    Coverage(CoverageArgs),
    /// Take logs in day and night, keep findings, answer over GuardDuty's API
    Serve(Box<ServeArgs>),
    /// Print the findings of a service
    Findings(FindingsArgs),
    /// Copy the data of a service, which may be running
    Backup(BackupArgs),
    /// Print the records behind a finding of a service
    Evidence(EvidenceArgs),
    /// Make, list and revoke access keys of the service
    #[command(subcommand)]
    Keys(KeysCommand),
    /// List the finding types
    Types(TypesArgs),
    /// Show what a finding type means, how it is detected and what to do; or why one finding was raised
    Explain(ExplainArgs),
    /// Print the configuration file with every default
    Config,
    /// Check a configuration file
    CheckConfig(CheckConfigArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print a manual page: `guardpost manual | man -l -`
    Manual(ManualArgs),
}

/// Arguments of `scan`.
#[derive(Args, Debug, Default)]
#[command(after_help = EXIT_CODES)]
pub struct ScanArgs {
    /// Files and directories, such as a copy of the bucket's `AWSLogs`; `-` is standard input. Plain, gzip,
    /// zstd or Parquet; the format is told from the content
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// List of threats: addresses, CIDR ranges, names or SHA-256, one a line, CSV, or as GuardDuty takes lists
    /// (STIX, OTX, `AlienVault`, `ProofPoint`, `FireEye`), told from the content. Without a category it is your
    /// own threat list; with one, such as `tor-exit=` or `command-and-control=`, its entries raise the types of
    /// that category
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

    /// What lists the run uses beside these
    #[command(flatten)]
    pub stored: StoredArgs,

    /// What earlier scans learnt to be usual: read if the file is there, and written when the scan is done. Records
    /// that were learnt already are left out
    #[arg(long, value_name = "FILE", help_heading = "Knowledge")]
    pub baseline: Option<PathBuf>,

    /// Configuration file; `guardpost config` prints one
    #[arg(long, short, value_name = "FILE", help_heading = "Knowledge")]
    pub config: Option<PathBuf>,

    /// Leave out events before this date or time (UTC), such as 2026-01-31 or 2026-01-31T14:00:00Z
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub since: Option<String>,

    /// Leave out events from this time on; a date includes its day
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub until: Option<String>,

    /// Show only findings of these types; `*` stands for any characters
    #[arg(long, value_name = "GLOB", value_delimiter = ',', help_heading = "Selection")]
    pub types: Vec<String>,

    /// Show only findings of this or a higher severity: low, medium, high, critical
    #[arg(long, value_name = "SEVERITY", help_heading = "Selection")]
    pub min_severity: Option<SeverityBand>,

    /// Custom detection rules that are on, beside those of the configuration file: `all` or names; with
    /// `dry-run` their matches are only counted, those of all rules where none is named
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Selection")]
    pub custom_rules: Vec<String>,

    /// Raise only types of GuardDuty's catalogue, none of Guardpost's own
    #[arg(long, help_heading = "Selection")]
    pub strict_catalogue: bool,

    /// Form of the output; by default that of FILE's name, a table on a terminal, JSON in a pipe
    #[arg(long, short, value_enum, help_heading = "Output")]
    pub format: Option<Format>,

    /// Write the findings to a file
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Score unusual behavior without raising it, and propose the threshold that gives N alarms a day, by default 1;
    /// `guardpost tune` shows more
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1",
        value_parser = tune::budget, help_heading = "Selection")]
    pub shadow: Option<f64>,

    /// Use no colors; `NO_COLOR` does the same
    #[arg(long, help_heading = "Output")]
    pub no_color: bool,

    /// Print nothing but findings and errors
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,

    /// Exit with 2 if there is a finding of this or a higher severity among those that are shown
    #[arg(long, value_name = "SEVERITY", help_heading = "Running")]
    pub fail_on: Option<SeverityBand>,

    /// Exit with 3 if any record or file had to be skipped
    #[arg(long, help_heading = "Running")]
    pub strict: bool,

    /// Threads to use; one per core by default. The findings do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Running")]
    pub threads: Option<u16>,
}

/// Arguments of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Where the report is written
    #[arg(long, short, value_name = "FILE", default_value = "guardpost-report.html")]
    pub output: PathBuf,

    /// Use no colors; `NO_COLOR` does the same
    #[arg(long)]
    pub no_color: bool,
}

/// Arguments of `simulate`.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// A finding type, a scenario of AWS's tester such as `ec2/Portscan`, or `all`; a part of a name that no
    /// other has is enough
    #[arg(value_name = "NAME", required_unless_present = "list")]
    pub name: Option<String>,

    /// New folder that the files are written to
    #[arg(long, short, value_name = "DIR", required_unless_present = "list")]
    pub out: Option<PathBuf>,

    /// Another seed gives other ordinary activity and other details
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// First day of the logs; 2026-01-05 by default
    #[arg(long, value_name = "DATE")]
    pub start: Option<String>,

    /// Days of ordinary activity before the day of the attacks, at least
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=366))]
    pub days: u32,

    /// List the scenarios
    #[arg(long, conflicts_with_all = ["name", "out", "start"])]
    pub list: bool,
}

/// Arguments of `coverage`.
#[derive(Args, Debug)]
pub struct CoverageArgs {
    /// Files and directories, as for `scan`
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// List of threats, as for `scan`
    #[arg(long, value_name = "[CATEGORY=]FILE")]
    pub threat_list: Vec<String>,

    /// List of addresses and names that are trusted
    #[arg(long, value_name = "FILE")]
    pub trusted_list: Vec<PathBuf>,

    /// Output of `aws ec2 describe-instances` and others as JSON
    #[arg(long, value_name = "FILE")]
    pub inventory: Vec<PathBuf>,

    /// What lists the run uses beside these
    #[command(flatten)]
    pub stored: StoredArgs,

    /// Configuration file; `guardpost config` prints one
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Leave out events before this date or time (UTC)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,

    /// Leave out events from this time on; a date includes its day
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,

    /// Form of the output
    #[arg(long, short, value_enum, default_value = "table")]
    pub format: ListFormat,

    /// Threads to use; one per core by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Where the lists lie that `intel` keeps.
#[derive(Args, Debug, Default, Clone)]
pub struct StoredArgs {
    /// Directory of the lists that `guardpost intel` keeps; by default `guardpost/intel` in the user's data
    /// directory, where there is one
    #[arg(long, value_name = "DIR", help_heading = "Knowledge", conflicts_with = "no_intel_dir")]
    pub intel_dir: Option<PathBuf>,

    /// Use no list that `guardpost intel` keeps
    #[arg(long, help_heading = "Knowledge")]
    pub no_intel_dir: bool,
}

/// Arguments of `types`.
#[derive(Args, Debug)]
pub struct TypesArgs {
    /// Form of the output
    #[arg(long, short, value_enum, default_value = "table")]
    pub format: ListFormat,

    /// List only the types that are raised
    #[arg(long)]
    pub served: bool,
}

/// A form of lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// One JSON document.
    Json,
}

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// Name of a finding type in any case, or a part that no other has; or a file with findings as `scan` writes
    /// them in JSON (`-` is standard input), to see on one screen why a finding was raised
    #[arg(value_name = "TYPE|FILE")]
    pub name: String,

    /// The finding in the file, if there are several: its identifier or the beginning of it
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
}

/// Arguments of `check-config`.
#[derive(Args, Debug)]
pub struct CheckConfigArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `manual`.
#[derive(Args, Debug)]
pub struct ManualArgs {
    /// The command whose page is printed, such as scan; without it that of the program
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}
