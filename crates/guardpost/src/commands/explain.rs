//! `guardpost explain`: everything that is known of a finding type, or why one finding was raised.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::{fs, io};

use anyhow::{Context as _, Result, bail};
use detectors::Settings;
use findings::{Data, Finding};

use crate::catalog::{self, Lookup, Served};
use crate::cli::ExplainArgs;
use crate::config::print_sections;
use crate::output::write;
use crate::screen::screen;
use crate::text::{visible, wrap};

const WIDTH: usize = 90;
/// Names that are listed when a part fits several.
const SEVERAL_MAX: usize = 12;

/// Largest file of findings, in bytes.
const FILE_MAX: u64 = 256 << 20;

/// Prints the texts of a type, or why a finding was raised.
pub fn run(args: &ExplainArgs) -> Result<()> {
    if args.id.is_some() || args.name == "-" || Path::new(&args.name).is_file() {
        return write(&screen(&chosen(args)?), None);
    }
    let asked = visible(&args.name);
    match catalog::look_up(&args.name) {
        Lookup::One(name) => write(&explain(name)?, None),
        Lookup::Several(names) => {
            let listed: Vec<&str> = names.iter().take(SEVERAL_MAX).copied().collect();
            let more = names.len() - listed.len();
            let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
            bail!(
                "`{asked}` is part of {} types; give one of:\n  {}{more}",
                names.len(),
                listed.join("\n  ")
            );
        }
        Lookup::Retired(it) => bail!("{}", it.advice()),
        Lookup::None(names) if names.is_empty() => {
            bail!("no finding type is named `{asked}`; `guardpost types` lists them")
        }
        Lookup::None(names) => {
            bail!("no finding type is named `{asked}`; did you mean:\n  {}", names.join("\n  "))
        }
    }
}

/// The finding that is asked for.
fn chosen(args: &ExplainArgs) -> Result<Finding> {
    let asked = visible(&args.name);
    let mut text = String::new();
    let read = if args.name == "-" {
        io::stdin().lock().take(FILE_MAX).read_to_string(&mut text)
    } else {
        let file = fs::File::open(&args.name).with_context(|| format!("cannot open `{asked}`"))?;
        file.take(FILE_MAX).read_to_string(&mut text)
    };
    read.with_context(|| format!("cannot read `{asked}`"))?;
    let mut findings = Vec::new();
    for value in serde_json::Deserializer::from_str(&text).into_iter::<OneOrMany>() {
        let value = value.with_context(|| {
            format!("`{asked}` holds no findings: give what `guardpost scan --format json` writes")
        })?;
        match value {
            OneOrMany::One(it) => findings.push(*it),
            OneOrMany::Many(it) => findings.extend(it),
        }
    }
    let wanted = args.id.as_deref().unwrap_or("");
    findings.retain(|it| it.id.starts_with(wanted));
    let listed = |it: &Finding| {
        format!("{} {} {}", visible(&it.id), visible(&it.finding_type), visible(it.resource.name()))
    };
    match findings.as_slice() {
        [] => bail!(
            "`{asked}` holds no finding{}",
            if wanted.is_empty() { "" } else { " with this --id" }
        ),
        [one] => Ok(one.clone()),
        several => {
            let lines: Vec<String> = several.iter().take(SEVERAL_MAX).map(listed).collect();
            bail!(
                "`{asked}` holds {} findings; give one of them with --id, such as:\n  {}",
                several.len(),
                lines.join("\n  ")
            )
        }
    }
}

/// A finding a line, or a list of them.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Box<Finding>),
    Many(Vec<Finding>),
}

fn explain(name: &str) -> Result<String> {
    let Some(Served { finding_type: it, family }) = catalog::find_served(name) else {
        return Ok(format!(
            "{name}\n\nA type of GuardDuty's catalogue that Guardpost does not raise yet.\n"
        ));
    };
    let mut out = format!("{}\n{}\n\n", it.name, it.title);
    let mut fact = |label: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ok = writeln!(out, "{label:<13}{value}");
    };
    let data: Vec<&str> = it.data.iter().copied().map(Data::as_str).collect();
    fact("Severity", &format!("{} ({})", it.severity.band(), it.severity.value()));
    fact("Needs", &data.join(" or "));
    fact("ATT&CK", &it.techniques.join(", "));
    fact("One finding", &format!("per {}", it.aggregation));
    if it.is_own {
        fact("Origin", "Guardpost's own, not part of GuardDuty's catalogue");
    }
    for (head, text) in [
        ("What was seen", it.about),
        ("How it is detected", it.detection),
        ("What else looks like this", it.false_positives),
        ("What to do", it.response),
    ] {
        let _ok = write!(out, "\n{head}\n{}\n", wrap(text, WIDTH, "  "));
    }
    let place = family.replace('/', ".");
    let sections = Settings::sections().into_iter().filter(|it| it.name == place);
    let sections: Vec<_> = sections
        .map(|it| detectors::Section { name: format!("detectors.{}", it.name), ..it })
        .collect();
    if sections.iter().any(|it| !it.fields.is_empty()) {
        let text = print_sections(&sections)?;
        let _ok = write!(out, "\nSettings, with their defaults\n");
        for line in text.trim_start().lines() {
            let _ok = writeln!(out, "  {line}");
        }
    }
    Ok(out)
}
