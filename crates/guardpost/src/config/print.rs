//! The configuration file with its defaults, each behind what it does.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use detectors::{Field, Section, Settings};
use toml::{Table, Value};

use super::Config;

const HEAD: &str = "\
# Guardpost's configuration with its defaults. Give it with --config.
# A setting that is left out has its default; an unknown one is an error.
";

/// Prints the whole file.
pub fn print() -> Result<String> {
    let mut out = HEAD.to_owned();
    let mut sections = own_sections();
    for section in Settings::sections() {
        sections.push(Section { name: format!("detectors.{}", section.name), ..section });
    }
    out.push_str(&print_sections(&sections)?);
    Ok(out)
}

/// Prints some sections, named by their place in the file.
pub fn print_sections(sections: &[Section]) -> Result<String> {
    let defaults = Table::try_from(Config::default()).context("cannot write the defaults")?;
    let mut out = String::new();
    for section in sections {
        let values = section
            .name
            .split('.')
            .try_fold(&defaults, |table, part| table.get(part).and_then(Value::as_table));
        out.push('\n');
        comment(&mut out, &section.doc);
        line(&mut out, format_args!("[{}]", section.name));
        for field in &section.fields {
            comment(&mut out, &field.doc);
            match values.and_then(|it| it.get(field.name)) {
                Some(value) => line(&mut out, format_args!("{} = {}", field.name, inline(value))),
                None => line(&mut out, format_args!("# {} = (not set)", field.name)),
            }
        }
    }
    Ok(out)
}

/// The value on one line; a table must not become a section of its own.
fn inline(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let members: Vec<String> = table
                .iter()
                .map(|(name, it)| format!("{} = {}", Value::String(name.clone()), inline(it)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

fn comment(out: &mut String, doc: &str) {
    for text in doc.lines() {
        line(out, format_args!("{}", format!("# {text}").trim_end()));
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ok = writeln!(out, "{text}");
}

fn section(name: &str, doc: &str, fields: &[(&'static str, &str)]) -> Section {
    let fields = fields.iter().map(|&(name, doc)| Field { name, doc: doc.to_owned() }).collect();
    Section { name: name.to_owned(), doc: doc.to_owned(), fields }
}

fn own_sections() -> Vec<Section> {
    vec![
        section(
            "scan",
            "How a scan runs.",
            &[
                ("threads", "Threads; 0 stands for one per core. `--threads` goes first."),
                (
                    "file_bytes",
                    "Largest file that is read, in bytes as stored. A file is held in memory while it is read.",
                ),
            ],
        ),
        section(
            "limits",
            "Bounds on what is read. What exceeds one is counted and skipped.",
            &[
                (
                    "object_bytes",
                    "Most decompressed bytes of one file. Time grows with it, memory does not.",
                ),
                ("ratio", "Most decompressed bytes per compressed byte, beyond the first 64 MiB."),
                ("record_bytes", "Longest record, in bytes."),
                ("depth", "Deepest nesting of a JSON record."),
                ("block_rows", "Most records that are handed on together."),
                ("window_bytes", "Text of a large file that is worked on at a time, in bytes."),
            ],
        ),
        section(
            "intake",
            "How event time passes.",
            &[
                (
                    "batch_rows",
                    "Records that are worked on together. Raising it takes more memory and may be faster.",
                ),
                (
                    "lateness_secs",
                    "How late records may come, in seconds. Raising it makes late records rarer and windows\n\
                     close later; AWS delivers most logs within 15 minutes.",
                ),
                (
                    "idle_secs",
                    "A source without records for so many seconds of event time holds the others back no more.",
                ),
            ],
        ),
        section(
            "engine",
            "How much is remembered.",
            &[(
                "entities_per_key_group",
                "Most instances, principals, … of one kind that each of the 256 key groups remembers. Raising\n\
                 it takes more memory; beyond it the least recently active are forgotten and counted.",
            )],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_file_gives_the_defaults() {
        let text = print().unwrap();
        assert_eq!(Config::parse(&text).unwrap(), Config::default(), "{text}");
        let printed: Table = text.parse().unwrap();
        let defaults = Table::try_from(Config::default()).unwrap();
        assert_eq!(names("", &printed), names("", &defaults), "every setting is printed");
    }

    /// The settings with their sections; a section without settings has none.
    fn names(place: &str, table: &Table) -> Vec<String> {
        let mut names = Vec::new();
        for (name, value) in table {
            match value {
                Value::Table(inner) => names.extend(self::names(&format!("{place}.{name}"), inner)),
                _ => names.push(format!("{place}.{name}")),
            }
        }
        names
    }

    #[test]
    fn every_setting_has_a_text() {
        let text = print().unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2) {
            if pair[1].contains(" = ") && !pair[1].starts_with('#') {
                assert!(pair[0].starts_with('#'), "no text above `{}`", pair[1]);
            }
        }
    }
}
