//! `cargo xtask eval`: what scans of public material find, against what is expected of them.
//!
//! The expectations are facts about public data sets and stand in `expectations.toml`; the data are not part
//! of the repository. A folder that is not there is said to be absent and fails nothing.

mod compare;
mod expectations;
mod material;
mod names;
mod product;
mod table;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

use compare::{Outcome, Row, compare};
use expectations::{Case, Expectations};
use product::{Product, Scans};

const USAGE: &str = "\
cargo xtask eval --data DIR [--only FOLDER] [--product PROGRAM]

  --data      the folder of the data sets, one folder each
  --only      one data set instead of all
  --product   this build of guardpost instead of building one";

/// What is asked for.
#[derive(Default, PartialEq, Eq, Debug)]
struct Options {
    data: PathBuf,
    only: Option<String>,
    product: Option<PathBuf>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let value = args.next().with_context(|| format!("{arg} takes a value\n\n{USAGE}"))?;
            match arg.as_str() {
                "--data" => options.data = PathBuf::from(value),
                "--only" => options.only = Some(value.clone()),
                "--product" => options.product = Some(PathBuf::from(value)),
                _ => bail!("cannot understand `{arg}`\n\n{USAGE}"),
            }
        }
        if options.data.as_os_str().is_empty() {
            bail!("say where the data sets are: --data DIR\n\n{USAGE}");
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

/// Scans every data set that is there, prints the table and fails if an expectation does not hold.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let options = Options::parse(args)?;
    if !options.data.is_dir() {
        bail!("`{}` is no folder", options.data.display());
    }
    let expectations = Expectations::committed()?;
    let product = Product::get(options.product.as_deref())?;
    expectations.check_types(&product.catalog)?;
    let results = evaluate(&expectations, &options.data, options.only.as_deref(), &product)?;
    print!("{}", table::table(&results));
    let (line, is_failed) = table::summary(&results);
    println!("\n{line}");
    if is_failed {
        bail!("expectations do not hold");
    }
    Ok(())
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
        assert_eq!((options.data, options.only.as_deref()), (PathBuf::from("sets"), Some("made")));
        for line in ["", "--data", "--dat x", "--only made"] {
            assert!(parse(line).unwrap_err().to_string().ends_with(USAGE), "{line}");
        }
    }
}
