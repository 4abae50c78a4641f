//! Numbers of query types and response codes, and how names and answers are kept.

use crate::flow::intern::words;
use crate::{Cause, DnsRows, Span};

/// Longest name: 255 octets (RFC 1035 section 2.3.4), each written as `\ddd`, and a dot.
const NAME_MAX: usize = 4 * 255 + 1;

/// How much is kept of one answer's data, in bytes.
pub(super) const RDATA_MAX: usize = 512;

/// How much is kept of an answer's type, in bytes.
const TYPE_MAX: usize = 16;

/// A name of at most eight bytes as a word, as [`kernels::Field::words`] reads it.
const fn word(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let (mut word, mut i) = (0, bytes.len());
    while i > 0 {
        i -= 1;
        word = word << 8 | bytes[i] as u64;
    }
    word
}

/// Declares a look-up from words to numbers.
macro_rules! numbers {
    ($(#[$doc:meta])* $function:ident -> $number:ty { $($name:ident = $value:literal,)* }) => {
        $(#[$doc])*
        #[inline(always)]
        pub(super) fn $function(found: u64) -> Option<$number> {
            $(const $name: u64 = word(stringify!($name));)*
            match found {
                $($name => Some($value),)*
                _ => None,
            }
        }
    };
}

numbers! {
    /// Query types by <https://www.iana.org/assignments/dns-parameters>.
    type_of_word -> u16 {
        A = 1, NS = 2, CNAME = 5, SOA = 6, NULL = 10, WKS = 11, PTR = 12, HINFO = 13, MX = 15, TXT = 16,
        RP = 17, AFSDB = 18, SIG = 24, KEY = 25, AAAA = 28, LOC = 29, SRV = 33, NAPTR = 35, CERT = 37,
        A6 = 38, DNAME = 39, OPT = 41, DS = 43, SSHFP = 44, RRSIG = 46, NSEC = 47, DNSKEY = 48,
        NSEC3 = 50, TLSA = 52, SMIMEA = 53, CDS = 59, SVCB = 64, HTTPS = 65, SPF = 99, TKEY = 249,
        TSIG = 250, IXFR = 251, AXFR = 252, ANY = 255, URI = 256, CAA = 257,
    }
}

numbers! {
    /// Response codes by <https://www.iana.org/assignments/dns-parameters>.
    rcode_of_word -> u8 {
        NOERROR = 0, FORMERR = 1, SERVFAIL = 2, NXDOMAIN = 3, NOTIMP = 4, REFUSED = 5, YXDOMAIN = 6,
        YXRRSET = 7, NXRRSET = 8, NOTAUTH = 9, NOTZONE = 10,
    }
}

/// Number of a query type: by name, as `TYPE65` (RFC 3597) or as a number; 0 when unknown.
pub(super) fn query_type(name: &[u8]) -> u16 {
    if let Some(number) = short(name).and_then(type_of_word) {
        return number;
    }
    let digits = name.strip_prefix(b"TYPE").unwrap_or(name);
    kernels::decimal(digits).and_then(|it| u16::try_from(it).ok()).unwrap_or(0)
}

/// Number of a response code: by name or as a number; 255 when unknown.
pub(super) fn response_code(name: &[u8]) -> u8 {
    if let Some(number) = short(name).and_then(rcode_of_word) {
        return number;
    }
    kernels::decimal(name).and_then(|it| u8::try_from(it).ok()).unwrap_or(u8::MAX)
}

fn short(name: &[u8]) -> Option<u64> {
    let [word] = words(name);
    (name.len() <= 8).then_some(word)
}

/// Appends a query name in lower case, without the dot at its end, and returns where it lies.
#[inline(always)]
pub(super) fn push_name(text: &mut String, name: &str) -> Result<Span, Cause> {
    let bare = name.strip_suffix('.').filter(|it| !ends_in_escape(it.as_bytes())).unwrap_or(name);
    if bare.len() > NAME_MAX {
        return Err(Cause::RecordTooLong);
    }
    let from = text.len();
    let span = Span::push(text, bare);
    text[from..].make_ascii_lowercase();
    Ok(span)
}

/// Whether what follows is escaped: an odd number of backslashes (RFC 1035 section 5.1).
#[inline(always)]
fn ends_in_escape(name: &[u8]) -> bool {
    name.last() == Some(&b'\\') && name.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
}

/// The answers of one record while they are added to a block's text.
pub(super) struct Answers {
    from: usize,
    count: usize,
}

impl Answers {
    pub(super) fn new(text: &str) -> Answers {
        Answers { from: text.len(), count: 0 }
    }

    /// Adds an answer whose type is known and whose data is no longer than [`RDATA_MAX`] and holds no
    /// newline.
    #[inline(always)]
    pub(super) fn push_plain(&mut self, text: &mut String, kind: &str, data: &str) {
        if self.count < DnsRows::ANSWERS_MAX {
            text.reserve(kind.len() + data.len() + 2);
            text.push_str(kind);
            text.push(' ');
            text.push_str(data);
            text.push('\n');
        }
        self.count += 1;
    }

    /// Adds any answer: too long parts are cut, newlines in the data and white space in the type replaced.
    pub(super) fn push(&mut self, text: &mut String, kind: &str, data: &str) {
        if self.count < DnsRows::ANSWERS_MAX {
            let kind = cut(kind, TYPE_MAX);
            text.extend(kind.chars().map(|c| if c.is_whitespace() { '_' } else { c }));
            text.push(' ');
            let data = cut(data, RDATA_MAX);
            text.extend(data.chars().map(|c| if c == '\n' { ' ' } else { c }));
            text.push('\n');
        }
        self.count += 1;
    }

    /// Where the answers lie, and how many the record had.
    #[inline(always)]
    pub(super) fn finish(&self, text: &str) -> (Span, u8) {
        let len = text.len() - self.from;
        // As in `Span::push`, text beyond 4 GiB cannot be reached.
        let span = match u32::try_from(text.len()) {
            Ok(_) if len > 0 => Span { offset: self.from as u32, len: len as u32 },
            _ => Span::default(),
        };
        (span, self.count.min(usize::from(u8::MAX)) as u8)
    }
}

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_codes_have_numbers() {
        for (name, number) in [
            ("A", 1),
            ("AAAA", 28),
            ("HTTPS", 65),
            ("TYPE65", 65),
            ("41", 41),
            ("", 0),
            ("TYPE", 0),
        ] {
            assert_eq!(query_type(name.as_bytes()), number, "{name}");
        }
        assert_eq!(
            (query_type(b"TYPE65536"), query_type(b"a"), query_type(b"UNKNOWNTYPE")),
            (0, 0, 0)
        );
        for (name, number) in [("NOERROR", 0), ("NXDOMAIN", 3), ("23", 23), ("", 255), ("x", 255)] {
            assert_eq!(response_code(name.as_bytes()), number, "{name}");
        }
    }

    #[test]
    fn names_are_made_uniform() {
        for (name, kept) in [
            ("WWW.Example.COM.", "www.example.com"),
            (".", ""),
            ("a..", "a."),
            ("\\052.example.com.", "\\052.example.com"),
            ("a\\.", "a\\."),
            ("a\\\\.", "a\\\\"),
        ] {
            let mut text = "X".to_owned();
            let span = push_name(&mut text, name).unwrap();
            assert_eq!((span.of(&text), &text[..1]), (kept, "X"), "{name}");
        }
        let mut text = String::new();
        assert_eq!(push_name(&mut text, &"a".repeat(1100)), Err(Cause::RecordTooLong));
    }

    #[test]
    fn odd_answers_stay_one_line_each() {
        let mut text = "name".to_owned();
        let mut answers = Answers::new(&text);
        answers.push(&mut text, "A\nB C", "1\n2");
        answers.push(&mut text, &"é".repeat(20), &"é".repeat(400));
        for _ in 0..300 {
            answers.push_plain(&mut text, "A", "192.0.2.1");
        }
        let (span, count) = answers.finish(&text);
        assert_eq!(count, 255);
        let lines: Vec<&str> = span.of(&text).lines().collect();
        assert_eq!(lines.len(), DnsRows::ANSWERS_MAX);
        assert_eq!(lines[0], "A_B_C 1 2");
        assert_eq!(lines[1].len(), TYPE_MAX + 1 + RDATA_MAX);
        assert_eq!(lines[15], "A 192.0.2.1");
    }
}
