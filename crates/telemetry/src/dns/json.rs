//! A cursor over JSON text that reads one object after the other and forgives what it can.
//!
//! It takes members of any order and type, and raw control characters in strings, except newlines: a string
//! that is cut off must not swallow the next line. Nesting is bounded.

use std::borrow::Cow;

/// Why a value cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// This is no JSON.
    Invalid,
    /// The nesting is deeper than allowed.
    TooDeep,
    /// The text ends inside of the value.
    Ended,
}

type Read<T> = Result<T, Fault>;

/// A place in a text.
pub(super) struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
    /// Levels that may still be opened.
    levels: u16,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t [u8], at: usize, levels: u16) -> Cursor<'t> {
        Cursor { text, at, levels }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next byte that is no white space; it is not taken.
    pub(super) fn peek(&mut self) -> Read<u8> {
        while let Some(&b) = self.text.get(self.at) {
            if !matches!(b, b' ' | b'\t' | b'\r' | b'\n') {
                return Ok(b);
            }
            self.at += 1;
        }
        Err(Fault::Ended)
    }

    fn take(&mut self, wanted: u8) -> Read<()> {
        if self.peek()? != wanted {
            return Err(Fault::Invalid);
        }
        self.at += 1;
        Ok(())
    }

    /// Reads an object; `member` must read the value of each member.
    pub(super) fn object(
        &mut self,
        mut member: impl FnMut(&mut Cursor<'t>, &[u8]) -> Read<()>,
    ) -> Read<()> {
        self.take(b'{')?;
        self.open()?;
        if self.peek()? == b'}' {
            self.close();
            return Ok(());
        }
        loop {
            if self.peek()? != b'"' {
                return Err(Fault::Invalid);
            }
            let key = self.string()?;
            self.take(b':')?;
            member(self, &key)?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.close();
                    return Ok(());
                }
                _ => return Err(Fault::Invalid),
            }
        }
    }

    /// Reads an array; `element` must read each element.
    pub(super) fn array(
        &mut self,
        mut element: impl FnMut(&mut Cursor<'t>) -> Read<()>,
    ) -> Read<()> {
        self.take(b'[')?;
        self.open()?;
        if self.peek()? == b']' {
            self.close();
            return Ok(());
        }
        loop {
            element(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.close();
                    return Ok(());
                }
                _ => return Err(Fault::Invalid),
            }
        }
    }

    fn open(&mut self) -> Read<()> {
        self.levels = self.levels.checked_sub(1).ok_or(Fault::TooDeep)?;
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        self.levels += 1;
    }

    /// Reads a value as text: strings without their escapes, numbers and truth values as they are written,
    /// everything else as empty.
    pub(super) fn text(&mut self) -> Read<Cow<'t, [u8]>> {
        match self.peek()? {
            b'"' => self.string(),
            b'{' | b'[' => self.skip().map(|()| Cow::Borrowed(&b""[..])),
            _ => match self.scalar()? {
                b"null" => Ok(Cow::Borrowed(b"")),
                scalar => Ok(Cow::Borrowed(scalar)),
            },
        }
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self) -> Read<()> {
        match self.peek()? {
            b'{' => self.object(|cursor, _| cursor.skip()),
            b'[' => self.array(Cursor::skip),
            b'"' => self.string().map(drop),
            _ => self.scalar().map(drop),
        }
    }

    /// A number, a truth value or null.
    fn scalar(&mut self) -> Read<&'t [u8]> {
        let rest = &self.text[self.at..];
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
        let len = rest.iter().take_while(|b| is_part(b)).count();
        let scalar = &rest[..len];
        if len == rest.len() {
            return Err(Fault::Ended);
        }
        let is_word = matches!(scalar, b"true" | b"false" | b"null");
        if !is_word && !matches!(scalar.first(), Some(b'-' | b'0'..=b'9')) {
            return Err(Fault::Invalid);
        }
        self.at += len;
        Ok(scalar)
    }

    /// A string, which starts here.
    fn string(&mut self) -> Read<Cow<'t, [u8]>> {
        let rest = self.text.get(self.at + 1..).ok_or(Fault::Ended)?;
        let stop = memchr::memchr3(b'"', b'\\', b'\n', rest).ok_or(Fault::Ended)?;
        match rest[stop] {
            b'"' => {
                self.at += stop + 2;
                Ok(Cow::Borrowed(&rest[..stop]))
            }
            b'\\' => self.escaped_string(rest, stop).map(Cow::Owned),
            _ => Err(Fault::Invalid),
        }
    }

    /// The rest of a string from its first escape on.
    #[cold]
    fn escaped_string(&mut self, rest: &[u8], first: usize) -> Read<Vec<u8>> {
        let mut string = rest[..first].to_vec();
        let mut at = first;
        loop {
            let byte = *rest.get(at).ok_or(Fault::Ended)?;
            at += 1;
            match byte {
                b'"' => {
                    self.at += 1 + at;
                    return Ok(string);
                }
                b'\n' => return Err(Fault::Invalid),
                b'\\' => at += escape(&rest[at..], &mut string)?,
                _ => string.push(byte),
            }
        }
    }
}

