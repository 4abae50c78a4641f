//! One pass over a compact JSON object: from mark to mark, without building anything.
//!
//! [`Pass`] knows the marks `{}[]:,` outside of strings, 64 bytes at a time, and the text between two marks
//! is a string, a number, a word or nothing. It gives up on what is rare: white space between values,
//! backslashes, control characters, deep nesting. What it accepts is valid JSON; whether the text is UTF-8
//! remains to be checked.

#![expect(
    clippy::inline_always,
    reason = "what a kernel calls must become part of the function that is compiled for AVX2"
)]

use kernels::{Kernel, Simd};

/// Deepest nesting of a value that is skipped: a bit each says whether it is an object.
const DEPTH_MAX: u32 = 32;

const BLOCK: usize = 64;

/// Most objects within objects whose members are read.
const LEVELS_MAX: usize = 4;

/// What is done with a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Take {
    /// It is passed over.
    Nothing,
    /// Its text is wanted: the bytes of a string, number or word. All else counts as empty.
    Text(u8),
    /// It is wanted as it is written.
    Raw(u8),
    /// Its own members are read, at this level.
    Members(u8),
    /// Both.
    RawAndMembers(u8, u8),
}

/// Where the wanted values lie, by their number; empty for null.
pub(crate) type Places<const N: usize> = [(u32, u32); N];

/// Which members are wanted.
pub(crate) trait Schema {
    /// Says it for a name in an object of a level; the outermost object has level 0. Implementations are
    /// `#[inline(always)]`.
    fn take(&self, level: u8, name: &[u8]) -> Take;
}

/// A pass as a kernel: the object that the text starts with. Gives its length and the places in it.
pub(crate) struct Pass<'t, C, const N: usize> {
    /// Starts with the object and may go on behind it.
    pub(crate) text: &'t [u8],
    /// What is wanted.
    pub(crate) schema: C,
}

impl<C: Schema, const N: usize> Kernel for Pass<'_, C, N> {
    type Output = Option<(usize, Places<N>)>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let mut places = [(0, 0); N];
        let end = Walk::new(simd, self.text).object(&self.schema, &mut places)?;
        Some((end, places))
    }
}

/// The state of a pass.
struct Walk<'t, S> {
    simd: S,
    text: &'t [u8],
    /// Where the block that follows starts.
    ahead: usize,
    /// Marks of the block that are not yet passed.
    marks: u64,
    /// Behind the mark that was passed last.
    from: usize,
    /// All ones inside of a string.
    in_string: u64,
    /// One if the last byte of the block ended a string.
    closed: u64,
    /// What makes the block none of ours, and all blocks before it.
    wrong: u64,
    wrong_before: u64,
    /// A bit for each number that was found: the last of several members of a name would count.
    found: u64,
}

/// The text before a mark.
#[derive(Clone, Copy)]
struct Token {
    from: usize,
    to: usize,
    mark: u8,
}

/// An object that another lies in.
#[derive(Clone, Copy, Default)]
struct Outer {
    level: u8,
    /// Where the inner object starts, and the number it is wanted under.
    raw: Option<(u8, u32)>,
}

