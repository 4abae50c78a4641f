//! What records say beyond that they are there: the fields that they carry, and of which side of the
//! activity they tell.

use telemetry::{ApiCall, Block, Flow};

const TCP: u8 = 6;
const RCODE_UNKNOWN: u8 = 255;

/// Counts of what records carry.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Details {
    /// Flow records over TCP.
    pub tcp: u64,
    /// Those with the field `tcp-flags`.
    pub tcp_flags: u64,
    /// Flow records with `flow-direction`.
    pub directions: u64,
    /// Flow records whose packets were accepted, and those that were rejected.
    pub accepted: u64,
    /// Flow records whose packets were rejected.
    pub rejected: u64,
    /// Interfaces as blocks name them, and those with `instance-id`.
    pub interfaces: u64,
    /// Interfaces whose records name an instance.
    pub instances: u64,
    /// Longest flow record in seconds: about the aggregation interval.
    pub longest_secs: u32,
    /// Queries, by what they carry.
    pub queries: u64,
    /// Queries with a response code.
    pub rcodes: u64,
    /// Management events that read, and those that change something.
    pub reads: u64,
    /// Management events that change something.
    pub writes: u64,
    /// Sign-ins to the console.
    pub sign_ins: u64,
    /// S3 data events that read.
    pub data_reads: u64,
    /// S3 data events that change something.
    pub data_writes: u64,
}

impl Details {
    /// Counts the rows of a block.
    pub fn add(&mut self, block: &Block) {
        match block {
            Block::Flows(flows) => {
                flows.rows.iter().for_each(|it| self.add_flow(it));
                self.interfaces += flows.interfaces.len() as u64;
                let named = flows.interfaces.iter().filter(|it| !it.instance.is_empty());
                self.instances += named.count() as u64;
            }
            Block::Queries(queries) => {
                self.queries += queries.rows.len() as u64;
                let known = queries.rows.iter().filter(|it| it.rcode != RCODE_UNKNOWN);
                self.rcodes += known.count() as u64;
            }
            Block::ApiCalls(calls) => {
                for call in &calls.rows {
                    self.add_call(call, call.event_source.of(&calls.text));
                }
            }
        }
    }

    fn add_flow(&mut self, flow: &Flow) {
        if flow.protocol == TCP {
            self.tcp += 1;
            self.tcp_flags += u64::from(flow.marks & Flow::HAS_TCP_FLAGS != 0);
        }
        self.directions += u64::from(flow.marks & (Flow::INGRESS | Flow::EGRESS) != 0);
        let side = if flow.is_rejected() { &mut self.rejected } else { &mut self.accepted };
        *side += 1;
        self.longest_secs = self.longest_secs.max(flow.end.saturating_sub(flow.start));
    }

    fn add_call(&mut self, call: &ApiCall, source: &str) {
        if call.is(ApiCall::INSIGHT | ApiCall::NETWORK_ACTIVITY) {
            return;
        }
        let is_read = call.is(ApiCall::READ_ONLY);
        if call.is(ApiCall::DATA) {
            if source == "s3.amazonaws.com" {
                let side = if is_read { &mut self.data_reads } else { &mut self.data_writes };
                *side += 1;
            }
            return;
        }
        self.sign_ins += u64::from(call.is(ApiCall::CONSOLE_SIGN_IN));
        let side = if is_read { &mut self.reads } else { &mut self.writes };
        *side += 1;
    }

    /// Adds what another object held.
    pub fn merge(&mut self, other: &Details) {
        let mut add = |into: fn(&mut Details) -> &mut u64, more: u64| *into(self) += more;
        add(|it| &mut it.tcp, other.tcp);
        add(|it| &mut it.tcp_flags, other.tcp_flags);
        add(|it| &mut it.directions, other.directions);
        add(|it| &mut it.accepted, other.accepted);
        add(|it| &mut it.rejected, other.rejected);
        add(|it| &mut it.interfaces, other.interfaces);
        add(|it| &mut it.instances, other.instances);
        add(|it| &mut it.queries, other.queries);
        add(|it| &mut it.rcodes, other.rcodes);
        add(|it| &mut it.reads, other.reads);
        add(|it| &mut it.writes, other.writes);
        add(|it| &mut it.sign_ins, other.sign_ins);
        add(|it| &mut it.data_reads, other.data_reads);
        add(|it| &mut it.data_writes, other.data_writes);
        self.longest_secs = self.longest_secs.max(other.longest_secs);
    }
}
