//! The command line of `bench`.

use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// What is printed when the command line cannot be understood.
pub(crate) const USAGE: &str = "\
cargo xtask bench [--small] [--only cloudtrail|flow|dns|growth] [--inject] [--product PROGRAM]

  --small     sets of a twentieth of the size
  --only      one part instead of all four
  --inject    attacks in the data
  --product   measures this build of guardpost instead of building one";

/// By how much `--small` divides.
const SMALL: u64 = 20;

/// A kind of logs that is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    CloudTrail,
    Flow,
    Dns,
}

/// A part of the benchmark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Source(Source),
    Growth,
}

/// What is to be measured.
#[derive(Default, Debug)]
pub(crate) struct Options {
    /// Whether the sets are small.
    pub small: bool,
    /// Whether attacks are in the data.
    pub inject: bool,
    /// Another build of the product.
    pub product: Option<PathBuf>,
    only: Option<Part>,
}

impl Source {
    /// The name for the generator and the floor.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Source::CloudTrail => "cloudtrail",
            Source::Flow => "flow",
            Source::Dns => "dns",
        }
    }

    /// The name for readers.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Source::CloudTrail => "CloudTrail",
            Source::Flow => "VPC flow logs",
            Source::Dns => "Resolver query logs",
        }
    }

    /// Records of the full set.
    pub(crate) fn records(self) -> u64 {
        match self {
            Source::CloudTrail => 1_000_000,
            Source::Flow => 10_000_000,
            Source::Dns => 5_000_000,
        }
    }
}

impl Options {
    /// Reads the arguments behind `bench`.
    pub(crate) fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value =
                || args.next().with_context(|| format!("{arg} takes a value\n\n{USAGE}"));
            match arg.as_str() {
                "--small" => options.small = true,
                "--inject" => options.inject = true,
                "--only" => options.only = Some(part(value()?)?),
                "--product" => options.product = Some(PathBuf::from(value()?)),
                _ => bail!("cannot understand `{arg}`\n\n{USAGE}"),
            }
        }
        Ok(options)
    }

    /// The parts to run.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let all = [
            Part::Source(Source::CloudTrail),
            Part::Source(Source::Flow),
            Part::Source(Source::Dns),
            Part::Growth,
        ];
        self.only.map_or_else(|| all.to_vec(), |part| vec![part])
    }

    /// A number of records, divided if the sets are small.
    pub(crate) fn sized(&self, records: u64) -> u64 {
        if self.small { records / SMALL } else { records }
    }
}

fn part(name: &str) -> Result<Part> {
    match name {
        "cloudtrail" => Ok(Part::Source(Source::CloudTrail)),
        "flow" => Ok(Part::Source(Source::Flow)),
        "dns" => Ok(Part::Source(Source::Dns)),
        "growth" => Ok(Part::Growth),
        _ => bail!("--only cannot be `{name}`\n\n{USAGE}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&args)
    }

    #[test]
    fn one_part_may_be_picked() {
        assert_eq!(parse("").unwrap().parts().len(), 4);
        let options = parse("--only growth --small").unwrap();
        assert_eq!((options.parts(), options.sized(4_000)), (vec![Part::Growth], 200));
    }

    #[test]
    fn unknown_arguments_are_answered_with_the_usage() {
        for line in ["--tiny", "--only", "--only http"] {
            assert!(parse(line).unwrap_err().to_string().ends_with(USAGE), "{line}");
        }
    }
}
