//! The commands of `intel` and their arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ListFormat;

/// The commands of `intel`.
#[derive(Subcommand, Debug)]
pub enum IntelCommand {
    /// Ask the feeds that are on for their lists; what cannot be refreshed stays as it is
    Update(IntelUpdateArgs),
    /// Keep a list of your own for scans, in place of the one of its name
    Add(IntelAddArgs),
    /// Show the lists that are kept, and the feeds that are known with their terms
    List(IntelListArgs),
    /// Say what lists have an address, a name or a SHA-256, and where an address is
    Lookup(IntelLookupArgs),
}

/// Arguments that the commands of `intel` share.
#[derive(Args, Debug, Default)]
pub struct IntelArgs {
    /// Directory of the lists; by default `guardpost/intel` in the user's data directory
    #[arg(long, visible_alias = "intel-dir", value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Configuration file; `[intel.feeds.NAME]` changes feeds and adds some
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Arguments of `intel update`.
#[derive(Args, Debug)]
pub struct IntelUpdateArgs {
    /// Feeds to ask; by default all that are on
    #[arg(value_name = "FEED")]
    pub feeds: Vec<String>,

    /// Directory and configuration
    #[command(flatten)]
    pub shared: IntelArgs,

    /// Ask feeds that are not due as well, and take over lists that shrank
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `intel add`.
#[derive(Args, Debug)]
pub struct IntelAddArgs {
    /// The list, as for `--threat-list` of `scan`; `trusted=` makes it a trusted list
    #[arg(value_name = "[CATEGORY=]FILE")]
    pub file: String,

    /// Name of the list; by default that of the file
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Directory of the lists; by default `guardpost/intel` in the user's data directory
    #[arg(long, visible_alias = "intel-dir", value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Arguments of `intel list`.
#[derive(Args, Debug)]
pub struct IntelListArgs {
    /// Directory and configuration
    #[command(flatten)]
    pub shared: IntelArgs,

    /// Form of the output
    #[arg(long, short, value_enum, default_value = "table")]
    pub format: ListFormat,
}

/// Arguments of `intel lookup`.
#[derive(Args, Debug)]
pub struct IntelLookupArgs {
    /// An address, a name, a URL or a SHA-256
    #[arg(value_name = "VALUE")]
    pub value: String,

    /// Directory and configuration
    #[command(flatten)]
    pub shared: IntelArgs,

    /// Database of places in MaxMind's format (.mmdb), asked before the built-in table
    #[arg(long, value_name = "FILE")]
    pub geo: Vec<PathBuf>,

    /// Form of the output
    #[arg(long, short, value_enum, default_value = "table")]
    pub format: ListFormat,
}
