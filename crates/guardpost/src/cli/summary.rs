//! The command line of `summary`.

use std::path::PathBuf;

use clap::Args;

use super::{ListFormat, StoredArgs};

const SUMMARY_HELP: &str = "\
Examples:
  guardpost summary --principal arn:aws:iam::111122223333:user/carol AWSLogs
  guardpost summary --principal arn:aws:iam::111122223333:role/web AWSLogs --since 2026-01-01
  guardpost summary --instance i-0a1b2c3d4e5f60718 AWSLogs --inventory instances.json -f json";

/// Arguments of `summary`.
#[derive(Args, Debug, Default)]
#[command(group(clap::ArgGroup::new("subject").required(true)), after_help = SUMMARY_HELP)]
pub struct SummaryArgs {
    /// Files and directories, as for `scan`
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// ARN of a user, a role (all its sessions), one session of a role or the root user; or an access key id
    #[arg(long, value_name = "ARN", group = "subject", help_heading = "Subject")]
    pub principal: Option<String>,

    /// Id of an EC2 instance: its traffic, queries and the calls with its role's credentials
    #[arg(long, value_name = "ID", group = "subject", help_heading = "Subject")]
    pub instance: Option<String>,

    /// List of threats, as for `scan`
    #[arg(long, value_name = "[CATEGORY=]FILE", help_heading = "Knowledge")]
    pub threat_list: Vec<String>,

    /// List of addresses and names that are trusted
    #[arg(long, value_name = "FILE", help_heading = "Knowledge")]
    pub trusted_list: Vec<PathBuf>,

    /// Output of `aws ec2 describe-instances` and others as JSON: says whose an interface or address is
    #[arg(long, value_name = "FILE", help_heading = "Knowledge")]
    pub inventory: Vec<PathBuf>,

    /// Database of places in MaxMind's format (.mmdb), asked before the built-in table
    #[arg(long, value_name = "FILE", help_heading = "Knowledge")]
    pub geo: Vec<PathBuf>,

    /// What lists the run uses beside these
    #[command(flatten)]
    pub stored: StoredArgs,

    /// Configuration file; `guardpost config` prints one
    #[arg(long, short, value_name = "FILE", help_heading = "Knowledge")]
    pub config: Option<PathBuf>,

    /// Leave out events before this date or time (UTC), such as 2026-01-31 or 2026-01-31T14:00:00Z
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub since: Option<String>,

    /// Leave out events from this time on; a date includes its day
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub until: Option<String>,

    /// How many addresses, APIs and so on are named of each kind; the totals are told as well
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000),
        help_heading = "Selection")]
    pub top: u16,

    /// Form of the output; by default that of FILE's name, else a table
    #[arg(long, short, value_enum, help_heading = "Output")]
    pub format: Option<ListFormat>,

    /// Write the summary to a file
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Print nothing but the summary and errors
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,

    /// Threads to use; one per core by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Running")]
    pub threads: Option<u16>,
}
