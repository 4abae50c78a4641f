//! A reader for databases in MaxMind's format (<https://maxmind.github.io/MaxMind-DB/>, version 2).
//!
//! It checks every offset: a damaged file of the user must not end the process.

use model::Addr;

use super::PlacesError;

const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// The metadata begin within this many bytes of the end.
const MAX_METADATA_BYTES: usize = 128 << 10;
/// Zeros between the search tree and the data.
const SEPARATOR_BYTES: usize = 16;
/// How deep maps and arrays may nest; MaxMind's own databases use three levels.
const MAX_DEPTH: u32 = 16;

/// An opened database.
pub(super) struct Reader {
    bytes: Vec<u8>,
    nodes: usize,
    /// Bits of one of the two records of a node: 24, 28 or 32.
    record_bits: usize,
    is_v6: bool,
    /// Where the data section begins.
    data: usize,
}

/// A value that somebody asks for.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Number(u64),
    Real(f64),
}

impl Reader {
    pub(super) fn new(bytes: Vec<u8>) -> Result<Reader, PlacesError> {
        let tail = bytes.len().saturating_sub(MAX_METADATA_BYTES);
        let windows = bytes.get(tail..).unwrap_or_default().windows(MARKER.len());
        let marker = windows.rev().position(|it| it == MARKER);
        let Some(from_end) = marker else {
            return Err(PlacesError::Mmdb("the file has no metadata"));
        };
        let section = Section { bytes: &bytes, base: bytes.len() - from_end };
        let number = |key: &str| match section.find(section.base, &[key]) {
            Some(Value::Number(number)) => usize::try_from(number).ok(),
            _ => None,
        };
        let (Some(nodes), Some(record_bits), Some(version)) =
            (number("node_count"), number("record_size"), number("ip_version"))
        else {
            return Err(PlacesError::Mmdb("the metadata lack a field"));
        };
        if !matches!(record_bits, 24 | 28 | 32) || !matches!(version, 4 | 6) {
            return Err(PlacesError::Mmdb("the metadata ask for an unknown layout"));
        }
        let tree = nodes.checked_mul(record_bits / 4);
        let data = tree.and_then(|it| it.checked_add(SEPARATOR_BYTES));
        match data.filter(|it| *it <= bytes.len()) {
            Some(data) => Ok(Reader { nodes, record_bits, is_v6: version == 6, data, bytes }),
            None => Err(PlacesError::Mmdb("the search tree is cut off")),
        }
    }

    /// Where the record of an address begins.
    pub(super) fn record(&self, addr: Addr) -> Option<usize> {
        let (bits, width) = match addr.v4() {
            // In a database of both families IPv4 is below ::/96.
            Some(v4) if self.is_v6 => (u128::from(v4), 128),
            Some(v4) => (u128::from(v4), 32),
            None if self.is_v6 => (addr.bits(), 128),
            None => return None,
        };
        let mut node = 0;
        for depth in (0..width).rev() {
            node = self.child(node, bits >> depth & 1 != 0)?;
            if node >= self.nodes {
                break;
            }
        }
        let offset = node.checked_sub(self.nodes + SEPARATOR_BYTES)?;
        self.data.checked_add(offset)
    }

    fn child(&self, node: usize, right: bool) -> Option<usize> {
        let size = self.record_bits / 4;
        let at = node.checked_mul(size)?;
        let pair = self.bytes.get(at..at + size)?;
        Some(match *pair {
            [a, b, c, _, _, _] if !right => big_endian(&[a, b, c]),
            [_, _, _, a, b, c] => big_endian(&[a, b, c]),
            [a, b, c, middle, _, _, _] if !right => big_endian(&[middle >> 4, a, b, c]),
            [_, _, _, middle, a, b, c] => big_endian(&[middle & 15, a, b, c]),
            [a, b, c, d, _, _, _, _] if !right => big_endian(&[a, b, c, d]),
            [_, _, _, _, a, b, c, d] => big_endian(&[a, b, c, d]),
            _ => return None,
        })
    }

