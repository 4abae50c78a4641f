//! What is known of the names that hosts ask for: looked up once for each name, not for each query.

use intel::{Intel, Verdict};
use telemetry::{DnsQuery, DnsRows};

/// What is known of one name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct NameInfo {
    /// The lists that name it or a parent of it.
    pub(crate) verdict: Verdict,
    /// Byte range of the registrable domain.
    pub(crate) registrable: (u16, u16),
}

/// Entries of the cache: a power of two. 64 k entries of 32 bytes stay within a second-level cache's reach.
const ENTRIES: usize = 1 << 16;
/// Longer names are looked up each time (RFC 1035 allows 253 characters).
const CACHED_NAME_MAX: usize = 255;

/// A cache by full name. It never changes a result: the name itself is compared.
pub(crate) struct NameCache {
    intel_version: u64,
    entries: Vec<Entry>,
}

#[derive(Clone, Default)]
struct Entry {
    hash: u64,
    name: Box<str>,
    info: NameInfo,
}

impl NameCache {
    pub(crate) fn new() -> NameCache {
        NameCache { intel_version: 0, entries: Vec::new() }
    }

    /// Looks up the names of some rows.
    pub(crate) fn look_up(
        &mut self,
        intel: &Intel,
        queries: &DnsRows,
        rows: &[DnsQuery],
        out: &mut [NameInfo],
    ) {
        if self.intel_version != intel.version() || self.entries.is_empty() {
            self.intel_version = intel.version();
            self.entries.clear();
            self.entries.resize(ENTRIES, Entry::default());
        }
        for (row, info) in rows.iter().zip(out) {
            *info = self.one(intel, row.name_hash, queries.name(row));
        }
    }

    #[inline]
    fn one(&mut self, intel: &Intel, hash: u64, name: &str) -> NameInfo {
        let entry = &mut self.entries[(hash as usize) & (ENTRIES - 1)];
        if entry.hash == hash && *entry.name == *name {
            return entry.info;
        }
        let found = intel.name(name);
        let info = NameInfo { verdict: found.verdict, registrable: found.registrable };
        if name.len() <= CACHED_NAME_MAX {
            *entry = Entry { hash, name: name.into(), info };
        }
        info
    }
}
