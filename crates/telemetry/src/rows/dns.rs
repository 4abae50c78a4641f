//! Rows of Route 53 Resolver query logs.

use model::{AccountId, Addr, Origin, Region};

use super::Span;

/// One query: at most 64 bytes. Fields by
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html>.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DnsQuery {
    /// [`model::hash64`] of the name as it lies in the text (lower case, no trailing dot).
    pub name_hash: u64,
    /// `query_name` in lower case without the trailing dot.
    pub name: Span,
    /// Answers as text, one `TYPE rdata` a line; empty when there are none. At most
    /// [`DnsRows::ANSWERS_MAX`] answers are kept.
    pub answers: Span,
    /// `query_timestamp`, seconds since 1970.
    pub time: u32,
    /// Local id: index into [`DnsRows::hosts`].
    pub host: u32,
    /// Query type number (RFC 1035 and later): A 1, NS 2, CNAME 5, NULL 10, PTR 12, MX 15, TXT 16,
    /// AAAA 28, SRV 33, HTTPS 65, ANY 255; 0 when unknown.
    pub qtype: u16,
    /// Number of answers in the record, saturating.
    pub answer_count: u8,
    /// Response code number: NOERROR 0, FORMERR 1, SERVFAIL 2, NXDOMAIN 3, NOTIMP 4, REFUSED 5; 255 unknown.
    pub rcode: u8,
    /// Bits [`DnsQuery::TCP`], [`DnsQuery::BLOCKED`].
    pub marks: u8,
}

impl DnsQuery {
    /// The query came over TCP.
    pub const TCP: u8 = 1;
    /// A DNS Firewall rule blocked the query (`firewall_rule_action` BLOCK).
    pub const BLOCKED: u8 = 2;
}

/// What is constant for an asking host within a block.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DnsHost {
    /// `account_id`, else the account of the object's key.
    pub account: AccountId,
    /// `region`.
    pub region: Region,
    /// `vpc_id`, empty when absent.
    pub vpc: Box<str>,
    /// `srcids.instance`, empty when absent.
    pub instance: Box<str>,
    /// `srcaddr`.
    pub address: Addr,
}

/// A block of queries in the order of the file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DnsRows {
    /// The rows.
    pub rows: Vec<DnsQuery>,
    /// Where each row was taken from: same length as `rows`.
    pub origins: Vec<Origin>,
    /// The hosts, by local id.
    pub hosts: Vec<DnsHost>,
    /// Names and answers.
    pub text: String,
}

impl DnsRows {
    /// Most answers that are kept of one record.
    pub const ANSWERS_MAX: usize = 16;

    /// The name of a row.
    #[inline]
    pub fn name(&self, row: &DnsQuery) -> &str {
        row.name.of(&self.text)
    }

    /// The answers of a row: (type, rdata).
    pub fn answers(&self, row: &DnsQuery) -> impl Iterator<Item = (&str, &str)> {
        self.answers_text(row).lines().filter_map(|line| line.split_once(' '))
    }

    /// The answers of a row as one text: a line `type rdata` each.
    #[inline]
    pub fn answers_text(&self, row: &DnsQuery) -> &str {
        row.answers.of(&self.text)
    }

    /// Forgets the rows and keeps their memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.origins.clear();
        self.hosts.clear();
        self.text.clear();
    }

    /// Appends another block.
    pub fn append(&mut self, other: DnsRows) {
        // A block is taken as it is, unless there is room for it and perhaps for those that follow.
        if self.rows.is_empty() && self.rows.capacity() < other.rows.len() {
            *self = other;
            return;
        }
        let (hosts, text) = (self.hosts.len() as u32, self.text.len() as u32);
        self.hosts.extend(other.hosts);
        self.origins.extend(other.origins);
        self.text.push_str(&other.text);
        self.rows.extend(other.rows.into_iter().map(|row| DnsQuery {
            host: row.host + hosts,
            name: row.name.shifted(text),
            answers: row.answers.shifted(text),
            ..row
        }));
    }
}

const _: () = assert!(size_of::<DnsQuery>() <= 64, "a query row must stay within one cache line");
