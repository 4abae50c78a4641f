//! What a run is told beside the logs: lists, places, descriptions of resources.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use engine::Descriptions;
use intel::{
    Category, Intel, IntelBuilder, ListFormat, ListProblem, ParsedList, Places, parse_list_as,
};
use telemetry::decompressed;

use crate::intel::load::Loaded;
use crate::text::{size, visible};

/// Largest list, description or database, in bytes.
const FILE_MAX: u64 = 1 << 30;

/// Lines of a list that were refused and are told one by one.
const SAMPLES_MAX: usize = 3;

/// What is known before the first record.
pub struct Knowledge {
    /// Lists and places.
    pub intel: Arc<Intel>,
    /// Facts from descriptions.
    pub inventory: Option<Arc<Descriptions>>,
    /// What is to be told to the user, such as lines of a list that were refused.
    pub warnings: Vec<String>,
    /// The lists of the intel directory.
    pub stored: Vec<Loaded>,
}

/// Collects knowledge from files or from memory.
#[derive(Default)]
pub struct Collector {
    builder: IntelBuilder,
    inventory: Option<Descriptions>,
    warnings: Vec<String>,
    stored: Vec<Loaded>,
}

impl Collector {
    /// With the lists that come with the program.
    pub fn new() -> Collector {
        Collector { builder: IntelBuilder::new().with_builtin(), ..Collector::default() }
    }

    /// Adds a list from a file, named as `[CATEGORY=]FILE`.
    pub fn threat_list(&mut self, argument: &str) -> Result<()> {
        let (category, path) = category_and_path(argument)
            .with_context(|| format!("--threat-list `{}`", visible(argument)))?;
        self.list_file(category, Path::new(path), "--threat-list")
    }

    /// Adds a list of addresses and names that are trusted.
    pub fn trusted_list(&mut self, path: &Path) -> Result<()> {
        self.list_file(Category::Trusted, path, "--trusted-list")
    }

    fn list_file(&mut self, category: Category, path: &Path, option: &str) -> Result<()> {
        let bytes = read(path, option)?;
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        self.list(category, &name, &path.to_string_lossy(), &bytes).context(option.to_owned())
    }

    /// Adds a list.
    pub fn list(&mut self, category: Category, name: &str, file: &str, bytes: &[u8]) -> Result<()> {
        let format = ListFormat::detect(file, bytes);
        let (list, problems) = parse_list_as(format, bytes);
        let file = visible(file);
        let samples = samples(&problems);
        if list.is_empty() {
            if samples.is_empty() {
                bail!(
                    "`{file}`, read as {format}, has no entry; give addresses, ranges (CIDR) or domain names, one a line"
                );
            }
            bail!("`{file}`, read as {format}, has no usable entry: {samples}");
        }
        if !samples.is_empty() {
            let count = crate::text::count(list.refused.max(1), "line");
            self.warnings
                .push(format!("{count} of `{file}`, read as {format}, not used: {samples}"));
        }
        self.builder.add_list(name, category, None, list);
        Ok(())
    }

    /// Adds a list of the intel directory.
    pub fn stored_list(&mut self, loaded: Loaded, list: ParsedList) {
        self.builder.add_list(&loaded.name, loaded.category, None, list);
        self.stored.push(loaded);
    }

    /// Tells the user something.
    pub fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Adds a database of places in MaxMind's format.
    pub fn places(&mut self, path: &Path) -> Result<()> {
        let places = Places::from_mmdb(read(path, "--geo")?)
            .with_context(|| format!("--geo `{}`", visible(&path.to_string_lossy())))?;
        self.builder = std::mem::take(&mut self.builder).with_places(places);
        Ok(())
    }

    /// Adds a description from a file.
    pub fn inventory_file(&mut self, path: &Path) -> Result<()> {
        let bytes = read(path, "--inventory")?;
        self.inventory(&visible(&path.to_string_lossy()), &bytes)
    }

    /// Adds a description.
    pub fn inventory(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let inventory = self.inventory.get_or_insert_default();
        let learnt = inventory.add(name, bytes, None, None).context("--inventory")?;
        if learnt.ignored > 0 {
            let count = crate::text::count(learnt.ignored, "object");
            self.warnings
                .push(format!("{count} of {name} lack what is needed and were passed over"));
        }
        Ok(())
    }

    /// The lists so far, for whoever adds others later.
    pub fn lists(&self) -> IntelBuilder {
        self.builder.clone()
    }

    /// Makes everything searchable.
    pub fn build(self) -> Knowledge {
        Knowledge {
            intel: Arc::new(self.builder.build()),
            inventory: self.inventory.map(Arc::new),
            warnings: self.warnings,
            stored: self.stored,
        }
    }
}

/// The first few lines of a list that were refused.
fn samples(problems: &[ListProblem]) -> String {
    let samples = problems.iter().take(SAMPLES_MAX).map(|it| {
        let place = if it.line > 0 { format!("line {}: ", it.line) } else { String::new() };
        let text =
            if it.text.is_empty() { String::new() } else { format!(" (`{}`)", visible(&it.text)) };
        format!("{place}{}{text}", it.cause)
    });
    samples.collect::<Vec<_>>().join("; ")
}

/// Takes `[CATEGORY=]FILE` apart. A file that has the whole name goes first.
pub fn category_and_path(argument: &str) -> Result<(Category, &str)> {
    match argument.split_once('=') {
        Some((category, path)) if !Path::new(argument).exists() => Ok((category.parse()?, path)),
        _ => Ok((Category::Threat, argument)),
    }
}

/// Reads a file, compressed or not.
fn read(path: &Path, option: &str) -> Result<Vec<u8>> {
    let about = || format!("{option}: cannot read `{}`", visible(&path.to_string_lossy()));
    let bytes = fs::metadata(path).with_context(about)?.len();
    if bytes > FILE_MAX {
        bail!("{}: {} are more than {}", about(), size(bytes), size(FILE_MAX));
    }
    unpacked(fs::read(path).with_context(about)?, FILE_MAX).with_context(about)
}

/// The content of a file that may be compressed as logs are.
pub fn unpacked(bytes: Vec<u8>, most: u64) -> Result<Vec<u8>> {
    decompressed(bytes, most).map_err(|cause| anyhow!("{}: {}", cause.as_str(), cause.remedy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_cannot_be_used_are_told_with_the_format() {
        let mut collector = Collector::new();
        let text = b"192.0.2.1\nno entry\n-\n!\n?\n";
        collector.list(Category::Threat, "mine", "mine.txt", text).unwrap();
        let warning = &collector.warnings[0];
        let begin = "4 lines of `mine.txt`, read as TXT, not used: line 2: ";
        assert!(warning.starts_with(begin), "{warning}");
        assert!(warning.contains("line 4: ") && !warning.contains("line 5"), "{warning}");
        let error = collector.list(Category::Threat, "x", "x.json", b"{\"a\": 1}").unwrap_err();
        assert!(error.to_string().starts_with("`x.json`, read as STIX, has no"), "{error}");
    }
}
