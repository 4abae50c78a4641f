//! `guardpost manual`: the manual pages, made from the command line itself.

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::cli::{Cli, ManualArgs};
use crate::output::write;

/// Prints the page of the program or of one command, as roff.
pub fn run(args: &ManualArgs) -> Result<()> {
    let mut program = Cli::command();
    program.build();
    let page = match &args.command {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            found.with_context(|| format!("there is no command `{name}`: see `guardpost help`"))?
        }
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    write(&String::from_utf8_lossy(&text), None)
}
