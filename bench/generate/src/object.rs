//! Log files under the keys by which AWS delivers them.

use crate::options::Options;
use crate::text::civil;
use crate::world::{Place, REGIONS, World};
use anyhow::{Context, Result};
use libdeflater::{CompressionLvl, Compressor};
use std::fs;

/// A kind of logs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    CloudTrail,
    Flow,
    Dns,
}

impl Source {
    /// All of them, in the order of [`Options::records`].
    pub(crate) const ALL: [Source; 3] = [Source::CloudTrail, Source::Flow, Source::Dns];
}

/// Names a file.
#[derive(Debug)]
pub(crate) struct Object {
    pub source: Source,
    /// The time is that of delivery.
    pub place: Place,
    /// Tells apart the files of one minute.
    pub unique: u64,
}

impl Object {
    /// The key in the bucket.
    fn key(&self, world: &World) -> String {
        let (account, region) = (world.account(self.place.account), REGIONS[self.place.region].0);
        let time = self.place.time;
        let (year, month, day) = civil(time.div_euclid(86_400));
        let (hour, minute) = (time.rem_euclid(86_400) / 3600, time.rem_euclid(3600) / 60);
        let date = format!("{year}/{month:02}/{day:02}");
        let stamp = format!("{year}{month:02}{day:02}T{hour:02}{minute:02}Z");
        let vpc = world.vpc(self.place.account, self.place.region);
        let short = self.unique as u32;
        match self.source {
            Source::CloudTrail => {
                let file =
                    format!("{account}_CloudTrail_{region}_{stamp}_{:016x}.json.gz", self.unique);
                format!("AWSLogs/{account}/CloudTrail/{region}/{date}/{file}")
            }
            Source::Flow => {
                let log = vpc ^ 5;
                let file = format!(
                    "{account}_vpcflowlogs_{region}_fl-{log:017x}_{stamp}_{short:08x}.log.gz"
                );
                format!("AWSLogs/{account}/vpcflowlogs/{region}/{date}/{file}")
            }
            Source::Dns => {
                let file =
                    format!("vpc-{vpc:017x}_vpcdnsquerylogs_{account}_{stamp}_{short:08x}.log.gz");
                format!("AWSLogs/{account}/vpcdnsquerylogs/vpc-{vpc:017x}/{date}/{file}")
            }
        }
    }
}

/// Compresses a body and writes it under its key.
pub(crate) fn write(options: &Options, object: &Object, body: &[u8]) -> Result<()> {
    let path = options.out.join(object.key(&options.world));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let level = CompressionLvl::new(options.level)
        .map_err(|error| anyhow::anyhow!("--level {}: {error:?}", options.level))?;
    let mut compressor = Compressor::new(level);
    let mut packed = vec![0; compressor.gzip_compress_bound(body.len())];
    let size = compressor.gzip_compress(body, &mut packed).context("cannot compress")?;
    packed.truncate(size);
    fs::write(&path, packed).with_context(|| format!("cannot write {}", path.display()))
}
