//! Dependencies between workspace crates are those of the table in ARCHITECTURE.md, no others.

use super::report::Report;
use crate::cargo::{Dependency, Metadata};

/// What a crate may depend on. A new edge changes ARCHITECTURE.md in the same commit.
struct Row {
    name: &'static str,
    may_use: &'static [&'static str],
    /// Further crates that its tests may use.
    tests_may_use: &'static [&'static str],
}

const LIBRARIES: &[&str] = &[
    "guardpost-model",
    "guardpost-kernels",
    "guardpost-dga",
    "guardpost-telemetry",
    "guardpost-intel",
    "guardpost-findings",
    "guardpost-engine",
    "guardpost-detectors",
    "guardpost-store",
    "guardpost-simulate",
    "guardpost-api",
    "guardpost-aws",
];

const TABLE: &[Row] = &[
    row("guardpost-model", &[], &[]),
    row("guardpost-kernels", &[], &[]),
    row("guardpost-dga", &[], &[]),
    row("guardpost-telemetry", &["guardpost-model", "guardpost-kernels"], &[]),
    row("guardpost-intel", &["guardpost-model"], &[]),
    row("guardpost-findings", &["guardpost-model"], &[]),
    row(
        "guardpost-engine",
        &[
            "guardpost-model",
            "guardpost-kernels",
            "guardpost-telemetry",
            "guardpost-intel",
            "guardpost-findings",
        ],
        &[],
    ),
    // The runner of the fixtures parses native formats and merges drafts, as the binary does.
    row(
        "guardpost-detectors",
        &["guardpost-engine", "guardpost-dga"],
        &[
            "guardpost-model",
            "guardpost-telemetry",
            "guardpost-intel",
            "guardpost-findings",
            "guardpost-store",
        ],
    ),
    row("guardpost-store", &["guardpost-model", "guardpost-findings"], &[]),
    row("guardpost-simulate", &["guardpost-model"], &[]),
    row("guardpost-api", &["guardpost-model", "guardpost-store", "guardpost-findings"], &[]),
    row("guardpost-aws", &["guardpost-model"], &[]),
    row("guardpost", LIBRARIES, &[]),
    // A tool of the repository, not a part of the product.
    row("xtask", LIBRARIES, &[]),
    // Frozen: a change of the product must not move what it is measured against.
    row("bench-floor", &[], &[]),
    row("bench-generate", &[], &[]),
];

const fn row(
    name: &'static str,
    may_use: &'static [&'static str],
    tests_may_use: &'static [&'static str],
) -> Row {
    Row { name, may_use, tests_may_use }
}

/// Reports members that are not in the table and edges that it does not allow.
pub(crate) fn check(metadata: &Metadata, report: &mut Report) {
    let is_member = |name: &str| metadata.packages.iter().any(|package| package.name == name);
    for package in &metadata.packages {
        let Some(row) = TABLE.iter().find(|row| row.name == package.name) else {
            report.error(&package.name, "is not in the table of dependencies (tidy/edges.rs)");
            continue;
        };
        for dependency in package.dependencies.iter().filter(|it| is_member(&it.name)) {
            if !row.allows(dependency) {
                let kind = dependency.kind.as_deref().unwrap_or("ordinary");
                let name = &dependency.name;
                report
                    .error(&package.name, format!("must not depend on {name} ({kind} dependency)"));
            }
        }
    }
}

impl Row {
    fn allows(&self, dependency: &Dependency) -> bool {
        let name = dependency.name.as_str();
        let is_dev = dependency.kind.as_deref() == Some("dev");
        self.may_use.contains(&name) || is_dev && self.tests_may_use.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::Package;

    /// Problems of two packages: the first depends on the second.
    fn problems(from: &str, to: &str, kind: Option<&str>) -> Vec<String> {
        let edge = Dependency { name: to.to_owned(), kind: kind.map(str::to_owned) };
        let package = |name: &str, dependencies| Package {
            name: name.to_owned(),
            manifest_path: "/repo/Cargo.toml".into(),
            dependencies,
            targets: Vec::new(),
        };
        let packages = vec![package(from, vec![edge]), package(to, Vec::new())];
        let mut report = Report::default();
        check(&Metadata { packages, target_directory: "/repo/target".into() }, &mut report);
        report.lines()
    }

    #[test]
    fn an_edge_of_the_table_is_allowed() {
        assert_eq!(problems("guardpost-telemetry", "guardpost-model", None), [""; 0]);
    }

    #[test]
    fn an_edge_that_is_not_in_the_table_is_an_error() {
        assert_eq!(
            problems("guardpost-telemetry", "guardpost-findings", None),
            [
                "error: guardpost-telemetry: must not depend on guardpost-findings (ordinary dependency)"
            ]
        );
        assert_eq!(problems("guardpost-model", "guardpost-kernels", Some("build")).len(), 1);
    }

    #[test]
    fn tests_of_detectors_see_more_than_detectors() {
        assert_eq!(problems("guardpost-detectors", "guardpost-store", Some("dev")), [""; 0]);
        assert_eq!(problems("guardpost-detectors", "guardpost-store", None).len(), 1);
    }

    #[test]
    fn a_crate_that_is_not_in_the_table_is_an_error() {
        assert_eq!(problems("guardpost-utils", "guardpost-model", None).len(), 1);
    }

    #[test]
    fn every_name_in_the_table_has_a_row() {
        for row in TABLE {
            for name in row.may_use.iter().chain(row.tests_may_use) {
                assert!(TABLE.iter().any(|row| row.name == *name), "{name}");
            }
        }
    }
}
