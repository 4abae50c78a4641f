//! The command line of `tune`.

use std::path::PathBuf;

use clap::Args;

use super::{ListFormat, StoredArgs};

const TUNE_HELP: &str = "\
Examples:
  guardpost tune AWSLogs                                   # what each threshold would have given
  guardpost tune --types '*:IAMUser/*' --budget 0.5 AWSLogs
  guardpost tune --budget 2 --format json AWSLogs";

/// Arguments of `tune`.
#[derive(Args, Debug)]
#[command(after_help = TUNE_HELP)]
pub struct TuneArgs {
    /// Files and directories, as for `scan`: some weeks of an archive
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Count only findings of these types; `*` stands for any characters
    #[arg(long, value_name = "GLOB", value_delimiter = ',', help_heading = "Selection")]
    pub types: Vec<String>,

    /// Alarms a day that you can look at, for each family: an alarm is a day of an identity with a finding
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = budget, help_heading = "Selection")]
    pub budget: f64,

    /// Leave out events before this date or time (UTC), such as 2026-01-31 or 2026-01-31T14:00:00Z
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub since: Option<String>,

    /// Leave out events from this time on; a date includes its day
    #[arg(long, value_name = "TIME", help_heading = "Selection")]
    pub until: Option<String>,

    /// List of threats, as for `scan`
    #[arg(long, value_name = "[CATEGORY=]FILE", help_heading = "Knowledge")]
    pub threat_list: Vec<String>,

    /// List of addresses and names that are trusted
    #[arg(long, value_name = "FILE", help_heading = "Knowledge")]
    pub trusted_list: Vec<PathBuf>,

    /// Output of `aws ec2 describe-instances` and others as JSON
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

    /// Form of the output
    #[arg(long, short, value_enum, default_value = "table", help_heading = "Output")]
    pub format: ListFormat,

    /// Print nothing but the result and errors
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,

    /// Threads to use; one per core by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Running")]
    pub threads: Option<u16>,
}

/// Alarms a day: more than none, and a number.
pub(super) fn budget(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|it| it.is_finite() && *it > 0.0 && *it <= 1e6);
    number.ok_or_else(|| "give alarms a day, such as 1 or 0.5".to_owned())
}
