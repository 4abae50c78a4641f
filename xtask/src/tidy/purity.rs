//! No clock, thread or I/O below the binary: the result is a function of the journal.

use super::report::Report;
use super::tree::Tree;

const PURE: &[&str] =
    &["model", "kernels", "telemetry", "intel", "findings", "engine", "detectors", "simulate"];

/// Paths that reach outside of the program.
const PATHS: &[&str] = &[
    "std::thread",
    "std::fs",
    "std::env",
    "std::process",
    "thread::",
    "fs::",
    "env::",
    "process::",
];

/// Names that do, wherever they come from.
const NAMES: &[&str] = &[
    "SystemTime",
    "Instant",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "stdin",
    "stdout",
    "stderr",
    "available_parallelism",
];

/// Members of `std` that do, in a grouped import.
const MODULES: &[&str] = &["thread", "fs", "env", "process"];

/// Reports clock, threads and I/O in the pure crates; tests may use them.
pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for file in tree.rust() {
        if !file.crate_folder().is_some_and(|folder| PURE.contains(&folder)) {
            continue;
        }
        let mut in_std_import = false;
        for (line, code) in file.product() {
            in_std_import |= code.trim_start().starts_with("use std::");
            if let Some(name) = impure(code, in_std_import) {
                report.error_at(
                    &file.path,
                    line,
                    format!("`{name}` in a crate without clock, threads and I/O"),
                );
            }
            in_std_import &= !code.contains(';');
        }
    }
}

/// The first thing in a line of code that reaches outside.
fn impure(code: &str, in_std_import: bool) -> Option<&'static str> {
    let mut words = code.split(|c: char| !is_word(c));
    let by_name = words.find_map(|word| {
        let modules: &[&str] = if in_std_import { MODULES } else { &[] };
        NAMES.iter().chain(modules).find(|name| **name == word).copied()
    });
    by_name.or_else(|| PATHS.iter().copied().find(|path| has_path(code, path)))
}

/// Whether `path` stands in the code at the start of a path or after `std::`.
fn has_path(code: &str, path: &str) -> bool {
    code.match_indices(path).any(|(at, _)| {
        let before = code.get(..at).unwrap_or_default();
        !before.ends_with(|c: char| is_word(c) || c == ':') || before.ends_with("std::")
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::super::tree::temporary::problems;
    use super::*;

    fn is_reported(path: &str, text: &str) -> bool {
        !problems(check, &[(path, text)]).is_empty()
    }

    #[test]
    fn clock_threads_and_files_are_reported_in_pure_crates() {
        for text in [
            "use std::time::{Duration, Instant};\n",
            "let now = std::time::SystemTime::now();\n",
            "use std::{\n    fmt,\n    fs,\n};\n",
            "use std::thread;\n",
            "fn a() { std::thread::spawn(b); }\n",
            "let a = fs::read(b);\n",
            "let a = std::env::var(b);\n",
            "use std::net::TcpStream;\n",
            "fn a() { std::io::stdout(); }\n",
        ] {
            assert!(is_reported("crates/engine/src/a.rs", text), "{text}");
            assert!(!is_reported("crates/guardpost/src/a.rs", text), "{text}");
        }
    }

    #[test]
    fn tests_may_use_them() {
        let text = "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert!(!is_reported("crates/engine/src/a.rs", text));
        assert!(!is_reported("crates/engine/tests/a.rs", "use std::fs;\n"));
    }

    #[test]
    fn words_that_look_alike_are_left_alone() {
        for text in [
            "use std::net::IpAddr;\nuse std::time::Duration;\n",
            "use crate::process;\nlet thread = 1;\n",
            "// std::fs\nlet offs::a = b;\n",
            "let a = env!(b);\n",
            "use crate::rows::process::Kind;\n",
        ] {
            assert!(!is_reported("crates/engine/src/a.rs", text), "{text}");
        }
    }
}
