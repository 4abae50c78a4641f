//! The names that an instance asked the resolver for.

use model::Timestamp;
use telemetry::DnsQuery;

use super::Seen;
use super::top::{Top, Weight};

/// The response code of names that do not exist.
const NXDOMAIN: u8 = 3;

/// Queries of one name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// How many.
    pub queries: u64,
    /// Of them, those answered that the name does not exist.
    pub missing: u64,
    /// Of them, those that a DNS Firewall rule blocked.
    pub blocked: u64,
    /// When.
    pub seen: Seen,
}

impl Asked {
    fn add(&mut self, row: &DnsQuery, at: Timestamp) {
        self.queries += 1;
        self.missing += u64::from(row.rcode == NXDOMAIN);
        self.blocked += u64::from(row.marks & DnsQuery::BLOCKED != 0);
        self.seen.add(at);
    }
}

impl Weight for Asked {
    fn weight(&self) -> u64 {
        self.queries
    }
}

/// All queries of an instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// How many.
    pub all: Asked,
    /// By name.
    pub names: Top<Asked>,
}

impl Names {
    /// Adds a query.
    pub(super) fn add(&mut self, name: &str, row: &DnsQuery, at: Timestamp) {
        self.all.add(row, at);
        self.names.at(name).add(row, at);
    }

    /// When it asked.
    pub(super) fn seen(&self) -> Seen {
        self.all.seen
    }
}
