//! `cargo xtask eval`: how good detection is, on generated scenarios and on public material.
//!
//! Generated scenarios come from `simulate` and are judged by targets ([`generated`]). Of public material the
//! expectations are facts and stand in `expectations.toml`; the data are not part of the repository, and a folder
//! that is not there is said to be absent and fails nothing. Both are published in `docs/quality.md`.

mod anomaly;
mod compare;
mod expectations;
mod finding;
mod generated;
mod material;
mod names;
mod product;
mod published;
mod table;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

use compare::{Outcome, Row, compare};
use expectations::{Case, Expectations};
use generated::Form;
use product::{Product, Scans};

const USAGE: &str = "\
cargo xtask eval [--data DIR] [--only FOLDER] [--short] [--product PROGRAM]
cargo xtask eval volumes [--product PROGRAM]
cargo xtask eval anomaly

  without     generated scenarios; writes docs/quality.md
  --data      public data sets as well, one folder each in DIR
  --only      this data set alone; writes nothing
  --short     generated scenarios with less exposure; fails if they are worse than docs/quality.md says
  --product   this build of guardpost instead of building one
  volumes     thefts over the network and what resembles them; writes docs/quality-volumes.md
  anomaly     scores of API calls; see docs/quality-behavior.md";

/// What is asked for.
#[derive(Default, PartialEq, Eq, Debug)]
struct Options {
    data: Option<PathBuf>,
    only: Option<String>,
    is_short: bool,
    product: Option<PathBuf>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--short" {
                options.is_short = true;
                continue;
            }
            let value = args.next().with_context(|| format!("{arg} takes a value\n\n{USAGE}"))?;
            match arg.as_str() {
                "--data" => options.data = Some(PathBuf::from(value)),
                "--only" => options.only = Some(value.clone()),
                "--product" => options.product = Some(PathBuf::from(value)),
                _ => bail!("cannot understand `{arg}`\n\n{USAGE}"),
            }
        }
        if options.only.is_some() && options.data.is_none() {
            bail!("say where the data sets are: --data DIR\n\n{USAGE}");
        }
        if options.is_short && options.data.is_some() {
            bail!("the short form is about generated scenarios alone\n\n{USAGE}");
        }
        Ok(options)
    }
}

/// A data set and what its cases gave.
struct Results {
    folder: String,
    /// Why there are no cases, or nothing.
    remark: Option<String>,
    cases: Vec<(String, Vec<Row>)>,
}

/// Judges what is asked for, prints it and fails if it is worse than it has to be.
pub(crate) fn run(args: &[String]) -> Result<()> {
    if args.first().is_some_and(|it| it == "anomaly") {
        return anomaly::run(args.get(1..).unwrap_or(&[]));
    }
    if args.first().is_some_and(|it| it == "volumes") {
        let options = Options::parse(args.get(1..).unwrap_or(&[]))?;
        return generated::volumes::run(&Product::get(options.product.as_deref(), true)?);
    }
    let options = Options::parse(args)?;
    if options.is_short {
        return short(options.product.as_deref());
    }
    let is_public_alone = options.only.is_some();
    let product = Product::get(options.product.as_deref(), !is_public_alone)?;
    let public = match &options.data {
        Some(data) => Some(public(data, options.only.as_deref(), &product)?),
        None => None,
    };
    if !is_public_alone {
        let results = generated::run(Form::Long, &product)?;
        print!("\n{}", results.targets());
        let section = public.as_ref().map(|it| table::section(it));
        published::write(&results.report(), section.as_deref())?;
    }
    let Some(results) = public else { return Ok(()) };
    let (line, is_failed) = table::summary(&results);
    println!("\n{line}");
    if is_failed {
        bail!("expectations do not hold");
    }
    Ok(())
}

/// The form that checks run: what was published must still hold.
pub(crate) fn short(product: Option<&Path>) -> Result<()> {
    let results = generated::run(Form::Short, &Product::get(product, false)?)?;
    let worse = results.regressions(&published::read()?);
    print!("\n{}", results.targets());
    if !worse.is_empty() {
        bail!("worse than docs/quality.md says:\n{}", worse.join("\n"));
    }
    Ok(())
}

/// Scans every data set that is there and prints the table.
fn public(data: &Path, only: Option<&str>, product: &Product) -> Result<Vec<Results>> {
    if !data.is_dir() {
        bail!("`{}` is no folder", data.display());
    }
    let expectations = Expectations::committed()?;
    expectations.check_types(&product.catalog)?;
    let results = evaluate(&expectations, data, only, product)?;
    print!("{}", table::table(&results));
    Ok(results)
}

