//! Lines that were split, and their fields.

use crate::decimal::last_digits;
use crate::dispatch::Simd;

/// Readable bytes that a [`Wide`] line has before its start and after its end.
const MARGIN: usize = 32;

/// The complete lines of a window.
pub struct Lines<'a> {
    text: &'a [u8],
    /// Positions in `text`, ascending.
    marks: &'a [u32],
    /// Indices into `marks` of the newlines, ascending.
    ends: &'a [u32],
    /// Where the next line starts.
    start: usize,
    /// Its first mark.
    mark: usize,
    /// Its number in `ends`.
    line: usize,
    /// Whether the window, and with it every line, is ASCII.
    is_ascii: bool,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(
        text: &'a [u8],
        start: usize,
        marks: &'a [u32],
        ends: &'a [u32],
        is_ascii: bool,
    ) -> Lines<'a> {
        Lines { text, marks, ends, start, mark: 0, line: 0, is_ascii }
    }

    /// The next line.
    #[inline(always)]
    pub fn next_line(&mut self) -> Option<Line<'a>> {
        let end = *self.ends.get(self.line)? as usize + 1;
        let marks = self.marks.get(self.mark..end)?;
        let line = Line { text: self.text, marks, start: self.start, is_ascii: self.is_ascii };
        self.start = line.end() + 1;
        self.mark = end;
        self.line += 1;
        Some(line)
    }

    /// Where the next line starts, or what follows the last complete line of the window.
    #[inline(always)]
    pub fn position(&self) -> usize {
        self.start
    }

    /// Number of lines that are left.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.ends.len() - self.line
    }

    /// Whether no line is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Goes on at the first line that starts at or after `position`.
    pub fn skip_to(&mut self, position: usize) {
        while self.start < position && self.next_line().is_some() {}
    }
}

/// A line: its text and its marks. The last mark is the newline.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    text: &'a [u8],
    marks: &'a [u32],
    start: usize,
    is_ascii: bool,
}

impl<'a> Line<'a> {
    /// Position of the line's first byte in the text.
    #[inline(always)]
    pub fn start(&self) -> usize {
        self.start
    }

    /// Position of the newline.
    #[inline(always)]
    pub fn end(&self) -> usize {
        self.marks.last().map_or(self.start, |it| *it as usize)
    }

    /// Positions of the marks, the newline included.
    #[inline(always)]
    pub fn marks(&self) -> &'a [u32] {
        self.marks
    }

    /// The line without its newline.
    #[inline(always)]
    pub fn bytes(&self) -> &'a [u8] {
        self.text.get(self.start..self.end()).unwrap_or_default()
    }

    /// The line with unchecked access to its fields, if the text goes on long enough on both sides. False
    /// for the first and the last line of a text.
    #[inline(always)]
    pub fn wide(&self) -> Option<Wide<'a>> {
        let fits = self.start >= MARGIN && self.end() + MARGIN <= self.text.len();
        fits.then_some(Wide {
            text: self.text,
            marks: self.marks,
            start: self.start,
            is_ascii: self.is_ascii,
        })
    }
}

/// A line with at least 32 readable bytes before its start and after its newline.
///
/// Invariant, from [`Line::wide`] and the ascending marks of the splitter: all marks and `start` lie within
/// `MARGIN..=text.len() - MARGIN`, and `start` is not behind the first mark.
#[derive(Clone, Copy)]
pub struct Wide<'a> {
    text: &'a [u8],
    marks: &'a [u32],
    start: usize,
    /// The line is known to be ASCII.
    is_ascii: bool,
}

impl<'a> Wide<'a> {
    /// The field that ends at the mark with this index; the first has index 0.
    ///
    /// # Panics
    /// If the line has no such mark.
    #[inline(always)]
    pub fn field(&self, index: usize) -> Field<'a> {
        let from = if index == 0 { self.start } else { self.marks[index - 1] as usize + 1 };
        Field { text: self.text, from, end: self.marks[index] as usize, is_ascii: self.is_ascii }
    }

    /// Whether the newline follows a carriage return.
    #[inline(always)]
    pub fn has_carriage_return(&self) -> bool {
        // A line is wide only if bytes precede it, so the byte before the newline exists.
        self.marks.last().is_some_and(|end| self.text[*end as usize - 1] == b'\r')
    }

    /// Whether the text from a mark on starts with `literal`, of at most 32 bytes. False if there is no such
    /// mark.
    #[inline(always)]
    pub fn has<const L: usize>(&self, index: usize, literal: &[u8; L]) -> bool {
        const { assert!(L <= MARGIN) };
        let Some(&mark) = self.marks.get(index) else { return false };
        // SAFETY: by the invariant at least `MARGIN` bytes follow each mark, and `L` is not more.
        let found = unsafe { self.text.as_ptr().add(mark as usize).cast::<[u8; L]>().read() };
        found == *literal
    }
}