    /// The value at the end of a path of keys, from a record on.
    pub(super) fn find(&self, record: usize, path: &[&str]) -> Option<Value<'_>> {
        Section { bytes: &self.bytes, base: self.data }.find(record, path)
    }
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte))
}

/// Encoded values; pointers among them count from `base`.
struct Section<'a> {
    bytes: &'a [u8],
    base: usize,
}

/// What the control bytes of a value say.
struct Header {
    kind: u8,
    size: usize,
    /// Where the value's own bytes begin.
    at: usize,
}

const POINTER: u8 = 1;
const TEXT: u8 = 2;
const DOUBLE: u8 = 3;
const MAP: u8 = 7;
const ARRAY: u8 = 11;
const BOOLEAN: u8 = 14;

impl<'a> Section<'a> {
    fn take(&self, at: usize, count: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(count)?)
    }

    fn header(&self, at: usize) -> Option<Header> {
        let control = *self.bytes.get(at)?;
        let (mut kind, mut at) = (control >> 5, at + 1);
        if kind == POINTER {
            return Some(Header { kind, size: usize::from(control & 31), at });
        }
        if kind == 0 {
            kind = self.bytes.get(at)?.checked_add(7)?;
            at += 1;
        }
        let (more, least) = match control & 31 {
            29 => (1, 29),
            30 => (2, 285),
            31 => (3, 65_821),
            size => (0, usize::from(size)),
        };
        let size = least + big_endian(self.take(at, more)?);
        Some(Header { kind, size, at: at + more })
    }

    /// The header of the value at a position, behind a pointer if there is one.
    fn resolve(&self, at: usize) -> Option<Header> {
        let header = self.header(at)?;
        if header.kind != POINTER {
            return Some(header);
        }
        let high = header.size & 7;
        let bytes = big_endian(self.take(header.at, pointer_bytes(header.size))?);
        let target = match header.size >> 3 {
            0 => high << 8 | bytes,
            1 => (high << 16 | bytes) + 2048,
            2 => (high << 24 | bytes) + 526_336,
            _ => bytes,
        };
        // A pointer to a pointer is not allowed.
        self.header(self.base.checked_add(target)?).filter(|it| it.kind != POINTER)
    }

    /// Where the value after the one at a position begins.
    fn skip(&self, at: usize, depth: u32) -> Option<usize> {
        let header = self.header(at)?;
        let values = match header.kind {
            POINTER => return Some(header.at + pointer_bytes(header.size)),
            BOOLEAN => return Some(header.at),
            MAP => header.size * 2,
            ARRAY => header.size,
            _ => return header.at.checked_add(header.size),
        };
        if depth == 0 {
            return None;
        }
        (0..values).try_fold(header.at, |at, _| self.skip(at, depth - 1))
    }

    fn find(&self, at: usize, path: &[&str]) -> Option<Value<'a>> {
        let header = self.resolve(at)?;
        let Some((&key, rest)) = path.split_first() else { return self.value(&header) };
        if header.kind != MAP {
            return None;
        }
        let mut at = header.at;
        for _ in 0..header.size {
            let name = self.value(&self.resolve(at)?)?;
            let value = self.skip(at, 0)?;
            if matches!(name, Value::Text(text) if text == key) {
                return self.find(value, rest);
            }
            at = self.skip(value, MAX_DEPTH)?;
        }
        None
    }

    fn value(&self, header: &Header) -> Option<Value<'a>> {
        let bytes = self.take(header.at, header.size)?;
        match header.kind {
            TEXT => Some(Value::Text(str::from_utf8(bytes).ok()?)),
            DOUBLE => Some(Value::Real(f64::from_be_bytes(bytes.try_into().ok()?))),
            // Unsigned numbers of 16, 32 and 64 bits; leading zeros are left out.
            5 | 6 | 9 if bytes.len() <= 8 => Some(Value::Number(big_endian(bytes) as u64)),
            _ => None,
        }
    }
}

/// The bytes of a pointer behind its control byte.
fn pointer_bytes(size: usize) -> usize {
    (size >> 3 & 3) + 1
}