/// Reads what follows a backslash; returns its length.
fn escape(rest: &[u8], string: &mut Vec<u8>) -> Read<usize> {
    let byte = match rest.first().ok_or(Fault::Ended)? {
        b @ (b'"' | b'\\' | b'/') => *b,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unicode(&rest[1..], string).map(|len| 1 + len),
        _ => return Err(Fault::Invalid),
    };
    string.push(byte);
    Ok(1)
}

/// Reads four hexadecimal digits, or a surrogate pair; half a pair becomes U+FFFD.
fn unicode(rest: &[u8], string: &mut Vec<u8>) -> Read<usize> {
    let first = unit(rest)?;
    let (code, len) = match first {
        0xd800..0xdc00 if rest.get(4..6) == Some(b"\\u") => match unit(&rest[6..])? {
            second @ 0xdc00..0xe000 => {
                (0x1_0000 + ((first - 0xd800) << 10 | (second - 0xdc00)), 10)
            }
            _ => (first, 4),
        },
        _ => (first, 4),
    };
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    string.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(len)
}

fn unit(rest: &[u8]) -> Read<u32> {
    let digits = rest.get(..4).ok_or(Fault::Ended)?;
    digits.iter().try_fold(0, |sum, b| {
        let digit = (*b as char).to_digit(16).ok_or(Fault::Invalid)?;
        Ok(sum << 4 | digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Read<String> {
        let mut cursor = Cursor::new(json.as_bytes(), 0, 4);
        let text = cursor.text()?.into_owned();
        assert_eq!(cursor.position(), json.trim_end_matches(['}', ' ']).len());
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn values_become_text() {
        for (json, expected) in [
            (r#""""#, ""),
            (r#" "a b""#, "a b"),
            (r#""a\"\\\/\n\u0041\u00e9\ud83d\ude00\ud83dx""#, "a\"\\/\nAé😀\u{fffd}x"),
            ("12 ", "12"),
            ("-1.5e3}", "-1.5e3"),
            ("true}", "true"),
            ("null ", ""),
            (r#"[1,{"a":[]}, "x" ]"#, ""),
        ] {
            assert_eq!(text(json).as_deref(), Ok(expected), "{json}");
        }
    }

    #[test]
    fn faults_are_told_apart() {
        for (json, fault) in [
            ("", Fault::Ended),
            ("\"abc", Fault::Ended),
            ("\"abc\\", Fault::Ended),
            ("\"\\u12", Fault::Ended),
            ("[1, 2", Fault::Ended),
            ("\"ab\nc\"", Fault::Invalid),
            ("\"\\x\"", Fault::Invalid),
            ("\"\\u12g4\"", Fault::Invalid),
            ("[1 2]", Fault::Invalid),
            ("[,]", Fault::Invalid),
            ("{1:2}", Fault::Invalid),
            ("{\"a\" 2}", Fault::Invalid),
            ("tru ", Fault::Invalid),
            ("\u{0} ", Fault::Invalid),
            ("[[[[[1]]]]]", Fault::TooDeep),
        ] {
            assert_eq!(text(json), Err(fault), "{json}");
        }
    }
}
