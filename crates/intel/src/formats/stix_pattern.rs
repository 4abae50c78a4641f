//! The values in a pattern of STIX 2.x, such as `[ipv4-addr:value = '198.51.100.1']`.
//!
//! Only patterns each part of which is an indicator by itself are read: equalities with addresses, names and
//! SHA-256 hashes, joined by OR. Anything narrower would say of a value what the pattern does not.

/// Longest pattern that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The values of a pattern; what is wrong with it where it is not one of those that are read.
pub(crate) fn values(pattern: &str) -> Result<Vec<String>, &'static str> {
    const NARROW: &str = "a pattern that asks for more than one value at once";
    if pattern.len() > MAX_BYTES {
        return Err("a pattern that is too long");
    }
    let mut words = words(pattern)?.into_iter().peekable();
    let mut values = Vec::new();
    let mut is_inside = false;
    while let Some(word) = words.next() {
        match word {
            Word::Mark('[') if !is_inside => is_inside = true,
            Word::Mark(']') if is_inside => is_inside = false,
            Word::Mark('(' | ')') | Word::Plain("OR") => {}
            Word::Plain(path) if is_inside => {
                if matches!(path, "AND" | "NOT" | "FOLLOWEDBY") {
                    return Err(NARROW);
                }
                check_path(path, words.next_if(|it| matches!(it, Word::Value(_))))?;
                match words.next() {
                    Some(Word::Mark('=') | Word::Plain("ISSUBSET")) => match words.next() {
                        Some(Word::Value(value)) => values.push(value),
                        _ => return Err("a pattern without a value"),
                    },
                    Some(Word::Plain("IN")) => {
                        while let Some(word) =
                            words.next_if(|it| matches!(it, Word::Value(_) | Word::Mark('(' | ',')))
                        {
                            if let Word::Value(value) = word {
                                values.push(value);
                            }
                        }
                    }
                    _ => {
                        return Err(
                            "of the comparisons of patterns only =, IN and ISSUBSET are used",
                        );
                    }
                }
            }
            _ => return Err(NARROW),
        }
    }
    if values.is_empty() { Err("a pattern without a value") } else { Ok(values) }
}

/// Whether the path names something that lists hold. The kind of a hash may be quoted, as in
/// `file:hashes.'SHA-256'`.
fn check_path(path: &str, quoted: Option<Word<'_>>) -> Result<(), &'static str> {
    let quoted = match quoted {
        Some(Word::Value(text)) => text,
        _ => String::new(),
    };
    match (path, quoted.as_str()) {
        (
            "ipv4-addr:value"
            | "ipv6-addr:value"
            | "domain-name:value"
            | "file:hashes.SHA-256"
            | "file:hashes.SHA256",
            "",
        )
        | ("file:hashes.", "SHA-256" | "SHA256") => Ok(()),
        ("url:value", _) => Err("URLs are not used, only addresses, names and hashes"),
        _ if path.starts_with("file:hashes") => Err("of the hashes only SHA-256 is used"),
        _ => Err("a pattern about something else than addresses, names and file hashes"),
    }
}

enum Word<'p> {
    Plain(&'p str),
    Value(String),
    Mark(char),
}

fn words(pattern: &str) -> Result<Vec<Word<'_>>, &'static str> {
    let mut words = Vec::new();
    let mut rest = pattern.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or("");
        if matches!(first, '\'' | '"') {
            let (value, after) = quoted(after, first).ok_or("a value that does not end")?;
            words.push(Word::Value(value));
            rest = after;
        } else if matches!(first, '[' | ']' | '(' | ')' | '=' | ',') {
            words.push(Word::Mark(first));
            rest = after;
        } else {
            let end = rest
                .find(|it: char| it.is_whitespace() || "[]()=,'\"".contains(it))
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            words.push(Word::Plain(word));
            rest = after;
        }
        rest = rest.trim_start();
    }
    Ok(words)
}

/// A text up to its closing quote, `\` undone, and what follows.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.push(letters.next()?.1),
            _ if letter == quote => return Some((value, text.get(at + 1..)?)),
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_joined_by_or_are_read() {
        for (pattern, expected) in [
            ("[ipv4-addr:value = '198.51.100.1']", &["198.51.100.1"][..]),
            ("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", &["192.0.2.0/24"][..]),
            (
                "[ipv6-addr:value='2001:db8::1' OR domain-name:value = \"example.com\"]",
                &["2001:db8::1", "example.com"][..],
            ),
            (
                "[domain-name:value IN ('a.example.com', 'b.example.com')] OR ([domain-name:value = 'c.example.com'])",
                &["a.example.com", "b.example.com", "c.example.com"][..],
            ),
            ("[file:hashes.'SHA-256' = 'it\\'s']", &["it's"][..]),
            ("[file:hashes.\"SHA-256\" = 'x' OR file:hashes.SHA256 = 'y']", &["x", "y"][..]),
        ] {
            assert_eq!(
                values(pattern),
                Ok(expected.iter().map(|it| (*it).to_owned()).collect()),
                "{pattern}"
            );
        }
    }

    #[test]
    fn narrower_and_other_patterns_are_refused() {
        for pattern in [
            "",
            "[]",
            "[ipv4-addr:value = '198.51.100.1' AND network-traffic:dst_port = 22]",
            "[ipv4-addr:value = '198.51.100.1'] FOLLOWEDBY [domain-name:value = 'example.com']",
            "[ipv4-addr:value = '198.51.100.1'] WITHIN 5 SECONDS",
            "[ipv4-addr:value != '198.51.100.1']",
            "[ipv4-addr:value NOT = '198.51.100.1']",
            "[domain-name:value LIKE '%.example.com']",
            "[url:value = 'http://example.com/']",
            "[file:hashes.MD5 = 'x']",
            "[ipv4-addr:value = 'x",
            "[ipv4-addr:value =",
        ] {
            assert!(values(pattern).is_err(), "{pattern}");
        }
        assert!(values(&"[".repeat(MAX_BYTES + 1)).is_err());
    }
}