impl<'t, S: Simd> Walk<'t, S> {
    #[inline(always)]
    fn new(simd: S, text: &'t [u8]) -> Walk<'t, S> {
        Walk {
            simd,
            text,
            ahead: 0,
            marks: 0,
            from: 0,
            in_string: 0,
            closed: 0,
            wrong: 0,
            wrong_before: 0,
            found: 0,
        }
    }

    /// Reads the object: its length. `None` if it is not compact, not valid, or does not end.
    #[inline(always)]
    fn object<const N: usize>(
        &mut self,
        schema: &impl Schema,
        places: &mut Places<N>,
    ) -> Option<usize> {
        let first = self.next()?;
        if first.mark != b'{' || first.to != 0 {
            return None;
        }
        let mut outer = [Outer::default(); LEVELS_MAX];
        let (mut depth, mut level, mut is_first) = (0, 0, true);
        loop {
            let name = self.next()?;
            let mut end = name.mark;
            if is_first && end == b'}' && name.from == name.to {
                // The object is empty.
            } else {
                if end != b':' || !self.is_string(name) {
                    return None;
                }
                let take = schema.take(level, self.text.get(name.from + 1..name.to - 1)?);
                let token = self.next()?;
                let inner = match take {
                    Take::Members(inner) | Take::RawAndMembers(_, inner) => Some(inner),
                    _ => None,
                };
                if let Some(inner) = inner
                    && token.mark == b'{'
                    && token.from == token.to
                {
                    let raw = match take {
                        Take::RawAndMembers(number, _) => Some((number, token.from as u32)),
                        _ => None,
                    };
                    *outer.get_mut(depth)? = Outer { level, raw };
                    (depth, level, is_first) = (depth + 1, inner, true);
                    continue;
                }
                end = self.value(take, token, places)?;
            }
            while end == b'}' {
                if depth == 0 {
                    return self.end();
                }
                depth -= 1;
                let Outer { level: below, raw } = *outer.get(depth)?;
                level = below;
                if let Some((number, from)) = raw {
                    self.put(number, from, self.from as u32, places)?;
                }
                end = self.after()?;
            }
            if end != b',' {
                return None;
            }
            is_first = false;
        }
    }

    /// Takes a value that starts with this token; the mark behind it.
    #[inline(always)]
    fn value<const N: usize>(
        &mut self,
        take: Take,
        token: Token,
        places: &mut Places<N>,
    ) -> Option<u8> {
        let (from, to) = (token.from as u32, token.to as u32);
        if from == to {
            let end = self.skip(token.mark)?;
            match take {
                Take::Raw(number) | Take::RawAndMembers(number, _) => {
                    self.put(number, from, self.from as u32 - 1, places)?;
                }
                Take::Text(number) => self.put(number, 0, 0, places)?,
                Take::Nothing | Take::Members(_) => {}
            }
            return Some(end);
        }
        let is_string = self.is_string(token);
        if !is_string && !self.is_bare(token) {
            return None;
        }
        let is_null = !is_string && self.text.get(token.from) == Some(&b'n');
        match take {
            Take::Raw(number) | Take::RawAndMembers(number, _) => {
                self.put(number, from, if is_null { from } else { to }, places)?;
            }
            Take::Text(number) if is_string => self.put(number, from + 1, to - 1, places)?,
            Take::Text(number) if is_null => self.put(number, 0, 0, places)?,
            Take::Text(number) => {
                // Other numbers are written in several ways.
                let bare = self.text.get(token.from..token.to)?;
                if !bare.iter().all(u8::is_ascii_alphabetic) && !is_plain_number(bare) {
                    return None;
                }
                self.put(number, from, to, places)?;
            }
            Take::Nothing | Take::Members(_) => {}
        }
        Some(token.mark)
    }

    /// Notes a place; not twice for the same number.
    #[inline(always)]
    fn put<const N: usize>(
        &mut self,
        number: u8,
        from: u32,
        to: u32,
        places: &mut Places<N>,
    ) -> Option<()> {
        let bit = 1u64.checked_shl(number.into())?;
        if self.found & bit != 0 {
            return None;
        }
        self.found |= bit;
        *places.get_mut(usize::from(number))? = (from, to);
        Some(())
    }

    /// The length of the object, whose last bracket was passed, if all of it was in order.
    #[inline(always)]
    fn end(&self) -> Option<usize> {
        // What lies behind the object in its last block does not count.
        let beyond = (self.ahead - self.from) as u32;
        let wrong = self.wrong.checked_shl(beyond).unwrap_or(0) | self.wrong_before;
        (wrong == 0).then_some(self.from)
    }

    /// The mark behind a value that ended with a bracket.
    #[inline(always)]
    fn after(&mut self) -> Option<u8> {
        let token = self.next()?;
        (token.from == token.to).then_some(token.mark)
    }

    /// The next mark.
    #[inline(always)]
    fn next(&mut self) -> Option<Token> {
        while self.marks == 0 {
            self.block()?;
        }
        let to = self.ahead - BLOCK + self.marks.trailing_zeros() as usize;
        self.marks &= self.marks - 1;
        let from = std::mem::replace(&mut self.from, to + 1);
        Some(Token { from, to, mark: *self.text.get(to)? })
    }

    #[inline(always)]
    fn block(&mut self) -> Option<()> {
        let rest = self.text.get(self.ahead..)?;
        let found = match rest.first_chunk::<BLOCK>() {
            Some(block) => self.simd.json_marks(block),
            None if rest.is_empty() => return None,
            None => {
                let mut block = [b' '; BLOCK];
                block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                self.simd.json_marks(&block)
            }
        };
        let inside = self.simd.parities(found.quotes) ^ self.in_string;
        self.in_string = ((inside as i64) >> 63) as u64;
        self.marks = found.marks & !inside;
        // A mark follows every string. Quotation marks at the start of the text between two marks therefore
        // begin the only string in it.
        let closing = found.quotes & !inside;
        self.wrong_before |= self.wrong;
        self.wrong = found.odd | ((closing << 1 | self.closed) & !self.marks);
        self.closed = closing >> 63;
        self.ahead += BLOCK;
        Some(())
    }

    /// Passes an object or array whose bracket was passed, up to the mark behind it.
    #[inline(always)]
    fn skip(&mut self, bracket: u8) -> Option<u8> {
        let mut objects = 0u32;
        let mut depth = 0;
        let mut mark = bracket;
        loop {
            // Here `mark` is an opening bracket that was just passed.
            if depth == DEPTH_MAX || !matches!(mark, b'{' | b'[') {
                return None;
            }
            depth += 1;
            objects = objects << 1 | u32::from(mark == b'{');
            let mut is_first = true;
            // Elements and members, up to the next opening bracket.
            mark = loop {
                let is_object = objects & 1 != 0;
                let close = if is_object { b'}' } else { b']' };
                let mut token = self.next()?;
                let is_empty = token.from == token.to;
                let mut end = token.mark;
                if is_first && is_empty && end == close {
                    end = 0;
                } else {
                    if is_object {
                        if end != b':' || !self.is_string(token) {
                            return None;
                        }
                        token = self.next()?;
                        end = token.mark;
                    }
                    if token.from == token.to {
                        break end;
                    }
                    if !self.is_string(token) && !self.is_bare(token) {
                        return None;
                    }
                }
                is_first = false;
                // `end` is the mark behind a value, or zero behind the bracket of an empty one.
                loop {
                    let is_object = objects & 1 != 0;
                    match end {
                        b',' => break,
                        0 => {}
                        b'}' if is_object => {}
                        b']' if !is_object => {}
                        _ => return None,
                    }
                    depth -= 1;
                    objects >>= 1;
                    end = self.after()?;
                    if depth == 0 {
                        return Some(end);
                    }
                }
            };
        }
    }

    /// Whether the text before a mark is a string.
    #[inline(always)]
    fn is_string(&self, token: Token) -> bool {
        self.text.get(token.from) == Some(&b'"')
    }

    /// Whether the text before a mark is a number or word.
    #[inline(always)]
    fn is_bare(&self, token: Token) -> bool {
        self.text
            .get(token.from..token.to)
            .is_some_and(|it| is_plain_number(it) || is_word_or_number(it))
    }
}

/// Whether the text is a whole number that is written in one way only.
#[inline(always)]
fn is_plain_number(text: &[u8]) -> bool {
    text.len() < 19
        && text.iter().all(u8::is_ascii_digit)
        && (text.first() != Some(&b'0') || text.len() == 1)
}

/// Longest number that is read.
const NUMBER_MAX: usize = 32;

/// The words of JSON, and numbers (RFC 8259 section 6) without exponents: those, and long ones, may be too
/// large for others.
fn is_word_or_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    if matches!(text, b"true" | b"false" | b"null") {
        return true;
    }
    if text.len() > NUMBER_MAX {
        return false;
    }
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.first() == Some(&b'0')) {
        return false;
    }
    rest = rest.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let len = digits(fraction);
        if len == 0 {
            return false;
        }
        rest = fraction.get(len..).unwrap_or_default();
    }
    rest.is_empty()
}
