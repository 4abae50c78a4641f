//! `cargo xtask tidy`: rules of the repository that no other tool knows, one file each.

mod changelog;
mod edges;
mod fixtures;
mod forbid;
mod heads;
mod layout;
mod length;
mod lexer;
mod marks;
mod purity;
mod report;
mod tree;

use anyhow::{Result, bail};
use report::Report;
use std::path::Path;
use tree::Tree;

/// A check: reads the tree, adds what it finds to the report.
type Check = fn(&Tree, &mut Report);

const CHECKS: &[Check] = &[
    forbid::check,
    heads::check,
    length::check,
    layout::check,
    marks::check,
    purity::check,
    fixtures::check,
    changelog::check,
];

/// Runs all checks on the workspace at `root` and fails if one found an error.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let mut report = Report::default();
    edges::check(&crate::cargo::metadata()?, &mut report);
    for check in CHECKS {
        check(&tree, &mut report);
    }
    print!("{report}");
    match report.errors() {
        0 => Ok(()),
        1 => bail!("tidy found 1 error"),
        errors => bail!("tidy found {errors} errors"),
    }
}
