//! Finds the end of a JSON object or array without reading its members.
//!
//! Sixty-four bytes at a time: bit sets of quotes, backslashes and brackets; brackets inside of strings are
//! masked out (the method of simdjson, Langdale and Lemire 2019, <https://arxiv.org/abs/1902.08318>).

use wide::u8x16;

/// The state of a scan; it may go on in a later piece of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Scan {
    /// Open brackets.
    depth: u32,
    /// All ones inside of a string.
    in_string: u64,
    /// One when the next byte is escaped.
    escaped: u64,
    /// Whether `limit` was exceeded.
    deep: bool,
    limit: u32,
}

const BLOCK: usize = 64;

impl Scan {
    /// Starts outside of a string with `depth` open brackets.
    pub(super) fn new(depth: u32, limit: u16) -> Scan {
        Scan { depth, limit: u32::from(limit), ..Scan::default() }
    }

    /// Whether the value was nested deeper than the limit.
    pub(super) fn is_deep(&self) -> bool {
        self.deep
    }

    /// Scans on until all brackets are closed: the length up to there. Otherwise `None`, and the state is
    /// that after `text` if its length is a multiple of [`Scan::STEP`].
    pub(super) fn run(&mut self, text: &[u8]) -> Option<usize> {
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        for (i, block) in blocks.iter().enumerate() {
            if let Some(at) = self.block(block) {
                return Some(i * BLOCK + at);
            }
        }
        if rest.is_empty() {
            return None;
        }
        let mut block = [b' '; BLOCK];
        block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.block(&block).map(|at| blocks.len() * BLOCK + at)
    }

    /// Pieces of a resumed scan must have a length that is a multiple of this.
    pub(super) const STEP: usize = BLOCK;

    #[inline]
    fn block(&mut self, block: &[u8; BLOCK]) -> Option<usize> {
        let marks = marks(block);
        let quotes = marks.quotes & !self.escapes(marks.backslashes);
        let in_string = prefix_xor(quotes) ^ self.in_string;
        self.in_string = ((in_string as i64) >> 63) as u64;
        let brackets = marks.brackets & !in_string;
        if brackets == 0 { None } else { self.walk(block, brackets) }
    }

    /// Goes bracket by bracket.
    fn walk(&mut self, block: &[u8; BLOCK], mut brackets: u64) -> Option<usize> {
        while brackets != 0 {
            let at = brackets.trailing_zeros() as usize;
            if block.get(at).is_some_and(|b| b | 0x20 == b'{') {
                self.depth = self.depth.saturating_add(1);
                self.deep |= self.depth > self.limit;
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Some(at + 1);
                }
            }
            brackets &= brackets - 1;
        }
        None
    }

    /// The bytes that are escaped by a backslash before them.
    #[inline]
    fn escapes(&mut self, backslashes: u64) -> u64 {
        const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
        if backslashes == 0 {
            return std::mem::take(&mut self.escaped);
        }
        let potential = backslashes & !self.escaped;
        let even_series = ((potential << 1) | ODD).wrapping_sub(potential);
        let escape_and_terminal = even_series ^ ODD;
        let escaped = escape_and_terminal ^ (backslashes | self.escaped);
        self.escaped = (escape_and_terminal & backslashes) >> 63;
        escaped
    }
}

/// Bit n is the parity of bits 0 to n.
#[inline]
const fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

/// Where bytes of three kinds lie in a block: bit n stands for byte n.
struct Marks {
    quotes: u64,
    backslashes: u64,
    brackets: u64,
}

#[inline]
fn marks(block: &[u8; BLOCK]) -> Marks {
    let mut marks = Marks { quotes: 0, backslashes: 0, brackets: 0 };
    let (rows, _) = block.as_chunks::<16>();
    for (i, row) in rows.iter().enumerate() {
        let bytes = u8x16::new(*row);
        // `[` and `{`, `]` and `}` differ in one bit alone.
        let folded = bytes | u8x16::splat(0x20);
        let brackets = folded.simd_eq(u8x16::splat(b'{')) | folded.simd_eq(u8x16::splat(b'}'));
        let bits = |equal: u8x16| u64::from(equal.to_bitmask()) << (16 * i);
        marks.quotes |= bits(bytes.simd_eq(u8x16::splat(b'"')));
        marks.backslashes |= bits(bytes.simd_eq(u8x16::splat(b'\\')));
        marks.brackets |= bits(brackets);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Option<usize> {
        Scan::new(0, 64).run(text.as_bytes())
    }

    #[test]
    fn objects_end_where_their_brackets_close() {
        assert_eq!(end(r#"{"a":1}{"b":2}"#), Some(7));
        assert_eq!(end(r#"{"a":"}\"}"}x"#), Some(12));
        assert_eq!(end(r#"{"a":"\\"}"#), Some(10));
        assert_eq!(end(r#"{"a":[{},{}]"#), None);
        let pad = "x".repeat(57);
        assert_eq!(end(&format!(r#"{{"{pad}\\\"}}":{{}}}} "#)), Some(69));
    }

    /// Compares with a scan byte by byte.
    fn plain(text: &[u8]) -> Option<usize> {
        let (mut depth, mut string, mut escaped) = (0, false, false);
        for (i, byte) in text.iter().enumerate() {
            let is_escaped = std::mem::take(&mut escaped);
            match byte {
                b'\\' => escaped = !is_escaped,
                b'"' => string ^= !is_escaped,
                b'{' | b'[' if !string => depth += 1,
                b'}' | b']' if !string => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(i + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }

    #[test]
    fn random_text_is_scanned_as_byte_by_byte() {
        let mut seed = 0x1234_5678_9abc_def1_u64;
        for _ in 0..20_000 {
            let mut text = vec![b'{'];
            for _ in 0..(seed % 300) {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                // Backslashes outside of strings are invalid and escape quotes in both scans alike.
                text.push(br#"aa"\\{}[] "#[(seed >> 40) as usize % 10]);
            }
            assert_eq!(
                Scan::new(0, 64).run(&text),
                plain(&text),
                "{}",
                String::from_utf8_lossy(&text)
            );
            let mut resumed = Scan::new(0, 64);
            let at = text.len() / 2 / Scan::STEP * Scan::STEP;
            let (head, tail) = text.split_at(at);
            let found = resumed.run(head).or_else(|| resumed.run(tail).map(|end| end + at));
            assert_eq!(found, plain(&text));
        }
    }

    #[test]
    fn depth_is_noticed() {
        for (depth, deep) in [(64, false), (65, true), (5000, true)] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let mut scan = Scan::new(0, 64);
            assert_eq!(scan.run(text.as_bytes()), Some(text.len()));
            assert_eq!(scan.is_deep(), deep, "{depth}");
        }
    }

    #[test]
    fn marks_are_those_of_single_bytes() {
        for first in 0..=255u8 {
            let block: [u8; BLOCK] = std::array::from_fn(|i| first.wrapping_add((i * 37) as u8));
            let bits = |is: fn(u8) -> bool| {
                block.iter().enumerate().fold(0, |sum, (i, b)| sum | u64::from(is(*b)) << i)
            };
            let found = marks(&block);
            assert_eq!(found.quotes, bits(|b| b == b'"'));
            assert_eq!(found.backslashes, bits(|b| b == b'\\'));
            assert_eq!(found.brackets, bits(|b| matches!(b, b'{' | b'[' | b'}' | b']')));
        }
    }
}
