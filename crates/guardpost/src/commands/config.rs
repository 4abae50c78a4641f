//! `guardpost config` and `guardpost check-config`.

use anyhow::Result;

use crate::cli::CheckConfigArgs;
use crate::config::{self, Config};
use crate::output::write;
use crate::text::visible;

/// Prints the configuration file with every default.
pub fn print() -> Result<()> {
    write(&config::print()?, None)
}

/// Checks a file.
pub fn check(args: &CheckConfigArgs) -> Result<()> {
    let config = Config::load(&args.file)?;
    let differs = if config == Config::default() {
        "every setting has its default"
    } else {
        "some settings differ from the defaults"
    };
    let name = visible(&args.file.to_string_lossy());
    write(&format!("{name} is valid: {differs}\n"), None)
}
