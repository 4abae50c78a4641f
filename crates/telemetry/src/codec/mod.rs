//! Compressed objects to text: plain, gzip and zstd, also inside of one another, whole or in windows.
//!
//! What was decompressed before damage, a cut or a limit is used; the cause is told once.

mod gzip;
mod parquet;
mod window;

#[cfg(test)]
pub(crate) use parquet::tests::flow_file as parquet_flow_file;
pub(crate) use window::Window;

use std::io::{self, BufRead, BufReader, Cursor, Read};

use crate::{Cause, Limits};

/// Readable bytes (zeros) that lie behind the text that parsers are handed, so that vector code may load
/// whole registers at its end.
pub(crate) const PADDING: usize = 64;

/// Deepest nesting of compressed streams: Firehose may compress what CloudWatch Logs compressed.
const LAYERS_MAX: usize = 3;

/// Largest object that is decompressed in one piece.
const WHOLE_MAX: usize = 64 << 20;

/// Reads a stream piece by piece.
type Stream = Box<dyn Read + Send>;

enum Source {
    /// All text at once, not yet handed over.
    Whole(Vec<u8>),
    Stream(Stream),
    Ended,
}

/// An object that is being decompressed.
pub(crate) struct Decoder {
    source: Source,
    compressed: u64,
    produced: u64,
    object_bytes: u64,
    ratio: u64,
    problem: Option<Cause>,
}

impl Decoder {
    /// Takes the bytes of an object, and a buffer whose content is of no use any more.
    pub(crate) fn new(bytes: Vec<u8>, mut buffer: Vec<u8>, limits: &Limits) -> Decoder {
        let compressed = bytes.len() as u64;
        let most = limits.object_bytes.min(WHOLE_MAX as u64) as usize;
        let source = match compression(&bytes) {
            Compression::None => Source::Whole(bytes),
            Compression::Gzip => gzip_source(bytes, most, &mut buffer),
            Compression::Zstd => {
                zstd_stream(Cursor::new(bytes)).map_or(Source::Ended, Source::Stream)
            }
            Compression::Parquet => {
                parquet::Lines::new(bytes).map_or(Source::Ended, |it| Source::Stream(Box::new(it)))
            }
        };
        let problem = matches!(source, Source::Ended).then_some(Cause::CorruptCompression);
        let mut decoder = Decoder {
            source,
            compressed,
            produced: 0,
            object_bytes: limits.object_bytes,
            ratio: u64::from(limits.ratio),
            problem,
        };
        decoder.unwrap_layers(most);
        decoder
    }

    /// Why decompression ended early; told once.
    pub(crate) fn take_problem(&mut self) -> Option<Cause> {
        self.problem.take()
    }

