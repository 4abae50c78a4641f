//! The part of an object's text that is worked on.

use super::{Decoder, PADDING};
use crate::{Cause, Limits};

/// A piece of the decompressed text, followed by [`PADDING`] zeros. Small objects are one piece.
pub(crate) struct Window {
    decoder: Decoder,
    buffer: Vec<u8>,
    len: usize,
    base: u64,
    size: usize,
    last: bool,
}

/// Shortest piece; the heads of values that are looked at fit in.
const SIZE_MIN: usize = 32 << 10;

impl Window {
    /// Takes the bytes of an object, and a buffer to work in, and decompresses the first piece.
    pub(crate) fn new(bytes: Vec<u8>, buffer: Vec<u8>, limits: &Limits) -> Window {
        let size = limits.window_bytes.max(2 * limits.record_bytes).max(SIZE_MIN);
        let decoder = Decoder::new(bytes, buffer, limits);
        let mut window = Window { decoder, buffer: Vec::new(), len: 0, base: 0, size, last: false };
        window.advance(0);
        window
    }

    /// The text of the piece; [`PADDING`] zeros lie behind it.
    pub(crate) fn text(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// Offset of the piece in the decompressed object.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// Whether the text ends with this piece.
    pub(crate) fn is_last(&self) -> bool {
        self.last
    }

    /// Why decompression ended early; told once.
    pub(crate) fn take_problem(&mut self) -> Option<Cause> {
        self.decoder.take_problem()
    }

    /// Length of a full piece.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The buffer, for the next window.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// Drops the first `done` bytes and reads on until the piece is full or the text ends.
    pub(crate) fn advance(&mut self, done: usize) {
        let done = done.min(self.len);
        self.buffer.truncate(self.len);
        if done > 0 {
            self.buffer.drain(..done);
        }
        self.base += done as u64;
        while !self.last && self.buffer.len() < self.size {
            let room = self.size - self.buffer.len();
            self.last = !self.decoder.read(&mut self.buffer, room);
        }
        self.len = self.buffer.len();
        self.buffer.resize(self.len + PADDING, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn small() -> Limits {
        Limits { window_bytes: 4096, record_bytes: 100, ..Limits::default() }
    }

    fn read(bytes: Vec<u8>, limits: &Limits) -> (Vec<u8>, Option<Cause>) {
        let mut window = Window::new(bytes, vec![7; 1000], limits);
        let mut all = Vec::new();
        let mut problem = window.take_problem();
        loop {
            assert_eq!(window.base(), all.len() as u64);
            assert_eq!(window.buffer.get(window.len..), Some(&[0; PADDING][..]));
            all.extend_from_slice(window.text());
            if window.is_last() {
                return (all, problem);
            }
            window.advance(window.text().len());
            problem = problem.or(window.take_problem());
        }
    }

    fn sample() -> Vec<u8> {
        (0..20_000u32)
            .flat_map(|n| format!("{n:x} {};", n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    #[test]
    fn every_compression_gives_the_text() {
        let text = sample();
        let (a, b) = text.split_at(text.len() / 3);
        let zstd = |text: &[u8]| zstd::encode_all(text, 3).unwrap();
        let forms = [
            text.clone(),
            gzip(&text),
            [gzip(a), gzip(b)].concat(),
            [gzip(a), gzip(b), vec![0; 100]].concat(),
            gzip(&gzip(&text)),
            gzip(&[gzip(a), gzip(b)].concat()),
            zstd(&text),
            [zstd(a), zstd(b)].concat(),
            zstd(&gzip(&text)),
        ];
        for form in forms {
            for limits in
                [Limits::default(), small(), Limits { object_bytes: text.len() as u64, ..small() }]
            {
                let (read, problem) = read(form.clone(), &limits);
                assert_eq!(read.len(), text.len());
                assert!(read == text && problem.is_none(), "{problem:?}");
            }
        }
    }

    #[test]
    fn equal_members_are_all_read() {
        let member = gzip(b"same\n");
        assert_eq!(read(member.repeat(3), &small()).0, b"same\nsame\nsame\n");
        let many = member.repeat(50);
        let mut text = vec![7; 1000];
        super::super::gzip::whole(&many, 1 << 20, &mut text).unwrap();
        assert_eq!(text, b"same\n".repeat(50));
        assert_eq!(read(Vec::new(), &small()), (Vec::new(), None));
        assert_eq!(read(gzip(b""), &small()), (Vec::new(), None));
    }

    #[test]
    fn what_lies_before_the_damage_is_used() {
        let text = sample();
        let whole = gzip(&text);
        let cut = whole.get(..whole.len() / 2).unwrap().to_vec();
        let (got, problem) = read(cut, &small());
        assert!(got.len() > 1000 && text.starts_with(&got));
        assert_eq!(problem, Some(Cause::Truncated));

        let mut bad = [whole.clone(), gzip(b"more")].concat();
        bad[whole.len() + 12] ^= 0xff;
        let (got, problem) = read(bad, &small());
        assert!(got.starts_with(&text));
        assert_eq!(problem, Some(Cause::CorruptCompression));

        let (got, problem) = read([whole, b"garbage".to_vec()].concat(), &small());
        assert!(got == text && problem == Some(Cause::CorruptCompression));

        let zstd = zstd::encode_all(&text[..], 3).unwrap();
        let (got, problem) = read(zstd[..zstd.len() - 10].to_vec(), &small());
        assert!(text.starts_with(&got) && problem == Some(Cause::Truncated));
    }

    #[test]
    fn bombs_are_cut() {
        let zeros = vec![b' '; 1 << 20];
        let limits = Limits { object_bytes: 10_000, ..small() };
        for bomb in [
            gzip(&zeros),
            gzip(&gzip(&zeros)),
            zstd::encode_all(&zeros[..], 3).unwrap(),
            zeros.clone(),
        ] {
            let (text, problem) = read(bomb, &limits);
            assert_eq!((text.len(), problem), (10_000, Some(Cause::DecompressionBomb)));
        }
        let size = Limits::RATIO_FREE_BYTES as usize + (1 << 20);
        let bomb = zstd::encode_all(&vec![0u8; size][..], 3).unwrap();
        assert!(bomb.len() * 1100 < Limits::RATIO_FREE_BYTES as usize);
        let mut window = Window::new(bomb, Vec::new(), &Limits::default());
        let mut read = 0;
        while !window.is_last() {
            read = window.text().len();
            window.advance(read);
        }
        assert!(read > 0);
        assert_eq!(window.base() + window.text().len() as u64, Limits::RATIO_FREE_BYTES);
        assert_eq!(window.take_problem(), Some(Cause::DecompressionBomb));
    }

    #[test]
    fn a_stored_length_that_lies_is_harmless() {
        let text = sample();
        for lie in [0, 1, u32::MAX, text.len() as u32 - 1, text.len() as u32 + 1] {
            let mut bytes = gzip(&text);
            let at = bytes.len() - 4;
            bytes[at..].copy_from_slice(&lie.to_le_bytes());
            let (got, problem) = read(bytes, &Limits::default());
            assert!(got == text && problem == Some(Cause::CorruptCompression), "{lie}");
        }
    }
}
