//! The configuration file with its defaults, each behind what it does.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use detectors::Section;
use toml::{Table, Value};

use super::Config;
use super::sections::{repeated, sections};

const HEAD: &str = "\
# Guardpost's configuration with its defaults. Give it with --config.
# A setting that is left out has its default; an unknown one is an error.
";

/// Prints the whole file.
pub fn print() -> Result<String> {
    let mut out = HEAD.to_owned();
    out.push_str(&print_sections(&sections())?);
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
            let value = values.and_then(|it| it.get(field.name));
            if let Some(Value::Integer(_)) = value {
                let (least, most) = (field.range.start(), field.range.end());
                line(&mut out, format_args!("# From {least} to {most}."));
            }
            match value {
                Some(value) => line(&mut out, format_args!("{} = {}", field.name, inline(value))),
                None => line(&mut out, format_args!("# {} = (not set)", field.name)),
            }
        }
        let prefix = format!("{}.", section.name);
        for (section, values) in repeated()?.iter().filter(|it| it.0.name.starts_with(&prefix)) {
            example(&mut out, section, values);
        }
    }
    Ok(out)
}

/// A section that there may be several of, commented out.
fn example(out: &mut String, section: &Section, values: &Table) {
    out.push('\n');
    comment(out, &section.doc);
    line(out, format_args!("# [[{}]]", section.name));
    for field in &section.fields {
        let value = values.get(field.name);
        let mut text = field.doc.clone();
        if let Some(Value::Integer(_)) = value {
            let (least, most) = (field.range.start(), field.range.end());
            // Writing to a string cannot fail.
            let _ok = write!(text, "\nFrom {least} to {most}.");
        }
        text.lines().for_each(|it| line(out, format_args!("# # {it}")));
        line(out, format_args!("# {} = {}", field.name, value.map(inline).unwrap_or_default()));
    }
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
    fn sections_that_may_be_several_are_examples() {
        let text = print().unwrap();
        for (name, given) in [
            ("queues", "url = \"https://sqs.us-east-1.amazonaws.com/111122223333/guardpost\""),
            ("buckets", "bucket = \"my-logs\""),
        ] {
            let begin = text.find(&format!("# [[serve.{name}]]")).unwrap();
            let example = text[begin..].split("\n\n").next().unwrap();
            let example: Vec<&str> =
                example.lines().map(|it| it.strip_prefix("# ").unwrap()).collect();
            let config = Config::parse(&example.join("\n")).unwrap();
            assert_eq!(config.serve.queues.len() + config.serve.buckets.len(), 1);
            let least = Config::parse(&format!("[[serve.{name}]]\n{given}")).unwrap();
            assert_eq!(least, config, "only what must be given is needed");
        }
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