    /// Appends at most about `most` bytes of text to `out`; false when the text has ended.
    pub(crate) fn read(&mut self, out: &mut Vec<u8>, most: usize) -> bool {
        let before = out.len();
        match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Ended => {}
            Source::Whole(text) if out.is_empty() => *out = text,
            Source::Whole(text) => out.extend_from_slice(&text),
            Source::Stream(mut stream) => match (&mut stream).take(most as u64).read_to_end(out) {
                Ok(n) if n == most => self.source = Source::Stream(stream),
                Ok(_) => {}
                Err(error) => self.problem = Some(cause_of(&error)),
            },
        }
        self.bound(out, before);
        !matches!(self.source, Source::Ended)
    }

    /// Cuts what exceeds the limits and ends the stream there.
    fn bound(&mut self, out: &mut Vec<u8>, before: usize) {
        let free = Limits::RATIO_FREE_BYTES.max(self.compressed.saturating_mul(self.ratio));
        let allowed = self.object_bytes.min(free).saturating_sub(self.produced);
        let read = (out.len() - before) as u64;
        if read > allowed {
            out.truncate(before + allowed as usize);
            self.source = Source::Ended;
            self.problem = Some(Cause::DecompressionBomb);
        }
        self.produced += read.min(allowed);
    }

    /// Looks through streams that hold compressed streams.
    fn unwrap_layers(&mut self, most: usize) {
        for _ in 1..LAYERS_MAX {
            match std::mem::replace(&mut self.source, Source::Ended) {
                Source::Whole(text) => {
                    self.source = match compression(&text) {
                        // Nobody compresses a Parquet file: it holds compressed pages.
                        Compression::None | Compression::Parquet => Source::Whole(text),
                        Compression::Gzip => gzip_source(text, most, &mut Vec::new()),
                        Compression::Zstd => {
                            zstd_stream(Cursor::new(text)).map_or(Source::Ended, Source::Stream)
                        }
                    };
                }
                Source::Stream(stream) => {
                    let mut stream = BufReader::with_capacity(1 << 16, stream);
                    let kind = match stream.fill_buf() {
                        Ok(head) => compression(head),
                        // Not every decoder tells an error a second time.
                        Err(error) => {
                            self.problem = Some(cause_of(&error));
                            return;
                        }
                    };
                    self.source = match kind {
                        Compression::None | Compression::Parquet => {
                            self.source = Source::Stream(Box::new(stream));
                            return;
                        }
                        Compression::Gzip => Source::Stream(Box::new(gzip::Members::new(stream))),
                        Compression::Zstd => {
                            zstd_stream(stream).map_or(Source::Ended, Source::Stream)
                        }
                    };
                }
                Source::Ended => return,
            }
        }
    }
}

fn gzip_source(bytes: Vec<u8>, most: usize, buffer: &mut Vec<u8>) -> Source {
    match gzip::whole(&bytes, most, buffer) {
        Some(()) => Source::Whole(std::mem::take(buffer)),
        None => Source::Stream(Box::new(gzip::Members::new(Cursor::new(bytes)))),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
    /// Not a compression, but its rows are read as text all the same.
    Parquet,
}

/// The compression by the first bytes (RFC 1952 section 2.3.1, RFC 8878 sections 3.1.1 and 3.1.2).
fn compression(head: &[u8]) -> Compression {
    match head {
        _ if gzip::is_gzip(head) => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        _ if parquet::is_parquet(head) => Compression::Parquet,
        _ => Compression::None,
    }
}

/// Whether the bytes are a compressed stream.
pub(crate) fn is_compressed(bytes: &[u8]) -> bool {
    compression(bytes) != Compression::None
}

/// Whether an object that begins with these bytes can only be read when all of it is there: a Parquet file
/// tells at its end where its rows are.
pub fn is_read_whole(head: &[u8]) -> bool {
    compression(head) == Compression::Parquet
}

/// A small file that may be compressed as logs are, such as a list: its bytes, at most `most`, or why they
/// cannot be had.
pub fn decompressed(bytes: Vec<u8>, most: u64) -> Result<Vec<u8>, Cause> {
    if compression(&bytes) == Compression::None {
        return Ok(bytes);
    }
    let limits = Limits { object_bytes: most, ..Limits::default() };
    match decode_all(bytes, &limits) {
        (bytes, None) => Ok(bytes),
        (_, Some(cause)) => Err(cause),
    }
}

/// Decompresses everything that the limits allow.
pub(crate) fn decode_all(bytes: Vec<u8>, limits: &Limits) -> (Vec<u8>, Option<Cause>) {
    let mut decoder = Decoder::new(bytes, Vec::new(), limits);
    let mut text = Vec::new();
    while decoder.read(&mut text, 1 << 20) {}
    (text, decoder.take_problem())
}

fn zstd_stream<R: BufRead + Send + 'static>(reader: R) -> io::Result<Stream> {
    Ok(Box::new(zstd::stream::read::Decoder::with_buffer(reader)?))
}

fn cause_of(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Cause::Truncated,
        _ => Cause::CorruptCompression,
    }
}
