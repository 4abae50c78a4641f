//! One flow record from its fields: the fast path for what is usual, the complete path for everything.

use kernels::{Field, Simd, Wide, decimal, parse_ipv4, parse_ipv6};
use model::{AccountId, Addr, Region};

use crate::{Cause, Flow, FlowInterface, FlowRows};

use super::columns::{ABSENT, Columns};
use super::intern::{Interner, words};

/// Longest `interface-id`, and how much is kept of other ids, in bytes.
const ID_MAX: usize = 255;

/// Words of a key: three of the interface, two of the account.
const KEY_WORDS: usize = 5;

/// Lengths up to which names fit into a key.
const KEY_INTERFACE: usize = 24;
const KEY_ACCOUNT: usize = 12;

/// Why a line is no row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Skip {
    /// NODATA.
    NoData,
    /// SKIPDATA.
    LeftOut,
    /// Something is wrong.
    Bad(Cause),
}

/// The interfaces of a block, and what the object's key says where the columns do not.
pub(super) struct Interfaces {
    ids: Interner<KEY_WORDS>,
    account: AccountId,
    region: Region,
}

impl Interfaces {
    pub(super) fn new(account: AccountId, region: Region) -> Interfaces {
        Interfaces { ids: Interner::new(), account, region }
    }

    pub(super) fn attach(&mut self, out: &FlowRows) {
        self.ids.attach(out.interfaces.len());
    }

    #[inline(never)]
    fn add(
        &mut self,
        key: [u64; KEY_WORDS],
        fields: &Fields<'_>,
        columns: &Columns,
        out: &mut FlowRows,
    ) -> Result<u32, Skip> {
        let interface = self.interface(fields, columns)?;
        out.interfaces.push(interface);
        Ok(self.ids.add(key))
    }

    fn find_or_add(
        &mut self,
        fields: &Fields<'_>,
        columns: &Columns,
        out: &mut FlowRows,
    ) -> Result<u32, Skip> {
        let (id, account) = (fields.get(columns.interface), fields.get(columns.account));
        if id.len() <= KEY_INTERFACE && account.len() <= KEY_ACCOUNT {
            let key = key(words(id), words(account), id.len(), account.len());
            return match self.ids.get(&key) {
                Some(id) => Ok(id),
                None => self.add(key, fields, columns, out),
            };
        }
        let name = [id, b" ", account].concat();
        if let Some(id) = self.ids.get_long(&name) {
            return Ok(id);
        }
        let interface = self.interface(fields, columns)?;
        out.interfaces.push(interface);
        Ok(self.ids.add_long(&name))
    }

    fn interface(&self, fields: &Fields<'_>, columns: &Columns) -> Result<FlowInterface, Skip> {
        let id = fields.get(columns.interface);
        if matches!(id, b"" | b"-") || id.len() > ID_MAX {
            return Err(Skip::Bad(Cause::MissingField));
        }
        let account = match fields.get(columns.account) {
            b"" | b"-" | b"unknown" => self.account,
            digits => AccountId::from_digits(digits).ok_or(Skip::Bad(Cause::InvalidNumber))?,
        };
        let region = fields.text(columns.region);
        Ok(FlowInterface {
            id: fields.text(columns.interface),
            account,
            region: if region.is_empty() { self.region } else { Region::new(&region) },
            instance: fields.text(columns.instance),
            vpc: fields.text(columns.vpc),
            subnet: fields.text(columns.subnet),
        })
    }
}

/// A key has the lengths in a part that no account uses, so that names with zero bytes stay apart.
#[inline(always)]
fn key(id: [u64; 3], account: [u64; 2], id_len: usize, account_len: usize) -> [u64; KEY_WORDS] {
    let lengths = (id_len as u64) << 32 | (account_len as u64) << 40;
    [id[0], id[1], id[2], account[0], account[1] | lengths]
}

/// The fields of a line that was split at its spaces. A carriage return before the newline is no part of
/// the last field.
pub(super) struct Fields<'a> {
    text: &'a [u8],
    start: usize,
    ends: &'a [u32],
}