fn evaluate(
    expectations: &Expectations,
    data: &Path,
    only: Option<&str>,
    scans: &dyn Scans,
) -> Result<Vec<Results>> {
    let mut results = Vec::new();
    for (folder, expected) in &expectations.folders {
        if only.is_some_and(|it| it != folder) {
            continue;
        }
        let mut result = Results { folder: folder.clone(), remark: None, cases: Vec::new() };
        if !data.join(folder).is_dir() {
            result.remark = Some("absent".to_owned());
        } else if let Some(note) = &expected.note {
            result.remark = Some(note.clone());
        } else {
            for case in &expected.case {
                let rows = case_rows(case, data, folder, scans)
                    .with_context(|| format!("{folder}: {}", case.name()))?;
                result.cases.push((case.name(), rows));
            }
        }
        results.push(result);
    }
    if let (Some(only), []) = (only, results.as_slice()) {
        bail!("no data set is named `{only}` in expectations.toml");
    }
    Ok(results)
}

fn case_rows(case: &Case, data: &Path, folder: &str, scans: &dyn Scans) -> Result<Vec<Row>> {
    let Some(material) = material::prepare(case, data, folder)? else {
        return Ok(vec![Row::of_case(Outcome::Absent)]);
    };
    let found = scans.scan(&material)?;
    Ok(compare(case, &found, &|name| scans.is_served(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use material::Material;
    use std::collections::BTreeMap;
    use std::fs;

    /// Stands in for the product: a line `fires TYPE` is a finding.
    struct Made;

    impl Scans for Made {
        fn scan(&self, material: &Material) -> Result<BTreeMap<String, u64>> {
            let mut found = BTreeMap::new();
            for path in &material.paths {
                for line in fs::read_to_string(path)?.lines() {
                    if let Some(name) = line.strip_prefix("fires ") {
                        *found.entry(name.to_owned()).or_default() += 1;
                    }
                }
            }
            Ok(found)
        }

        fn is_served(&self, name: &str) -> bool {
            !name.starts_with("Later")
        }
    }

    const MADE: &str = r#"
        [made]
        about = "a made-up folder"
        origin = "own work"
        [[made.case]]
        files = ["attack.log"]
        must = ["Recon:EC2/Portscan", "Later:EC2/Type"]
        must_not = ["*"]
        [[made.case]]
        files = ["attack.log"]
        line = 2
        must_not = ["*"]
        [[made.case]]
        files = ["gone.log"]
        must = ["Recon:EC2/Portscan"]
        [away]
        about = "a folder that is not there"
        origin = "own work"
        [[away.case]]
        files = ["x.log"]
        must = ["Recon:EC2/Portscan"]
    "#;

    fn evaluated(log: &str) -> (String, (String, bool)) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("made")).expect("a folder in it");
        fs::write(folder.path().join("made/attack.log"), log).expect("a file");
        let expectations = Expectations::parse(MADE).expect("expectations");
        let results = evaluate(&expectations, folder.path(), None, &Made).expect("results");
        (table::table(&results), table::summary(&results))
    }

    #[test]
    fn what_is_found_as_expected_passes() {
        let (table, (line, is_failed)) = evaluated("fires Recon:EC2/Portscan\nquiet\n");
        assert!(!is_failed, "{table}");
        assert_eq!(
            line,
            "3 as expected, 0 missed, 0 fired wrongly, 1 not served yet, 0 extra, 2 absent"
        );
        assert!(table.contains("away: absent"), "{table}");
        assert!(table.contains("not served yet"), "{table}");
    }

    #[test]
    fn a_miss_fails() {
        let (table, (_, is_failed)) = evaluated("quiet\nquiet\n");
        assert!(is_failed && table.contains("MISSED"), "{table}");
    }

    #[test]
    fn what_must_not_fire_and_does_fails() {
        let log = "fires Recon:EC2/Portscan\nfires Impact:EC2/PortSweep\n";
        let (table, (line, is_failed)) = evaluated(log);
        assert!(is_failed && table.contains("FIRED"), "{table}");
        assert!(
            line.contains("2 fired wrongly"),
            "in the whole file and in its second line: {line}"
        );
    }

    #[test]
    fn options_are_read() {
        let parse = |line: &str| {
            let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            Options::parse(&args)
        };
        let options = parse("--data sets --only made").unwrap();
        assert_eq!(options.data, Some(PathBuf::from("sets")));
        assert_eq!(options.only.as_deref(), Some("made"));
        assert!(parse("--short").unwrap().is_short);
        assert_eq!(parse("").unwrap(), Options::default());
        for line in ["--data", "--dat x", "--only made", "--short --data sets"] {
            assert!(parse(line).unwrap_err().to_string().ends_with(USAGE), "{line}");
        }
    }
}
