//! The fast path: records with the members in AWS's own order, read by the places of their quotes.
//!
//! Everything between the values is compared with what AWS writes, so a record that passes is exactly of
//! that form and the complete path would read the same. Values that the complete path treats specially
//! (escapes, IPv6, long texts, unknown types of answers) are left to it.

use kernels::{Line, Simd, Wide};
use model::{Addr, Timestamp, hash64};

use super::hosts::{Hosts, KEY_INSTANCE};
use super::names::{self, Answers, RDATA_MAX};
use crate::{DnsQuery, DnsRows};

/// Marks before the members that differ from record to record: those of `version` to `query_timestamp`.
const TIME: usize = 18;

/// Marks up to the answers, and from the answers to the end of the line.
const ANSWERS: usize = 38;
const REST: usize = 19;

/// Bytes of `2026-01-31` and of a whole time.
const DATE: usize = 10;
const TIME_BYTES: usize = 20;

/// Beginnings of records that are remembered; a stream may mix as many networks without loss of speed.
const PREFIXES: usize = 64;

/// The beginning of a record, up to its date, and what it means: it repeats in nearly every record.
#[derive(Clone, Default)]
struct Prefix {
    bytes: Vec<u8>,
    scope: u32,
    /// Midnight of the date, seconds since 1970.
    midnight: u32,
}

/// Longest beginning that is remembered, in bytes; AWS's have about 160.
const PREFIX_BYTES_MAX: usize = 512;

/// Remembered beginnings, by a hash of the network's name.
pub(super) struct Prefixes(Box<[Prefix]>);

impl Prefixes {
    pub(super) fn new() -> Prefixes {
        Prefixes(vec![Prefix::default(); PREFIXES].into_boxed_slice())
    }

    /// Forgets the scopes of a block that ended.
    pub(super) fn clear(&mut self) {
        self.0.iter_mut().for_each(|it| it.bytes.clear());
    }