impl<'a> Fields<'a> {
    /// Takes the text, where the line starts in it, and where each field ends.
    pub(super) fn new(text: &'a [u8], start: usize, ends: &'a [u32]) -> Fields<'a> {
        Fields { text, start, ends }
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn line(&self) -> &'a [u8] {
        let end = self.ends.last().map_or(self.start, |it| *it as usize);
        self.text.get(self.start..end).unwrap_or_default()
    }

    /// A field; empty when the format does not have it.
    #[inline]
    pub(super) fn get(&self, column: u16) -> &'a [u8] {
        let column = column as usize;
        let Some(&end) = self.ends.get(column) else { return b"" };
        let from = match column.checked_sub(1).and_then(|before| self.ends.get(before)) {
            Some(mark) => *mark as usize + 1,
            None => self.start,
        };
        let field = self.text.get(from..end as usize).unwrap_or_default();
        match field {
            [head @ .., b'\r'] if column + 1 == self.ends.len() => head,
            _ => field,
        }
    }

    /// A field as text, empty for `-`.
    fn text(&self, column: u16) -> Box<str> {
        match self.get(column) {
            b"-" => Box::default(),
            field => String::from_utf8_lossy(&field[..field.len().min(ID_MAX)]).into(),
        }
    }
}

/// Reads a line of the usual kind: all needed fields present, numbers of at most 16 digits. `None` says that
/// [`complete`] must decide.
///
/// Only the kind of address is branched on: what is wrong gathers in one flag, which is asked once.
#[inline(always)]
pub(super) fn fast<S: Simd>(
    simd: S,
    line: &Wide<'_>,
    columns: &Columns,
    interfaces: &mut Interfaces,
    fields: &Fields<'_>,
    out: &mut FlowRows,
) -> Option<Flow> {
    let field = |column: u16| line.field(column as usize);
    let mut bad = u64::from(line.has_carriage_return());
    let src = fast_address(simd, &field(columns.src), &mut bad);
    let dst = fast_address(simd, &field(columns.dst), &mut bad);
    let src_port = field(columns.src_port).decimal(&mut bad);
    let dst_port = field(columns.dst_port).decimal(&mut bad);
    let protocol = field(columns.protocol).decimal(&mut bad);
    let packets = field(columns.packets).decimal(&mut bad);
    let bytes = field(columns.bytes).decimal(&mut bad);
    let start = field(columns.start).decimal(&mut bad);
    let end = field(columns.end).decimal(&mut bad);
    bad |= (src_port | dst_port) >> 16 | protocol >> 8 | (start | end) >> 32;
    let action = field(columns.action);
    let is_reject = action.is(b"REJECT");
    bad |= u64::from(!is_reject & !action.is(b"ACCEPT"));
    let mut flow = Flow {
        src,
        dst,
        bytes,
        packets: packets.min(u64::from(u32::MAX)) as u32,
        start: start as u32,
        end: end as u32,
        interface: 0,
        src_port: src_port as u16,
        dst_port: dst_port as u16,
        protocol: protocol as u8,
        tcp_flags: 0,
        marks: if is_reject { Flow::REJECT } else { 0 },
        traffic_path: 0,
    };
    if columns.tcp_flags != ABSENT && !field(columns.tcp_flags).is(b"-") {
        let flags = field(columns.tcp_flags).decimal(&mut bad);
        bad |= flags >> 8;
        flow.tcp_flags = flags as u8;
        flow.marks |= Flow::HAS_TCP_FLAGS;
    }
    if columns.traffic_path != ABSENT && !field(columns.traffic_path).is(b"-") {
        let path = field(columns.traffic_path).decimal(&mut bad);
        bad |= path >> 8;
        flow.traffic_path = path as u8;
    }
    if columns.direction != ABSENT {
        flow.marks |= direction(field(columns.direction).bytes());
    }
    if columns.packet_src != ABSENT {
        flow.marks |= other(flow.src, field(columns.packet_src).bytes(), Flow::FROM_OTHER);
    }
    if columns.packet_dst != ABSENT {
        flow.marks |= other(flow.dst, field(columns.packet_dst).bytes(), Flow::TO_OTHER);
    }
    let id = field(columns.interface);
    let mut account = [0; 2];
    let mut account_len = 0;
    if columns.account != ABSENT {
        account = field(columns.account).words::<2>();
        account_len = field(columns.account).len();
    }
    if bad != 0 || id.len() > KEY_INTERFACE || account_len > KEY_ACCOUNT {
        return None;
    }
    let key = key(id.words::<3>(), account, id.len(), account_len);
    flow.interface = match interfaces.ids.get(&key) {
        Some(id) => id,
        None => interfaces.add(key, fields, columns, out).ok()?,
    };
    Some(flow)
}

