//! The command line.

use crate::world::World;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
bench-generate --out DIR [--seed 1] [--days 7] [--accounts 8] [--scale 1]
    --cloudtrail N, --flow N, --dns N      records of each source (0); underscores may divide digits
    --principals N, --instances N, --remotes N, --domains N
                                           populations, instead of those of --scale 1:
                                           2_000 principals, 4_000 instances, 200_000 remote addresses,
                                           100_000 domains
    --inject all|NAME,NAME…                attacks as extra files, with truth.ndjson; the other files stay the same:
                                           portscan sshbrute beacon exfil mining dga dnstunnel c2domain
                                           logging-off recon stolen-instance-role root-use
    --intel                                DIR/intel/{ips_10k,ips_100k,domains_100k}.txt
    --level 6                              of gzip
    --threads 2                            does not change the result";

/// First second of the simulated time: 2026-01-05T00:00:00Z.
const START: i64 = 1_767_571_200;

/// What is to be written.
#[derive(Debug)]
pub(crate) struct Options {
    /// The folder to write to.
    pub out: PathBuf,
    /// Who and what there is.
    pub world: World,
    /// Records of CloudTrail, flow and DNS.
    pub records: [u64; 3],
    /// Attacks to add: `all` or names with commas.
    pub inject: Option<String>,
    /// Whether to write lists of indicators.
    pub lists: bool,
    /// Level of gzip.
    pub level: i32,
    /// Threads to write with.
    pub threads: usize,
}

impl Options {
    /// Reads the command line, without the program's name.
    pub(crate) fn parse(args: &[String]) -> Result<Options> {
        let mut out = None;
        let (mut inject, mut lists) = (None, false);
        let mut numbers = Numbers::default();
        let mut args = args.iter();
        while let Some(key) = args.next() {
            if key == "--intel" {
                lists = true;
                continue;
            }
            let value = args.next().with_context(|| format!("{key} takes a value"))?;
            match key.as_str() {
                "--out" => out = Some(PathBuf::from(value)),
                "--inject" => inject = Some(value.clone()),
                _ => numbers.set(key, value)?,
            }
        }
        Ok(Options {
            out: out.context("--out DIR is needed")?,
            world: numbers.world()?,
            records: [numbers.cloudtrail, numbers.flow, numbers.dns],
            inject,
            lists,
            level: i32::try_from(numbers.level).context("--level is too large")?,
            threads: usize::try_from(numbers.threads.max(1)).context("--threads is too large")?,
        })
    }
}

/// The numbers of the command line.
struct Numbers {
    seed: u64,
    days: u64,
    accounts: u64,
    scale: f64,
    cloudtrail: u64,
    flow: u64,
    dns: u64,
    principals: Option<u64>,
    instances: Option<u64>,
    remotes: Option<u64>,
    domains: Option<u64>,
    level: u64,
    threads: u64,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers {
            seed: 1,
            days: 7,
            accounts: 8,
            scale: 1.0,
            cloudtrail: 0,
            flow: 0,
            dns: 0,
            principals: None,
            instances: None,
            remotes: None,
            domains: None,
            level: 6,
            threads: 2,
        }
    }
}

impl Numbers {
    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let digits = value.replace('_', "");
        if key == "--scale" {
            self.scale =
                digits.parse().with_context(|| format!("--scale takes a number, not `{value}`"))?;
            return Ok(());
        }
        let number =
            || digits.parse().with_context(|| format!("{key} takes a whole number, not `{value}`"));
        match key {
            "--seed" => self.seed = number()?,
            "--days" => self.days = number()?,
            "--accounts" => self.accounts = number()?,
            "--cloudtrail" => self.cloudtrail = number()?,
            "--flow" => self.flow = number()?,
            "--dns" => self.dns = number()?,
            "--principals" => self.principals = Some(number()?),
            "--instances" => self.instances = Some(number()?),
            "--remotes" => self.remotes = Some(number()?),
            "--domains" => self.domains = Some(number()?),
            "--level" => self.level = number()?,
            "--threads" => self.threads = number()?,
            _ => bail!("unknown argument {key}\n\n{USAGE}"),
        }
        Ok(())
    }

    fn world(&self) -> Result<World> {
        if self.accounts == 0 || self.days == 0 {
            bail!("--accounts and --days must be at least 1");
        }
        let size =
            |given: Option<u64>, usual: f64| given.unwrap_or((usual * self.scale) as u64).max(8);
        Ok(World {
            seed: self.seed,
            accounts: self.accounts,
            principals: size(self.principals, 2_000.0),
            instances: size(self.instances, 4_000.0),
            remotes: size(self.remotes, 200_000.0),
            domains: size(self.domains, 100_000.0),
            start: START,
            seconds: i64::try_from(self.days * 86_400).context("--days is too large")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Options::parse(&args)
    }

    #[test]
    fn populations_follow_the_scale_unless_they_are_given() {
        let options = parse("--out d --flow 1_000 --scale 0.5 --instances 9_000").unwrap();
        assert_eq!(options.records, [0, 1_000, 0]);
        assert_eq!((options.world.principals, options.world.instances), (1_000, 9_000));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, message) in [
            ("--flow 1", "--out DIR is needed"),
            ("--out d --flow", "--flow takes a value"),
            ("--out d --flow many", "--flow takes a whole number, not `many`"),
            ("--out d --accounts 0", "--accounts and --days must be at least 1"),
        ] {
            assert_eq!(parse(line).unwrap_err().to_string(), message);
        }
        assert!(
            parse("--out d --flows 1")
                .unwrap_err()
                .to_string()
                .starts_with("unknown argument --flows")
        );
    }
}