    /// The scope and the midnight that a beginning stands for. The caller has checked that the line has the
    /// marks of a whole record.
    #[inline(always)]
    fn find(&mut self, line: &Wide<'_>, bytes: &[u8], hosts: &mut Hosts) -> Option<(u32, u32)> {
        let [vpc] = line.field(15).words::<1>();
        let slot = (vpc.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % PREFIXES;
        let prefix = &mut self.0[slot];
        if prefix.bytes != bytes {
            prefix.read(line, bytes, hosts)?;
        }
        Some((prefix.scope, prefix.midnight))
    }
}

impl Prefix {
    /// Reads and remembers another beginning. `None` if it is not of AWS's form.
    #[cold]
    #[inline(never)]
    fn read(&mut self, line: &Wide<'_>, bytes: &[u8], hosts: &mut Hosts) -> Option<()> {
        let is_usual = bytes.len() <= PREFIX_BYTES_MAX
            && bytes.starts_with(br#"{"version":""#)
            && line.has(3, br#"","account_id":""#)
            && line.has(7, br#"","region":""#)
            && line.has(11, br#"","vpc_id":""#)
            && line.has(15, br#"","query_timestamp":""#);
        if !is_usual {
            return None;
        }
        let (account, region, vpc) =
            (line.field(7).bytes(), line.field(11).bytes(), line.field(15).bytes());
        let date = std::str::from_utf8(bytes.last_chunk::<DATE>()?).ok()?;
        let midnight = Timestamp::parse(&format!("{date}T00:00:00Z")).ok()?.secs();
        // A whole day must fit.
        let midnight = u32::try_from(midnight).ok().filter(|it| *it < u32::MAX - 2 * 86_400)?;
        let scope = hosts.scope(account, region, vpc).ok()?;
        bytes.clone_into(&mut self.bytes);
        (self.scope, self.midnight) = (scope, midnight);
        Some(())
    }
}

/// Reads a line, and adds to `out` all but the row itself. `None` says that the complete path must decide;
/// the text of `out` may have grown then.
#[inline(always)]
pub(super) fn read<S: Simd>(
    simd: S,
    text: &[u8],
    line: &Line<'_>,
    prefixes: &mut Prefixes,
    hosts: &mut Hosts,
    out: &mut DnsRows,
) -> Option<DnsQuery> {
    let wide = line.wide()?;
    let marks = line.marks();
    if marks.len() < ANSWERS + REST {
        return None;
    }
    let time = wide.field(TIME + 1);
    let beginning = text.get(line.start()..marks[TIME] as usize + 1 + DATE)?;
    if time.len() != TIME_BYTES {
        return None;
    }
    let (scope, midnight) = prefixes.find(&wide, beginning, hosts)?;
    // Compared without branches between: nearly every record passes all of them.
    let is_usual = wide.has(19, br#"","query_name":""#)
        & wide.has(23, br#"","query_type":""#)
        & wide.has(27, br#"","query_class":""#)
        & wide.has(31, br#"","rcode":""#)
        & wide.has(35, br#"","answers":["#);
    if !is_usual {
        return None;
    }
    let seconds = seconds_of_day(time.bytes().last_chunk::<{ TIME_BYTES - DATE }>()?)?;
    let name = names::push_name(&mut out.text, wide.field(23).text()?).ok()?;
    let (answers, count, rest) = answers(&wide, marks.len(), out)?;
    let tail = tail(simd, &wide, rest)?;
    let kind = wide.field(27);
    let code = wide.field(35);
    let host = hosts.by_words(scope, tail.instance, tail.bytes, tail.address, out);
    Some(DnsQuery {
        name_hash: hash64(name.of(&out.text).as_bytes()),
        name,
        answers,
        time: midnight + seconds,
        host,
        qtype: short(&kind)
            .and_then(names::type_of_word)
            .unwrap_or_else(|| names::query_type(kind.bytes())),
        answer_count: count,
        rcode: short(&code)
            .and_then(names::rcode_of_word)
            .unwrap_or_else(|| names::response_code(code.bytes())),
        marks: tail.marks,
    })
}

#[inline(always)]
fn short(field: &kernels::Field<'_>) -> Option<u64> {
    let [word] = field.words::<1>();
    (field.len() <= 8).then_some(word)
}

/// Seconds of `T23:59:59Z`.
#[inline(always)]
#[expect(clippy::needless_bitwise_bool, reason = "lazy operators would be nine branches")]
fn seconds_of_day(time: &[u8; TIME_BYTES - DATE]) -> Option<u32> {
    let [b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'Z'] = *time else { return None };
    let digits = [h1, h2, m1, m2, s1, s2].map(|b| u32::from(b.wrapping_sub(b'0')));
    let [h1, h2, m1, m2, s1, s2] = digits;
    let (hour, minute, second) = (h1 * 10 + h2, m1 * 10 + m2, s1 * 10 + s2);
    let fits = digits.iter().fold(true, |fits, it| fits & (*it <= 9))
        & (hour <= 23)
        & (minute <= 59)
        // A leap second, as `Timestamp::parse` takes it.
        & (second <= 60);
    fits.then_some(hour * 3600 + minute * 60 + second)
}

/// Adds the answers: where they lie, their number, and the mark at which `srcaddr` starts.
#[inline(always)]
fn answers(line: &Wide<'_>, marks: usize, out: &mut DnsRows) -> Option<(crate::Span, u8, usize)> {
    let mut answers = Answers::new(&out.text);
    let mut at = ANSWERS;
    if !line.has(at - 1, br#"":[],"srcaddr":""#) {
        if !line.has(at - 1, br#"":[{"Rdata":""#) {
            return None;
        }
        loop {
            if marks < at + 12 + REST
                || !(line.has(at + 3, br#"","Type":""#) & line.has(at + 7, br#"","Class":""#))
            {
                return None;
            }
            let (data, kind) = (line.field(at + 3), line.field(at + 7));
            short(&kind).and_then(names::type_of_word)?;
            if data.len() > RDATA_MAX {
                return None;
            }
            answers.push_plain(&mut out.text, kind.text()?, data.text()?);
            at += 12;
            if line.has(at - 1, br#""}],"srcaddr":""#) {
                break;
            }
            if !line.has(at - 1, br#""},{"Rdata":""#) {
                return None;
            }
        }
    }
    let (span, count) = answers.finish(&out.text);
    Some((span, count, at))
}

/// What follows the answers.
struct Tail<'a> {
    address: Addr,
    instance: [u64; 3],
    bytes: &'a [u8],
    marks: u8,
}

/// Reads the members from `srcaddr` on. The caller has checked that the line has enough marks.
#[inline(always)]
fn tail<'a, S: Simd>(simd: S, line: &Wide<'a>, at: usize) -> Option<Tail<'a>> {
    let is_usual = line.has(at + 3, br#"","srcport":""#)
        & line.has(at + 7, br#"","transport":""#)
        & line.has(at + 11, br#"","srcids":{"instance":""#)
        & line.has(at + 17, b"\"}}\n");
    let mut bad = u64::from(!is_usual);
    let address = line.field(at + 3).ipv4(simd, &mut bad);
    let instance = line.field(at + 17);
    if bad != 0 || instance.is_empty() || instance.len() > KEY_INSTANCE {
        return None;
    }
    Some(Tail {
        address: Addr::from_v4(address),
        instance: instance.words::<3>(),
        bytes: instance.bytes(),
        marks: if line.field(at + 11).is(b"TCP") { DnsQuery::TCP } else { 0 },
    })
}
