//! `guardpost demo`: a scan of samples that come with the program.

use anyhow::{Result, bail};
use findings::format::summary as findings_line;

use crate::cli::DemoArgs;
use crate::config::Config;
use crate::filter::Filter;
use crate::knowledge::Collector;
use crate::output::{self, Format, say};
use crate::scan::Request;
use crate::sources::{Content, Found, Object};
use crate::summary::summary;
use crate::window::Window;

/// Name below `samples/`, and content.
type Sample = (&'static str, &'static [u8]);

/// The samples. Lists lie in `lists/CATEGORY.txt`, descriptions in `inventory/`, everything else is logs.
const SAMPLES: &[Sample] = include!(concat!(env!("OUT_DIR"), "/samples.rs"));

/// Runs the command.
pub fn run(args: &DemoArgs) -> Result<()> {
    let (mut collector, mut found) = (Collector::new(), Found::default());
    for &(name, bytes) in SAMPLES {
        if let Some(list) = name.strip_prefix("lists/") {
            let category = list.split('.').next().unwrap_or(list);
            collector.list(category.parse()?, category, name, bytes)?;
        } else if name.starts_with("inventory/") {
            collector.inventory(name, bytes)?;
        } else {
            found.objects.push(Object {
                name: name.to_owned(),
                key: name.to_owned(),
                content: Content::Embedded(bytes),
                size: bytes.len() as u64,
            });
        }
    }
    if found.objects.is_empty() {
        bail!("this program was built without samples; use `guardpost scan PATH`");
    }
    let mut config = Config::default();
    // Rules that AWS leaves off: the samples show what they are for.
    config.select(&["all".to_owned()], false)?;
    let request = Request {
        found,
        knowledge: collector.build(),
        config,
        window: Window::default(),
        threads: None,
        is_hashed: true,
        baseline: None,
    };
    let scan = super::scan::execute_shown(request, false)?;
    let (findings, lost) = scan.explained(&scan.findings(&Filter::default()));
    let command = super::scan::command_line();
    let report = output::render(Format::Html, &scan, &findings, false, command.clone());
    output::write(&report, Some(&args.output))?;
    let is_colored = output::is_colored(args.no_color, None);
    output::write(&output::render(Format::Table, &scan, &findings, is_colored, command), None)?;
    let line = findings_line(findings.iter().map(|it| &it.finding));
    let name = crate::text::visible(&args.output.to_string_lossy());
    say(&format!("\n{line}\n{}Report    {name}: open it in a browser\n", summary(&scan, lost)));
    Ok(())
}
