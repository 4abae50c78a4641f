//! The ordinary files: planned by the seed alone, then written by any number of threads.

use crate::cloudtrail::CloudTrail;
use crate::object::{self, Object, Source};
use crate::options::Options;
use crate::rng::{Rng, running_sums};
use crate::text::Text;
use crate::world::{Place, REGIONS, World};
use crate::{dns, flow};
use anyhow::Result;
use std::f64::consts::TAU;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How much was written.
#[derive(Default, Debug)]
pub(crate) struct Written {
    /// Files.
    pub files: usize,
    /// Bytes before compression.
    pub bytes: u64,
}

/// One file.
struct Job {
    source: Source,
    index: u64,
    records: u64,
    /// Where it begins in the simulated time, of [0, 1).
    at: f64,
    /// How much of that time it covers.
    span: f64,
}

/// What all files share.
struct Shared<'a> {
    options: &'a Options,
    cloudtrail: CloudTrail<'a>,
    accounts: Vec<f64>,
    regions: Vec<f64>,
}

/// Writes every file of the options.
pub(crate) fn run(options: &Options) -> Result<Written> {
    let world = &options.world;
    let plans = Source::ALL.into_iter().zip(options.records);
    let jobs: Vec<Job> = plans.flat_map(|(source, total)| plan(world, source, total)).collect();
    let shared = Shared {
        options,
        cloudtrail: CloudTrail::new(world),
        accounts: running_sums((0..world.accounts).map(|rank| 1.0 / (rank + 1) as f64)),
        regions: running_sums(REGIONS.iter().map(|(_, share)| *share)),
    };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut bytes = 0;
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            bytes += write(&shared, job)?;
        }
        anyhow::Ok(bytes)
    };
    let bytes = thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads).map(|_| scope.spawn(work)).collect();
        let results = threads.into_iter().map(thread::ScopedJoinHandle::join);
        results
            .map(|it| it.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .sum::<Result<u64>>()
    })?;
    Ok(Written { files: jobs.len(), bytes })
}

/// Records of a file of each source.
fn records_per_file(source: Source) -> RangeInclusive<u64> {
    match source {
        Source::CloudTrail => 500..=2_000,
        Source::Flow => 20_000..=60_000,
        Source::Dns => 10_000..=30_000,
    }
}

fn plan(world: &World, source: Source, total: u64) -> Vec<Job> {
    let sizes = records_per_file(source);
    let mut rng = Rng::new(world.seed, 100 + source as u64, 0);
    let (mut left, mut jobs) = (total, Vec::new());
    while left > 0 {
        let records = (sizes.start() + rng.below(sizes.end() - sizes.start() + 1)).min(left);
        jobs.push(Job {
            source,
            index: jobs.len() as u64,
            records,
            at: 1.0 - left as f64 / total as f64,
            span: records as f64 / total as f64,
        });
        left -= records;
    }
    jobs
}

/// Time at a share of the simulated time: the working day gets more by warping it monotonically.
fn time_at(world: &World, share: f64) -> i64 {
    let days = world.seconds as f64 / 86_400.0;
    let warped = share - 0.1 * (TAU * share * days).sin() / days;
    world.start + (warped * world.seconds as f64) as i64
}

/// Writes one file and returns its size before compression.
fn write(shared: &Shared, job: &Job) -> Result<u64> {
    let world = &shared.options.world;
    let mut rng = Rng::new(world.seed, 200 + job.source as u64, job.index);
    let account = rng.weighted(&shared.accounts) as u64;
    let region = rng.weighted(&shared.regions);
    let mut body = Text::with_capacity(job.records as usize * bytes_per_record(job.source));
    open(&mut body, job.source);
    for n in 0..job.records {
        let share = job.at + job.span * n as f64 / job.records as f64;
        let place = Place { account, region, time: time_at(world, share) };
        match job.source {
            Source::CloudTrail => {
                if n > 0 {
                    body.push(",");
                }
                shared.cloudtrail.background(&mut body, place, &mut rng);
            }
            Source::Flow => flow::background(&mut body, world, place, &mut rng),
            Source::Dns => dns::background(&mut body, world, place, &mut rng),
        }
    }
    close(&mut body, job.source);
    let place = Place { account, region, time: time_at(world, job.at + job.span) };
    let object = Object { source: job.source, place, unique: rng.next() };
    object::write(shared.options, &object, body.as_bytes())?;
    Ok(body.as_bytes().len() as u64)
}

fn bytes_per_record(source: Source) -> usize {
    match source {
        Source::CloudTrail => 1_600,
        Source::Flow => 120,
        Source::Dns => 420,
    }
}

/// Appends what stands before the records of a file.
pub(crate) fn open(body: &mut Text, source: Source) {
    match source {
        Source::CloudTrail => _ = body.push(r#"{"Records":["#),
        Source::Flow => _ = body.push(flow::HEADER),
        Source::Dns => {}
    }
}

/// Appends what stands behind them.
pub(crate) fn close(body: &mut Text, source: Source) {
    if source == Source::CloudTrail {
        body.push("]}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};

    fn read(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, files);
            } else {
                let bytes = fs::read(&path).unwrap();
                files.insert(path, bytes);
            }
        }
    }

    /// Files by their path, written with a number of threads.
    fn written(threads: usize) -> BTreeMap<PathBuf, Vec<u8>> {
        let out = std::env::temp_dir().join(format!("bench-generate-{}", std::process::id()));
        let line = "--cloudtrail 3000 --flow 90000 --dns 45000 --level 1";
        let mut args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        args.extend(["--out".to_owned(), out.display().to_string()]);
        args.extend(["--threads".to_owned(), threads.to_string()]);
        let summary = run(&Options::parse(&args).unwrap()).unwrap();
        let mut files = BTreeMap::new();
        read(&out, &mut files);
        fs::remove_dir_all(&out).unwrap();
        assert_eq!(files.len(), summary.files);
        files
    }

    #[test]
    fn the_number_of_threads_does_not_change_a_byte() {
        let one = written(1);
        assert!(one.len() > 6, "{}", one.len());
        assert!(one == written(3));
    }
}