/// A field of a [`Wide`] line.
///
/// Invariant: `MARGIN <= from <= end <= text.len() - MARGIN`.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    text: &'a [u8],
    from: usize,
    end: usize,
    /// The field is known to be ASCII.
    is_ascii: bool,
}

impl<'a> Field<'a> {
    /// Length in bytes.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.end - self.from
    }

    /// Whether the field has no bytes.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The field's bytes.
    #[inline(always)]
    pub fn bytes(&self) -> &'a [u8] {
        // SAFETY: the invariant says that `from..end` lies within the text.
        unsafe { self.text.get_unchecked(self.from..self.end) }
    }

    /// The field as text, unless it is not UTF-8. Costs nothing where the whole window is ASCII.
    #[inline(always)]
    pub fn text(&self) -> Option<&'a str> {
        if self.is_ascii {
            // SAFETY: the splitter saw that all bytes of the window that the field lies in are ASCII.
            return Some(unsafe { std::str::from_utf8_unchecked(self.bytes()) });
        }
        std::str::from_utf8(self.bytes()).ok()
    }

    /// Whether the field equals `literal`, of at most 32 bytes.
    #[inline(always)]
    pub fn is<const L: usize>(&self, literal: &[u8; L]) -> bool {
        const { assert!(L <= MARGIN) };
        // SAFETY: by the invariant at least `MARGIN` bytes follow `from`, and `L` is not more.
        let found = unsafe { self.text.as_ptr().add(self.from).cast::<[u8; L]>().read() };
        found == *literal && self.len() == L
    }

    /// The decimal number of one to sixteen digits in the field; sets a bit of `bad` when it is none.
    #[inline(always)]
    pub fn decimal(&self, bad: &mut u64) -> u64 {
        match self.len() {
            len @ 1..=8 => last_digits(self.before::<8>(0), len, bad),
            len @ 9..=16 => {
                let upper = last_digits(self.before::<8>(8), len - 8, bad);
                upper * 100_000_000 + last_digits(self.before::<8>(0), 8, bad)
            }
            _ => {
                *bad |= 1;
                0
            }
        }
    }

    /// The IPv4 address in the field; sets a bit of `bad` when it is none.
    #[inline(always)]
    pub fn ipv4<S: Simd>(&self, simd: S, bad: &mut u64) -> u32 {
        // SAFETY: by the invariant at least `MARGIN`, more than 16, bytes follow `from`.
        let bytes = unsafe { self.text.as_ptr().add(self.from).cast::<[u8; 16]>().read() };
        simd.ipv4(&bytes, self.len(), bad)
    }

    /// The last 8 × `W` bytes of the field (at most 24), zero where it is shorter: last word first. Fields
    /// that are no longer than that have equal words only if they are equal, zero bytes at the start aside.
    #[inline(always)]
    pub fn words<const W: usize>(&self) -> [u64; W] {
        const { assert!(W * 8 <= MARGIN - 8) };
        let len = self.len();
        std::array::from_fn(|i| {
            let left = len.saturating_sub(8 * i);
            let word = u64::from_le_bytes(self.before::<8>(8 * i));
            match left {
                0 => 0,
                1..=7 => word >> (64 - 8 * left),
                _ => word,
            }
        })
    }

    /// The `N` bytes that end `back` bytes before the end of the field. `N` and `back` are at most 32
    /// together.
    #[inline(always)]
    fn before<const N: usize>(&self, back: usize) -> [u8; N] {
        debug_assert!(N + back <= MARGIN);
        // SAFETY: by the invariant at least `MARGIN` bytes precede `end`; the callers, all in this file, ask
        // for no more.
        unsafe { self.text.as_ptr().add(self.end - back - N).cast::<[u8; N]>().read() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::Scalar;
    use crate::{Splitter, decimal, parse_ipv4};

    /// Runs `test` on the second of three lines, once exactly at the margin and once with spare text.
    fn with_line(line: &str, test: impl Fn(Wide<'_>)) {
        for pad in [MARGIN - 1, MARGIN + 40] {
            let text = format!("{}\n{line}\n{}", "y".repeat(pad), "x".repeat(pad));
            let mut splitter = Splitter::new();
            let mut lines = splitter.fields(Scalar, text.as_bytes(), 0);
            assert!(lines.next_line().unwrap().wide().is_none());
            let second = lines.next_line().unwrap();
            assert_eq!(second.bytes(), line.as_bytes());
            test(second.wide().unwrap());
            assert!(lines.next_line().is_none());
            assert_eq!(lines.position(), text.len() - pad);
        }
    }

    #[test]
    fn fields_are_read() {
        with_line("7 18446744073709551615 eni-0c524d8f47f4d30da 192.0.2.1  1x", |line| {
            let mut bad = 0;
            assert_eq!((line.field(0).decimal(&mut bad), bad), (7, 0));
            assert_eq!((line.field(3).ipv4(Scalar, &mut bad), bad), (0xc000_0201, 0));
            assert!(line.field(2).is(b"eni-0c524d8f47f4d30da") && !line.field(2).is(b"eni-"));
            assert_eq!(line.field(2).bytes(), b"eni-0c524d8f47f4d30da");
            assert!(line.field(4).is_empty() && line.field(4).is(b""));
            for odd in [1, 2, 4, 5] {
                let mut bad = 0;
                line.field(odd).decimal(&mut bad);
                assert_ne!(bad, 0, "{odd}");
            }
            assert!(line.has(0, b" 18446744073709551615 ") && !line.has(0, b" 19"));
            assert!(line.has(5, b"\n") && !line.has(6, b"\n"));
        });
    }

    #[test]
    fn words_are_the_last_bytes() {
        for len in 0..=24 {
            let id = &"abcdefghijklmnopqrstuvwx"[..len];
            with_line(id, |line| {
                let mut padded = [0u8; 24];
                padded[24 - len..].copy_from_slice(id.as_bytes());
                let words = line.field(0).words::<3>();
                // A partial word lies at the low end.
                for (i, word) in words.into_iter().enumerate() {
                    let chunk = &padded[24 - 8 * (i + 1)..24 - 8 * i];
                    let used: Vec<u8> = chunk.iter().copied().skip_while(|b| *b == 0).collect();
                    assert_eq!(word.to_le_bytes()[..used.len()], used[..]);
                    assert!(word.to_le_bytes()[used.len()..].iter().all(|b| *b == 0));
                }
            });
        }
    }

    #[test]
    fn numbers_of_every_length_agree() {
        for len in 1..=20 {
            let digits = &"98765432109876543210"[..len];
            with_line(digits, |line| {
                let mut bad = 0;
                let got = line.field(0).decimal(&mut bad);
                let expected = decimal(digits.as_bytes()).filter(|_| len <= 16);
                assert_eq!((bad == 0).then_some(got), expected);
            });
        }
        assert_eq!(parse_ipv4(b"192.0.2.1"), Some(0xc000_0201));
    }

    #[test]
    fn text_is_checked_unless_the_window_is_ascii() {
        with_line("plain é \u{7f}", |line| {
            assert_eq!(line.field(0).text(), Some("plain"));
            assert_eq!(line.field(1).text(), Some("é"));
        });
        with_line("plain \u{7f}", |line| assert_eq!(line.field(1).text(), Some("\u{7f}")));
        for at in 0..200 {
            let mut text = [b'x'; 200];
            text[at] = 0xff;
            (text[60], text[70], text[120]) = (b'\n', b' ', b'\n');
            let mut splitter = Splitter::new();
            crate::dispatch(Check(&mut splitter, &text));
            crate::dispatch_scalar(Check(&mut splitter, &text));
        }
    }

    /// Every field is text exactly if it is UTF-8.
    struct Check<'t>(&'t mut Splitter, &'t [u8]);

    impl crate::Kernel for Check<'_> {
        type Output = ();

        fn run<S: Simd>(self, simd: S) {
            let mut lines = self.0.fields(simd, self.1, 0);
            while let Some(line) = lines.next_line() {
                let Some(wide) = line.wide() else { continue };
                for index in 0..line.marks().len() {
                    let field = wide.field(index);
                    assert_eq!(field.text(), std::str::from_utf8(field.bytes()).ok());
                }
            }
        }
    }

    #[test]
    fn lines_are_skipped() {
        let mut splitter = Splitter::new();
        let mut lines = splitter.fields(Scalar, b"ab\ncd\nef\n", 0);
        lines.skip_to(2);
        assert_eq!((lines.position(), lines.len()), (3, 2));
        lines.skip_to(100);
        assert!(lines.is_empty());
    }
}
