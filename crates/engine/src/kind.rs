//! The kinds of event that detectors read, and the view that they get of one.

use std::time::Duration;

use findings::EvidenceRef;
use intel::{Categories, Verdict};
use model::{Addr, Origin, Timestamp};
use telemetry::{ApiCall, ApiRows, DnsQuery, DnsRows, Flow};

use crate::connection::Connection;
use crate::names::NameInfo;
use crate::registry::{Registry, SlotRef};
use crate::signal::Signal;

/// A kind of event: its rows and what their ids and spans point into.
pub trait Kind: Sized + 'static {
    /// One row.
    type Row: 'static;
    /// What rows point into.
    type Block<'a>: Copy;

    /// The row with this index.
    fn row<'a: 'a>(block: Self::Block<'a>, index: u32) -> &'a Self::Row;
    /// Where the row was taken from.
    fn origin(block: Self::Block<'_>, index: u32) -> Origin;
    /// Event time of the row.
    fn time(row: &Self::Row) -> Timestamp;
    /// The watermark that is certain once the row is seen: wake-ups up to it run before the row.
    fn reached(row: &Self::Row, lateness: Duration) -> Timestamp {
        Self::time(row) - lateness
    }
    /// The port of the side that was called, where the kind tells.
    #[doc(hidden)]
    fn service(row: &Self::Row) -> Option<u16> {
        let _ = row;
        None
    }
    #[doc(hidden)]
    fn slots(registry: &mut Registry) -> &mut Vec<SlotRef<Self>>;
}

/// What a detector sees of one event.
pub struct Event<'a, K: Kind> {
    /// The row.
    pub row: &'a K::Row,
    /// What the row points into.
    pub block: K::Block<'a>,
    /// Index of the row in its block.
    pub index: u32,
    /// The lists that name the remote address, the caller's address or the name asked for.
    pub verdict: Verdict,
    /// Categories of those lists, masked by the account and Region that own them.
    pub listed: Categories,
}

impl<K: Kind> Clone for Event<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Kind> Copy for Event<'_, K> {}

impl<K: Kind> Event<'_, K> {
    /// Event time.
    #[inline]
    pub fn time(&self) -> Timestamp {
        K::time(self.row)
    }

    /// Where the record was taken from.
    pub fn origin(&self) -> Origin {
        K::origin(self.block, self.index)
    }

    /// The record as evidence.
    pub fn evidence(&self) -> EvidenceRef {
        EvidenceRef { time: self.time(), origin: self.origin() }
    }
}

/// Flow lines seen from their interface.
pub enum Flows {}

/// One flow line seen from its interface: which side is ours is settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalFlow {
    /// The other side.
    pub remote: Addr,
    /// Our side.
    pub local: Addr,
    /// Bytes in the interval.
    pub bytes: u64,
    /// Packets in the interval.
    pub packets: u32,
    /// Start of the interval, seconds since 1970: the event time.
    pub start: u32,
    /// End of the interval, seconds since 1970.
    pub end: u32,
    /// Index of the line's origin in [`FlowBlock::origins`].
    pub row: u32,
    /// Port of our side.
    pub local_port: u16,
    /// Port of the other side.
    pub remote_port: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// OR of the TCP flags, with [`Flow::HAS_TCP_FLAGS`].
    pub tcp_flags: u8,
    /// Marks of [`Flow`].
    pub marks: u8,
    /// Whether the line counts packets that we sent.
    pub is_outbound: bool,
}

impl LocalFlow {
    /// Whether the packets were rejected.
    pub const fn is_rejected(&self) -> bool {
        self.marks & Flow::REJECT != 0
    }
}

/// The flow lines of one interface in one batch.
#[derive(Clone, Copy)]
pub struct FlowBlock<'a> {
    /// The lines in time order.
    pub flows: &'a [LocalFlow],
    /// Where the lines were taken from, by [`LocalFlow::row`].
    pub origins: &'a [Origin],
}

impl Kind for Flows {
    type Row = LocalFlow;
    type Block<'a> = FlowBlock<'a>;

    #[inline]
    fn row<'a: 'a>(block: FlowBlock<'a>, index: u32) -> &'a LocalFlow {
        &block.flows[index as usize]
    }
    fn origin(block: FlowBlock<'_>, index: u32) -> Origin {
        block.origins[block.flows[index as usize].row as usize]
    }
    #[inline]
    fn time(row: &LocalFlow) -> Timestamp {
        Timestamp::from_secs(i64::from(row.start))
    }
    fn slots(registry: &mut Registry) -> &mut Vec<SlotRef<Self>> {
        &mut registry.flows
    }
}

/// Connections whose answer is decided.
pub enum Connections {}

impl Kind for Connections {
    type Row = Connection;
    type Block<'a> = &'a [Connection];

    #[inline]
    fn row<'a: 'a>(block: &'a [Connection], index: u32) -> &'a Connection {
        &block[index as usize]
    }
    fn origin(block: &[Connection], index: u32) -> Origin {
        block[index as usize].origin
    }
    #[inline]
    fn time(row: &Connection) -> Timestamp {
        Timestamp::from_secs(i64::from(row.decided))
    }
    fn reached(row: &Connection, lateness: Duration) -> Timestamp {
        // A connection decided at its deadline exists because the watermark has reached the deadline.
        if row.is_by_deadline { Self::time(row) } else { Self::time(row) - lateness }
    }
    #[inline]
    fn service(row: &Connection) -> Option<u16> {
        Some(row.service_port())
    }
    fn slots(registry: &mut Registry) -> &mut Vec<SlotRef<Self>> {
        &mut registry.connections
    }
}

/// Queries to the resolver.
pub enum DnsQueries {}

/// The queries of a batch with what is known of their names.
#[derive(Clone, Copy)]
pub struct DnsBlock<'a> {
    /// The rows.
    pub rows: &'a DnsRows,
    pub(crate) names: &'a [NameInfo],
}

impl Kind for DnsQueries {
    type Row = DnsQuery;
    type Block<'a> = DnsBlock<'a>;

