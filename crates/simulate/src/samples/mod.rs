//! The samples of `guardpost demo`: five days of two accounts, and a few intrusions.
//!
//! Ordinary activity is thinned to a size that fits a repository. Everything is own work; addresses, names
//! and accounts are reserved for documentation.

mod attacks;
mod inventory;
mod office;
mod servers;
mod world;

use std::collections::BTreeMap;

use crate::logs::Logs;
use crate::time::DAY;

/// Every file by its name, not yet compressed: logs below `AWSLogs/`, descriptions below `inventory/`, lists
/// as `lists/CATEGORY.txt`.
pub fn build(seed: u64) -> BTreeMap<String, String> {
    // AWS delivers every five minutes; the samples are joined by day, as an archive may be.
    let mut logs = Logs::new(world::START, DAY);
    for host in &world::HOSTS {
        logs.add_host(host.clone());
    }
    office::write(&mut logs, seed);
    servers::write(&mut logs, seed);
    attacks::write(&mut logs, seed);
    let mut files = logs.files();
    files.extend(inventory::files());
    files
}
