//! The complete path: one record of any order, spelling and spacing.

use std::borrow::Cow;

use kernels::{parse_ipv4, parse_ipv6};
use model::{Addr, Timestamp, hash64};

use super::hosts::Hosts;
use super::json::{Cursor, Fault};
use super::names::{self, Answers};
use crate::{Cause, DnsQuery, DnsRows};

/// Why there is no row, and how far the record was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unread {
    /// The JSON is sound and ends here, but something in it is wrong.
    Record { cause: Cause, end: usize },
    /// The JSON is sound, and there is neither a name nor a time: no record of a query log.
    Other,
    /// The JSON is not sound.
    Json(Fault),
}

/// Members as text; empty when absent.
#[derive(Default)]
struct Members<'t> {
    account: Cow<'t, [u8]>,
    region: Cow<'t, [u8]>,
    vpc: Cow<'t, [u8]>,
    time: Cow<'t, [u8]>,
    name: Option<Cow<'t, [u8]>>,
    kind: Cow<'t, [u8]>,
    code: Cow<'t, [u8]>,
    address: Cow<'t, [u8]>,
    transport: Cow<'t, [u8]>,
    instance: Cow<'t, [u8]>,
    action: Cow<'t, [u8]>,
    /// Where the answers are.
    answers: Option<usize>,
}

/// Reads the record at the cursor, and adds to `out` all but the row itself: the row and the end of the
/// record. The text of `out` may have grown if there is no row.
#[inline(never)]
pub(super) fn read(
    text: &[u8],
    at: usize,
    depth: u16,
    hosts: &mut Hosts,
    out: &mut DnsRows,
) -> Result<(DnsQuery, usize), Unread> {
    let mut members = Members::default();
    let mut cursor = Cursor::new(text, at, depth);
    cursor.object(|cursor, key| members.read(cursor, key)).map_err(Unread::Json)?;
    let end = cursor.position();
    if members.name.is_none() && members.time.is_empty() {
        return Err(Unread::Other);
    }
    match row(text, &members, depth, hosts, out) {
        Ok(row) => Ok((row, end)),
        Err(cause) => Err(Unread::Record { cause, end }),
    }
}

impl<'t> Members<'t> {
    fn read(&mut self, cursor: &mut Cursor<'t>, key: &[u8]) -> Result<(), Fault> {
        let member = match key {
            b"account_id" => &mut self.account,
            b"region" => &mut self.region,
            b"vpc_id" => &mut self.vpc,
            b"query_timestamp" => &mut self.time,
            b"query_type" => &mut self.kind,
            b"rcode" => &mut self.code,
            b"srcaddr" => &mut self.address,
            b"transport" => &mut self.transport,
            b"firewall_rule_action" => &mut self.action,
            b"query_name" => self.name.insert(Cow::default()),
            b"srcids" if cursor.peek()? == b'{' => return self.read_ids(cursor),
            b"answers" => {
                cursor.peek()?;
                self.answers = Some(cursor.position());
                return cursor.skip();
            }
            _ => return cursor.skip(),
        };
        *member = cursor.text()?;
        Ok(())
    }

    fn read_ids(&mut self, cursor: &mut Cursor<'t>) -> Result<(), Fault> {
        cursor.object(|cursor, key| {
            if key == b"instance" {
                self.instance = cursor.text()?;
                return Ok(());
            }
            cursor.skip()
        })
    }
}

fn row(
    text: &[u8],
    members: &Members<'_>,
    depth: u16,
    hosts: &mut Hosts,
    out: &mut DnsRows,
) -> Result<DnsQuery, Cause> {
    let time = seconds(&members.time)?;
    let name = members.name.as_deref().ok_or(Cause::MissingField)?;
    let address = address(&members.address, members.instance.is_empty())?;
    let scope = hosts.scope(&members.account, &members.region, &members.vpc)?;
    let name = std::str::from_utf8(name).map_err(|_| Cause::InvalidUtf8)?;
    let name = names::push_name(&mut out.text, name)?;
    let mut answers = Answers::new(&out.text);
    if let Some(at) = members.answers {
        push_answers(Cursor::new(text, at, depth), &mut answers, &mut out.text)?;
    }
    let (span, answer_count) = answers.finish(&out.text);
    let mut marks = 0;
    if &*members.transport == b"TCP" {
        marks |= DnsQuery::TCP;
    }
    if &*members.action == b"BLOCK" {
        marks |= DnsQuery::BLOCKED;
    }
    Ok(DnsQuery {
        name_hash: hash64(name.of(&out.text).as_bytes()),
        name,
        answers: span,
        time,
        host: hosts.find_or_add(scope, &members.instance, address, out),
        qtype: names::query_type(&members.kind),
        answer_count,
        rcode: names::response_code(&members.code),
        marks,
    })
}

fn seconds(time: &[u8]) -> Result<u32, Cause> {
    if time.is_empty() {
        return Err(Cause::MissingField);
    }
    let time = std::str::from_utf8(time).ok().and_then(|it| Timestamp::parse(it).ok());
    time.and_then(|it| u32::try_from(it.secs()).ok()).ok_or(Cause::InvalidTime)
}

/// The address may be absent if the instance is known.
fn address(text: &[u8], is_needed: bool) -> Result<Addr, Cause> {
    if text.is_empty() {
        return if is_needed { Err(Cause::MissingField) } else { Ok(Addr::UNSPECIFIED) };
    }
    parse_ipv4(text)
        .map(Addr::from_v4)
        .or_else(|| parse_ipv6(text).map(Addr::from_bits))
        .ok_or(Cause::InvalidAddress)
}

/// Reads the answers a second time: they were passed over while the names of other members were unknown.
fn push_answers(
    mut cursor: Cursor<'_>,
    answers: &mut Answers,
    text: &mut String,
) -> Result<(), Cause> {
    let mut cause = None;
    if !matches!(cursor.peek(), Ok(b'[')) {
        return Ok(());
    }
    let read = cursor.array(|cursor| {
        if cursor.peek()? != b'{' {
            return cursor.skip();
        }
        let (mut kind, mut data) = (Cow::default(), Cow::default());
        cursor.object(|cursor, key| {
            match key {
                b"Type" | b"type" | b"answer_type" => kind = cursor.text()?,
                b"Rdata" | b"rdata" | b"answer_rdata" => data = cursor.text()?,
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        match (std::str::from_utf8(&kind), std::str::from_utf8(&data)) {
            (Ok(kind), Ok(data)) => answers.push(text, kind, data),
            _ => cause = Some(Cause::InvalidUtf8),
        }
        Ok(())
    });
    match (read, cause) {
        (_, Some(cause)) => Err(cause),
        (Ok(()), None) => Ok(()),
        // The array was passed over before without a fault.
        (Err(_), None) => Err(Cause::InvalidJson),
    }
}