#[inline(always)]
fn fast_address<S: Simd>(simd: S, field: &Field<'_>, bad: &mut u64) -> Addr {
    let mut is_other = 0;
    let address = field.ipv4(simd, &mut is_other);
    if is_other == 0 {
        return Addr::from_v4(address);
    }
    let address = parse_ipv6(field.bytes());
    *bad |= u64::from(address.is_none());
    Addr::from_bits(address.unwrap_or(0))
}

#[inline(always)]
fn direction(field: &[u8]) -> u8 {
    match field {
        b"ingress" => Flow::INGRESS,
        b"egress" => Flow::EGRESS,
        _ => 0,
    }
}

/// The mark, if the packets have another, public address than a private one of the line, as those that a NAT
/// gateway passes on. What is no address says nothing.
fn other(addr: Addr, packet: &[u8], mark: u8) -> u8 {
    let is_other = !addr.is_public() && address(packet).is_ok_and(Addr::is_public);
    if is_other { mark } else { 0 }
}

/// Reads any line that has the right number of fields.
#[inline(never)]
pub(super) fn complete(
    fields: &Fields<'_>,
    columns: &Columns,
    interfaces: &mut Interfaces,
    out: &mut FlowRows,
) -> Result<Flow, Skip> {
    if fields.get(columns.src) == b"-"
        && let Some(skip) = without_data(fields, columns)
    {
        return Err(skip);
    }
    let src = address(fields.get(columns.src))?;
    let dst = address(fields.get(columns.dst))?;
    let mut flow = Flow {
        src,
        dst,
        bytes: number(fields.get(columns.bytes), u64::MAX)?,
        packets: number(fields.get(columns.packets), u64::MAX)?.min(u64::from(u32::MAX)) as u32,
        start: number(fields.get(columns.start), u64::from(u32::MAX))? as u32,
        end: number(fields.get(columns.end), u64::from(u32::MAX))? as u32,
        interface: 0,
        src_port: port(fields.get(columns.src_port))?,
        dst_port: port(fields.get(columns.dst_port))?,
        protocol: number(fields.get(columns.protocol), u64::from(u8::MAX))? as u8,
        tcp_flags: 0,
        marks: direction(fields.get(columns.direction)),
        traffic_path: optional(fields.get(columns.traffic_path))?.unwrap_or(0),
    };
    match fields.get(columns.action) {
        b"ACCEPT" => {}
        b"REJECT" => flow.marks |= Flow::REJECT,
        b"-" | b"" => return Err(Skip::Bad(Cause::MissingField)),
        _ => return Err(Skip::Bad(Cause::UnknownFormat)),
    }
    if columns.tcp_flags != ABSENT
        && let Some(flags) = optional(fields.get(columns.tcp_flags))?
    {
        flow.tcp_flags = flags;
        flow.marks |= Flow::HAS_TCP_FLAGS;
    }
    flow.marks |= other(src, fields.get(columns.packet_src), Flow::FROM_OTHER);
    flow.marks |= other(dst, fields.get(columns.packet_dst), Flow::TO_OTHER);
    flow.interface = interfaces.find_or_add(fields, columns, out)?;
    Ok(flow)
}

/// The status says so; in a format without status the lack of addresses does.
fn without_data(fields: &Fields<'_>, columns: &Columns) -> Option<Skip> {
    if columns.status == ABSENT {
        return Some(Skip::NoData);
    }
    match fields.get(columns.status) {
        b"NODATA" => Some(Skip::NoData),
        b"SKIPDATA" => Some(Skip::LeftOut),
        _ => None,
    }
}

fn address(field: &[u8]) -> Result<Addr, Skip> {
    if field == b"-" {
        return Err(Skip::Bad(Cause::MissingField));
    }
    parse_ipv4(field)
        .map(Addr::from_v4)
        .or_else(|| parse_ipv6(field).map(Addr::from_bits))
        .ok_or(Skip::Bad(Cause::InvalidAddress))
}

fn number(field: &[u8], most: u64) -> Result<u64, Skip> {
    if field == b"-" {
        return Err(Skip::Bad(Cause::MissingField));
    }
    decimal(field).filter(|it| *it <= most).ok_or(Skip::Bad(Cause::InvalidNumber))
}

/// A port; protocols without ports have `-` or 0.
fn port(field: &[u8]) -> Result<u16, Skip> {
    if field == b"-" { Ok(0) } else { Ok(number(field, u64::from(u16::MAX))? as u16) }
}

/// A small number that may be absent.
fn optional(field: &[u8]) -> Result<Option<u8>, Skip> {
    if matches!(field, b"-" | b"") {
        return Ok(None);
    }
    Ok(Some(number(field, u64::from(u8::MAX))? as u8))
}
