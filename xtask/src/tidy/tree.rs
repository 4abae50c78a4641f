//! The files of the repository, read once for all checks.

use super::lexer;
use anyhow::{Context, Result};
use std::fs;
use std::ops::Range;
use std::path::Path;

/// Folders that hold no sources of ours, by their path from the root.
const SKIPPED: &[&str] =
    &[".git", "target", "bench-data", "fuzz/target", "fuzz/corpus", "fuzz/artifacts"];

/// Endings of the files whose text is read.
const TEXT: &[&str] = &["rs", "toml", "md", "yml", "yaml", "sh", "js", "css", "html", "sql", "txt"];

const CFG_TEST: &str = "#[cfg(test)]";

/// All files below the root, in the order of their paths.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Every file.
    pub files: Vec<File>,
}

/// One file.
#[derive(Debug)]
pub(crate) struct File {
    /// Path from the root, with slashes.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// Content, empty for files that are not text of ours.
    pub text: String,
    /// Content with comments and literals blanked, line by line the same; empty if this is not Rust.
    pub code: String,
    /// Lines, from 0, of each item that is there for tests only.
    tests: Vec<Range<usize>>,
    /// Whether the whole file is there for tests or benches.
    is_test: bool,
}

impl Tree {
    /// Reads the tree below `root`.
    pub(crate) fn read(root: &Path) -> Result<Tree> {
        let mut files = Vec::new();
        walk(root, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let modules: Vec<String> = files.iter().flat_map(test_modules).collect();
        for file in &mut files {
            let stem = file.path.trim_end_matches(".rs");
            let is_in = |module: &String| {
                stem.strip_prefix(module)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            file.is_test |= modules.iter().any(is_in);
        }
        Ok(Tree { files })
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.extension() == "rs")
    }

    /// The file at a path from the root.
    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Files below a folder, with their path from it.
    pub(crate) fn below<'a>(
        &'a self,
        folder: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a File)> {
        self.files.iter().filter_map(move |file| {
            let rest = file.path.strip_prefix(folder)?.strip_prefix('/')?;
            Some((rest, file))
        })
    }
}

impl File {
    fn new(path: String, size: u64, text: String) -> File {
        let is_rust = extension(&path) == "rs";
        let code = if is_rust { lexer::code_only(&text) } else { String::new() };
        let tests = test_items(&code);
        let in_folder = |name: &str| path.split('/').any(|part| part == name);
        let is_test = in_folder("tests") || in_folder("benches");
        File { path, size, text, code, tests, is_test }
    }

    /// What follows the last dot of the name.
    pub(crate) fn extension(&self) -> &str {
        extension(&self.path)
    }

    /// The folder below `crates/` that holds this file.
    pub(crate) fn crate_folder(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Lines of code that are not tests, with their numbers from 1.
    pub(crate) fn product(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_skipped =
            |n: &usize| self.is_test || self.tests.iter().any(|range| range.contains(n));
        let lines = self.code.lines().enumerate();
        lines.filter(move |(n, _)| !is_skipped(n)).map(|(n, line)| (n + 1, line))
    }

    /// All lines of code, with their numbers from 1.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(n, line)| (n + 1, line))
    }
}

