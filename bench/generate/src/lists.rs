//! Lists of indicators: mostly strangers, and a few that do occur in the logs.

use crate::text::Text;
use crate::world::{World, public_ip};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Entries of each list that occur in the logs, from the rare half of the population.
const KNOWN: u64 = 60;

/// Writes `ips_10k.txt`, `ips_100k.txt` and `domains_100k.txt` into a folder.
pub(crate) fn write(world: &World, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for (name, entries) in [("ips_10k.txt", 10_000), ("ips_100k.txt", 100_000)] {
        let mut text = Text::default();
        for n in 0..entries {
            let address = match rare(world.remotes, n) {
                Some(index) => world.remote_ip(index),
                None => public_ip(world.hash(60, n)),
            };
            text.ip(address).push("\n");
        }
        save(&folder.join(name), &text)?;
    }
    let mut text = Text::default();
    for n in 0..100_000_u64 {
        match rare(world.domains, n) {
            Some(index) => world.domain(index, &mut text),
            None => _ = text.push(&format!("bad{n:06}.malware-c2.example")),
        }
        text.push("\n");
    }
    save(&folder.join("domains_100k.txt"), &text)
}

/// Index of a rare member of the population, for the first entries.
fn rare(population: u64, n: u64) -> Option<u64> {
    (n < KNOWN).then(|| population / 2 + n * 7 % (population / 2))
}

fn save(path: &Path, text: &Text) -> Result<()> {
    fs::write(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}
