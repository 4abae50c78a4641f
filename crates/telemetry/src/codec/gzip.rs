//! Gzip with any number of members (RFC 1952): small objects in one piece, others as a stream.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;
use memchr::memmem;

/// Header and trailer without any data.
const MEMBER_MIN: usize = 18;

/// The most that deflate can make of one byte, rounded up (<https://zlib.net/zlib_tech.html>).
const EXPANSION_MAX: usize = 1040;

/// Ends of a member that are tried before the object is read as a stream instead.
const TRIES_MAX: usize = 4;

/// Whether the bytes start with a gzip member.
pub(super) fn is_gzip(head: &[u8]) -> bool {
    matches!(head, [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0)
}

/// Decompresses all members at once; `None` when the object is damaged, larger than `most`, or followed by
/// something else: then the stream reader finds out what can be used.
///
/// The safe interface of libdeflate does not tell where a member ends. A member ends at the end of the
/// object or where another header follows; the length that is stored before that place must be the one
/// that came out. Lengths are chosen by whoever wrote the file, so they are checked before they are used.
///
/// The text goes to `text`, whose former content only saves clearing memory.
pub(super) fn whole(bytes: &[u8], most: usize, text: &mut Vec<u8>) -> Option<()> {
    let mut decompressor = Decompressor::new();
    let mut start = 0;
    let mut rest = bytes;
    while !rest.is_empty() {
        let taken = member(&mut decompressor, rest, text, start, most)?;
        start = text.len();
        rest = rest.get(taken..)?;
    }
    text.truncate(start);
    Some(())
}

/// Decompresses the first member and returns its compressed length.
fn member(
    decompressor: &mut Decompressor,
    bytes: &[u8],
    text: &mut Vec<u8>,
    start: usize,
    most: usize,
) -> Option<usize> {
    let next = memmem::find_iter(bytes.get(MEMBER_MIN..)?, &[0x1f, 0x8b, 8])
        .map(|at| at + MEMBER_MIN)
        .filter(|&at| is_gzip(bytes.get(at..).unwrap_or_default()));
    for end in next.chain([bytes.len()]).filter(|&end| end >= MEMBER_MIN).take(TRIES_MAX) {
        let trailer = bytes.get(end - 4..end)?;
        let size = u32::from_le_bytes(trailer.try_into().ok()?) as usize;
        if size > end.saturating_mul(EXPANSION_MAX) || start + size > most {
            continue;
        }
        // Room for the padding as well, so that it costs no copy.
        text.reserve((start + size + super::PADDING).saturating_sub(text.len()));
        text.resize(start + size, 0);
        match decompressor.gzip_decompress(bytes.get(..end)?, text.get_mut(start..)?) {
            Ok(n) if n == size => return Some(end),
            _ => {}
        }
    }
    None
}

/// Reads the members of a stream one after the other.
pub(super) struct Members<R: BufRead> {
    /// `None` only while a member is exchanged for the next, and at the end.
    decoder: Option<GzDecoder<R>>,
    failure: Option<io::ErrorKind>,
}

impl<R: BufRead> Members<R> {
    pub(super) fn new(reader: R) -> Members<R> {
        Members { decoder: Some(GzDecoder::new(reader)), failure: None }
    }

    /// Goes on to the next member. Zeros behind the last are padding, as gzip(1) takes them.
    fn advance(&mut self) -> io::Result<()> {
        let Some(decoder) = self.decoder.take() else { return Ok(()) };
        let mut reader = decoder.into_inner();
        loop {
            let buffered = reader.fill_buf()?;
            match buffered.first() {
                None => return Ok(()),
                Some(0) => {
                    let zeros = buffered.iter().take_while(|b| **b == 0).count();
                    reader.consume(zeros);
                }
                Some(0x1f) => {
                    self.decoder = Some(GzDecoder::new(reader));
                    return Ok(());
                }
                Some(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(kind) = self.failure {
            return Err(kind.into());
        }
        if out.is_empty() {
            return Ok(0);
        }
        while let Some(decoder) = &mut self.decoder {
            let step = match decoder.read(out) {
                Ok(0) => self.advance().map(|()| 0),
                other => other,
            };
            match step {
                Ok(0) => {}
                Ok(n) => return Ok(n),
                Err(error) => {
                    self.failure = Some(error.kind());
                    return Err(error);
                }
            }
        }
        Ok(0)
    }
}
