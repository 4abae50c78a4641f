//! `guardpost simulate`: logs with attacks in them, to see that they are found.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use model::Timestamp;
use simulate::{Options, Scenario, Simulation, scenarios};

use crate::catalog;
use crate::cli::SimulateArgs;
use crate::output::write;
use crate::text::{count, minutes, size, visible};
use crate::window::Window;

/// Names that are listed when a part fits several.
const SEVERAL_MAX: usize = 12;
/// Days that a simulation covers at most; the first day must lie between these years.
const YEARS: [&str; 2] = ["2007-01-01T00:00:00Z", "2100-01-01T00:00:00Z"];

/// Runs the command.
pub fn run(args: &SimulateArgs) -> Result<()> {
    if args.list {
        return write(&list(), None);
    }
    let (Some(name), Some(folder)) = (&args.name, &args.out) else {
        bail!("give a type or scenario and --out DIR; `guardpost simulate --list` lists them");
    };
    let chosen = choose(name)?;
    let start = args.start.as_deref().map_or(Ok(Options::START), midnight)?;
    let made = simulate::simulate(&chosen, Options { seed: args.seed, start, days: args.days });
    let bytes = store(&made, folder)?;
    write(&report(&made, folder, bytes), None)
}

fn list() -> String {
    let all = scenarios::all();
    let width = all.iter().map(|it| it.name.chars().count()).max().unwrap_or_default();
    let mut out = String::new();
    for it in all {
        // Writing to a string cannot fail.
        let _ok = writeln!(out, "{:<width$}  {}", it.name, it.about);
    }
    out
}

/// The scenarios that a name stands for: `all`, a name in any case, or a part that no other has.
fn choose(text: &str) -> Result<Vec<&'static Scenario>> {
    let wanted = text.trim().to_lowercase();
    let all = scenarios::all();
    if wanted == "all" {
        return Ok(all);
    }
    if let Some(found) = scenarios::find(&wanted) {
        return Ok(vec![found]);
    }
    let mut holding = all;
    holding.retain(|it| !wanted.is_empty() && it.name.to_lowercase().contains(&wanted));
    match holding.as_slice() {
        [one] => Ok(vec![one]),
        [] => match catalog::look_up(text) {
            catalog::Lookup::One(name) => bail!("there is no scenario of `{name}` yet"),
            _ => bail!(
                "no scenario is named `{}`; `guardpost simulate --list` lists them",
                visible(text)
            ),
        },
        several => {
            let names: Vec<&str> = several.iter().take(SEVERAL_MAX).map(|it| it.name).collect();
            let more = several.len() - names.len();
            let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
            bail!(
                "`{}` is part of {} names; give one of:\n  {}{more}",
                visible(text),
                several.len(),
                names.join("\n  ")
            )
        }
    }
}

/// The midnight before a date or time, in seconds since 1970.
fn midnight(text: &str) -> Result<i64> {
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let about = || {
        let text = visible(text);
        format!("--start `{text}`: write a date such as 2026-01-05, from 2007 to 2099")
    };
    let time = Timestamp::parse(&full).with_context(about)?;
    let [least, most] = YEARS.map(Timestamp::parse);
    if time < least? || time >= most? {
        bail!("{}", about());
    }
    Ok(time.secs().div_euclid(simulate::time::DAY) * simulate::time::DAY)
}

/// Writes the files and gives their size.
fn store(made: &Simulation, folder: &Path) -> Result<u64> {
    let shown = visible(&folder.to_string_lossy());
    let about = || format!("cannot write to `{shown}`");
    fs::create_dir_all(folder).with_context(about)?;
    if fs::read_dir(folder).with_context(about)?.next().is_some() {
        bail!("`{shown}` is not empty: other logs would be scanned with these; give a new folder");
    }
    let mut total = 0;
    let summary = made.summary(&folder.to_string_lossy());
    let summary = ("expected.json".to_owned(), summary);
    if let Some(places) = &made.places {
        total += places.len() as u64;
        fs::write(folder.join(simulate::PLACES), places).with_context(about)?;
    }
    for (name, text) in made.files.iter().chain([(&summary.0, &summary.1)]) {
        let path = folder.join(name);
        let bytes = if Path::new(name).extension().is_some_and(|it| it == "gz") {
            pack(text).with_context(about)?
        } else {
            text.clone().into_bytes()
        };
        total += bytes.len() as u64;
        fs::create_dir_all(path.parent().unwrap_or(folder)).with_context(about)?;
        fs::write(&path, bytes).with_context(about)?;
    }
    Ok(total)
}

fn pack(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

fn report(made: &Simulation, folder: &Path, bytes: u64) -> String {
    let shown = folder.to_string_lossy();
    let time = |secs| Timestamp::from_secs(secs);
    let (first, last) = (time(made.span.0), time(made.span.1));
    let mut out = String::new();
    let width = made.expected.iter().map(|it| it.finding_type.len()).max().unwrap_or_default();
    for it in &made.expected {
        // Writing to a string cannot fail.
        let _ok = writeln!(out, "{:<width$}  {}", it.finding_type, it.resource);
    }
    let _ok = writeln!(
        out,
        "\n{} expected, in {} from {} to {}\nWrote     {}, {}, in {}",
        count(made.expected.len() as u64, "finding"),
        count(made.records as u64, "record"),
        minutes(first),
        minutes(last),
        count(made.files.len() as u64 + 1 + u64::from(made.places.is_some()), "file"),
        size(bytes),
        visible(&shown),
    );
    if !Window::possible(crate::clock::now()).contains(last) {
        let _ok = writeln!(
            out,
            "Note      records of the future are dropped by a scan: give an earlier --start"
        );
    }
    let quoted = made.scan(&shown).into_iter().map(quote);
    let command: Vec<String> = std::iter::once("guardpost".to_owned()).chain(quoted).collect();
    let _ok = writeln!(out, "Scan them with\n  {}", command.join(" "));
    out
}

/// A word as a shell reads it.
fn quote(word: String) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_./=:,+@%".contains(it);
    if word.chars().all(is_plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_enough_where_no_other_has_it() {
        let names =
            |text: &str| choose(text).map(|it| it.iter().map(|one| one.name).collect::<Vec<_>>());
        assert_eq!(names("portsweep").unwrap(), ["Impact:EC2/PortSweep"]);
        assert_eq!(names("ec2/portscan").unwrap(), ["ec2/Portscan"]);
        assert_eq!(names("all").unwrap().len(), scenarios::all().len());
        assert!(names("tor").unwrap_err().to_string().contains("give one of"));
        assert!(names("nothing").unwrap_err().to_string().contains("--list"));
    }

    #[test]
    fn logs_begin_at_midnight() {
        assert_eq!(midnight("2026-01-05").unwrap(), Options::START);
        assert_eq!(midnight("2026-01-05T13:14:15Z").unwrap(), Options::START);
        assert!(midnight("1970-01-01").is_err() && midnight("soon").is_err());
    }
}