    #[inline]
    fn row<'a: 'a>(block: DnsBlock<'a>, index: u32) -> &'a DnsQuery {
        &block.rows.rows[index as usize]
    }
    fn origin(block: DnsBlock<'_>, index: u32) -> Origin {
        block.rows.origins[index as usize]
    }
    #[inline]
    fn time(row: &DnsQuery) -> Timestamp {
        Timestamp::from_secs(i64::from(row.time))
    }
    fn slots(registry: &mut Registry) -> &mut Vec<SlotRef<Self>> {
        &mut registry.queries
    }
}

impl<'a> Event<'a, DnsQueries> {
    /// The name asked for: lower case, no trailing dot.
    pub fn name(&self) -> &'a str {
        self.block.rows.name(self.row)
    }

    /// The registrable domain by the public suffix list; the whole name where there is none.
    pub fn registrable(&self) -> &'a str {
        let info = self.block.names[self.index as usize];
        self.name().get(info.registrable.0 as usize..info.registrable.1 as usize).unwrap_or("")
    }

    /// Bytes of the name before its registrable domain, the dot between them included. Reads no text.
    #[inline]
    pub fn subdomain_len(&self) -> usize {
        self.block.names[self.index as usize].registrable.0.into()
    }

    /// The answers: (type, rdata).
    pub fn answers(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.block.rows.answers(self.row)
    }

    /// The answers as one text, for a cheap look whether it is worth to read them.
    pub fn answers_text(&self) -> &'a str {
        self.block.rows.answers_text(self.row)
    }
}

/// CloudTrail records.
pub enum ApiCalls {}

impl Kind for ApiCalls {
    type Row = ApiCall;
    type Block<'a> = &'a ApiRows;

    #[inline]
    fn row<'a: 'a>(block: &'a ApiRows, index: u32) -> &'a ApiCall {
        &block.rows[index as usize]
    }
    fn origin(block: &ApiRows, index: u32) -> Origin {
        block.origins[index as usize]
    }
    #[inline]
    fn time(row: &ApiCall) -> Timestamp {
        row.time
    }
    fn slots(registry: &mut Registry) -> &mut Vec<SlotRef<Self>> {
        &mut registry.calls
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident => $field:ident),* $(,)?) => {
        impl<'a> Event<'a, ApiCalls> {
            $($(#[$doc])* pub fn $name(&self) -> &'a str {
                self.row.$field.of(&self.block.text)
            })*
        }
    };
}

texts! {
    /// `eventID`.
    event_id => event_id,
    /// `eventSource`, such as `s3.amazonaws.com`.
    event_source => event_source,
    /// `eventName` without a version suffix.
    event_name => event_name,
    /// `sourceIPAddress` as written.
    source_text => source_text,
    /// `userAgent`.
    user_agent => user_agent,
    /// `errorCode`; empty when the call succeeded.
    error_code => error_code,
    /// `errorMessage`.
    error_message => error_message,
    /// `userIdentity.principalId`.
    principal_id => principal_id,
    /// `userIdentity.arn`.
    arn => arn,
    /// `userIdentity.accessKeyId`.
    access_key_id => access_key_id,
    /// `userIdentity.userName`.
    user_name => user_name,
    /// `userIdentity.invokedBy`.
    invoked_by => invoked_by,
    /// `sessionIssuer.arn`.
    issuer_arn => issuer_arn,
    /// `sessionIssuer.userName`.
    issuer_user_name => issuer_user_name,
    /// `vpcEndpointId`.
    vpc_endpoint => vpc_endpoint,
    /// `requestParameters` as JSON text; kept for the calls of [`crate::Interest::Calls`].
    request => request,
    /// `responseElements` as JSON text; kept for the calls of [`crate::Interest::Calls`].
    response => response,
    /// `additionalEventData` as JSON text; kept for the calls of [`crate::Interest::Calls`].
    additional => additional,
    /// `resources` as JSON text; kept for the calls of [`crate::Interest::Calls`].
    resources => resources,
    /// `inScopeOf` as JSON text.
    in_scope_of => in_scope_of,
    /// Name of the bucket that an S3 call is about.
    bucket => bucket,
    /// Key of the object that an S3 call is about.
    object_key => object_key,
}

/// Weak evidence and drafts, routed a second time.
pub enum Signals {}

impl Kind for Signals {
    type Row = Signal;
    type Block<'a> = &'a [Signal];

    fn row<'a: 'a>(block: &'a [Signal], index: u32) -> &'a Signal {
        &block[index as usize]
    }
    fn origin(block: &[Signal], index: u32) -> Origin {
        block[index as usize].evidence.origin
    }
    fn time(row: &Signal) -> Timestamp {
        row.evidence.time
    }
    fn slots(registry: &mut Registry) -> &mut Vec<SlotRef<Self>> {
        &mut registry.signals
    }
}