fn walk(root: &Path, folder: &str, files: &mut Vec<File>) -> Result<()> {
    let dir = root.join(folder);
    for entry in fs::read_dir(&dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let entry = entry.with_context(|| format!("cannot list {}", dir.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let kind = entry.file_type().with_context(|| format!("cannot look at {path}"))?;
        if kind.is_dir() {
            if !SKIPPED.contains(&path.as_str()) {
                walk(root, &path, files)?;
            }
        } else if kind.is_file() {
            files.push(read(root, path)?);
        }
    }
    Ok(())
}

fn read(root: &Path, path: String) -> Result<File> {
    let full = root.join(&path);
    let size = fs::metadata(&full).with_context(|| format!("cannot look at {path}"))?.len();
    let is_text = TEXT.contains(&extension(&path)) && !path.starts_with("fixtures/")
        || path == "fixtures/README.md";
    let text = if is_text {
        fs::read_to_string(&full).with_context(|| format!("cannot read {path}"))?
    } else {
        String::new()
    };
    Ok(File::new(path, size, text))
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Lines of the items under `#[cfg(test)]`: by the house's format an item ends at the first line that starts in
/// column one and ends with a brace or a semicolon.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let lines: Vec<&str> = code.lines().collect();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for start in (0..lines.len()).filter(|&n| lines.get(n) == Some(&CFG_TEST)) {
        let is_end = |line: &&str| !line.starts_with(' ') && line.trim_end().ends_with(['}', ';']);
        let end = lines.iter().skip(start).position(is_end).map_or(lines.len(), |n| start + n + 1);
        ranges.push(start..end);
    }
    ranges
}

/// Paths without ending of the files of modules that a file declares under `#[cfg(test)]`.
fn test_modules(file: &File) -> Vec<String> {
    let stem = file.path.trim_end_matches(".rs");
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    let folder = if matches!(name, "lib" | "main" | "mod") { folder } else { stem };
    let lines = || file.code.lines();
    let pairs = lines().zip(lines().skip(1)).filter(|(first, _)| *first == CFG_TEST);
    let names = pairs.filter_map(|(_, line)| {
        line.trim_start_matches("pub(crate) ").strip_prefix("mod ")?.strip_suffix(';')
    });
    names.map(|name| format!("{folder}/{name}")).collect()
}

/// A temporary tree for the tests of the checks.
#[cfg(test)]
pub(crate) mod temporary {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Writes the files into a folder of their own, reads them as a tree and removes them.
    pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("tidy-{}-{n}", std::process::id()));
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let tree = Tree::read(&root).unwrap();
        fs::remove_dir_all(&root).unwrap();
        tree
    }

    /// What a check says of such a tree.
    pub(crate) fn problems(check: super::super::Check, files: &[(&str, &str)]) -> Vec<String> {
        let mut report = super::super::Report::default();
        check(&tree(files), &mut report);
        report.lines()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(path: &str, text: &str) -> Vec<usize> {
        let file = File::new(path.to_owned(), 0, text.to_owned());
        file.product().map(|(n, _)| n).collect()
    }

    #[test]
    fn the_tests_module_is_not_product() {
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        assert_eq!(product("crates/model/src/a.rs", text), [1, 2, 7]);
    }

    #[test]
    fn a_test_item_hides_only_itself() {
        let text = "#[cfg(test)]\nuse a::{\n    B,\n};\nfn a() {}\n#[cfg(test)]\nfn b() {\n    c();\n}\nmod d {\n}\n";
        assert_eq!(product("crates/model/src/a.rs", text), [5, 10, 11]);
    }

    #[test]
    fn files_in_the_tests_folder_are_not_product() {
        assert_eq!(product("crates/model/tests/a.rs", "fn a() {}\n"), [0; 0]);
        assert_eq!(product("crates/model/benches/a.rs", "fn a() {}\n"), [0; 0]);
    }

    #[test]
    fn a_module_that_is_declared_for_tests_is_not_product() {
        let tree = temporary::tree(&[
            ("src/lib.rs", "#[cfg(test)]\nmod a;\nmod ab;\n"),
            ("src/a.rs", "fn a() {}\n"),
            ("src/a/b.rs", "fn a() {}\n"),
            ("src/ab.rs", "#[cfg(test)]\nmod c;\n"),
            ("src/ab/c.rs", "fn a() {}\n"),
            ("src/c.rs", "fn a() {}\n"),
        ]);
        let with_product = tree.rust().filter(|file| file.product().next().is_some());
        let paths: Vec<&str> = with_product.map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["src/c.rs", "src/lib.rs"]);
    }

    #[test]
    fn build_output_is_not_read() {
        let tree = temporary::tree(&[("target/a.rs", "x"), ("src/target/b.rs", "y")]);
        let paths: Vec<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["src/target/b.rs"]);
    }
}
