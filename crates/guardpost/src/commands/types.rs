//! `guardpost types`: the whole catalogue.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use findings::Data;
use serde::Serialize;

use crate::catalog::{self, Served};
use crate::cli::{ListFormat, TypesArgs};
use crate::output::write;

/// A type as JSON. Members that are not known of a type that is not raised are null.
#[derive(Serialize, Default)]
struct Entry {
    #[serde(rename = "type")]
    name: &'static str,
    served: bool,
    severity: Option<u8>,
    band: Option<String>,
    title: Option<&'static str>,
    about: Option<&'static str>,
    detection: Option<&'static str>,
    false_positives: Option<&'static str>,
    response: Option<&'static str>,
    techniques: Option<&'static [&'static str]>,
    data: Option<Vec<&'static str>>,
    aggregation: Option<&'static str>,
    own: bool,
    family: Option<&'static str>,
}

impl Entry {
    fn new(name: &'static str) -> Entry {
        let Some(Served { finding_type: it, family }) = catalog::find_served(name) else {
            return Entry { name, ..Entry::default() };
        };
        Entry {
            name,
            served: true,
            severity: Some(it.severity.value()),
            band: Some(it.severity.band().to_string()),
            title: Some(it.title),
            about: Some(it.about),
            detection: Some(it.detection),
            false_positives: Some(it.false_positives),
            response: Some(it.response),
            techniques: Some(it.techniques),
            data: Some(it.data.iter().copied().map(Data::as_str).collect()),
            aggregation: Some(it.aggregation),
            own: it.is_own,
            family: Some(family),
        }
    }
}

/// Prints the list.
pub fn run(args: &TypesArgs) -> Result<()> {
    let entries = catalog::names().into_iter().map(Entry::new);
    let entries: Vec<Entry> = entries.filter(|it| it.served || !args.served).collect();
    let text = match args.format {
        ListFormat::Json => {
            let mut text =
                serde_json::to_string_pretty(&entries).context("cannot write the list")?;
            text.push('\n');
            text
        }
        ListFormat::Table => table(&entries),
    };
    write(&text, None)
}

fn table(entries: &[Entry]) -> String {
    let width = entries.iter().map(|it| it.name.len()).max().unwrap_or(0);
    let mut out = format!("{:<width$}  {:<8}  TITLE\n", "TYPE", "SEVERITY");
    let (served, unserved): (Vec<_>, Vec<_>) = entries.iter().partition(|it| it.served);
    let own = served.iter().filter(|it| it.own).count();
    for it in &served {
        let band = it.band.as_deref().unwrap_or_default();
        let title = it.title.unwrap_or_default();
        // Writing to a string cannot fail.
        let _ok = writeln!(out, "{:<width$}  {band:<8}  {title}", it.name);
    }
    let _ok = writeln!(
        out,
        "\n{} types are raised, {own} of them beyond GuardDuty's catalogue",
        served.len()
    );
    if !unserved.is_empty() {
        let _ok = writeln!(out, "\nNot raised yet ({}):", unserved.len());
        for it in unserved {
            let _ok = writeln!(out, "  {}", it.name);
        }
    }
    out
}
