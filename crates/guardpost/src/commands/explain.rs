//! `guardpost explain`: everything that is known of a finding type.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use detectors::Settings;
use findings::Data;

use crate::catalog::{self, Lookup, Served};
use crate::cli::ExplainArgs;
use crate::config::print_sections;
use crate::output::write;
use crate::text::{visible, wrap};

const WIDTH: usize = 90;
/// Names that are listed when a part fits several.
const SEVERAL_MAX: usize = 12;

/// Prints the texts of a type.
pub fn run(args: &ExplainArgs) -> Result<()> {
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
        Lookup::None(names) if names.is_empty() => {
            bail!("no finding type is named `{asked}`; `guardpost types` lists them")
        }
        Lookup::None(names) => {
            bail!("no finding type is named `{asked}`; did you mean:\n  {}", names.join("\n  "))
        }
    }
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
