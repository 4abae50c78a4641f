//! Tells code from comments and literals, so that a word in a text is not taken for code.

/// The text with comments and the contents of literals replaced by spaces; line ends stay.
pub(crate) fn code_only(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let (length, keep) = token(rest, first, out.chars().next_back());
        let (head, tail) = rest.split_at(length);
        if keep {
            out.push_str(head);
        } else {
            out.extend(head.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        }
        rest = tail;
    }
    out
}

/// Length in bytes of what stands at the start of `rest`, and whether it is code.
fn token(rest: &str, first: char, before: Option<char>) -> (usize, bool) {
    match first {
        '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
        '/' if rest.starts_with("/*") => (block_comment(rest), false),
        '"' => (quoted(rest, 1, '"'), false),
        '\'' if is_char_literal(rest) => (quoted(rest, 1, '\''), false),
        'r' if !before.is_some_and(is_word) || matches!(before, Some('b' | 'c')) => {
            raw_string(rest).map_or((1, true), |length| (length, false))
        }
        _ => (first.len_utf8(), true),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Length of a literal whose content begins at `from` and ends with `end`, with escapes.
fn quoted(rest: &str, from: usize, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip_while(|(at, _)| *at < from) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == end => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// A quote opens a literal if it holds an escape or one character; else it is a lifetime.
fn is_char_literal(rest: &str) -> bool {
    let mut chars = rest.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}

/// Length of a raw string that starts here: `r"…"`, `r#"…"#`; not of a raw identifier.
fn raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let content = after.get(hashes..)?.strip_prefix('"')?;
    let start = rest.len() - content.len();
    let end = format!("\"{}", "#".repeat(hashes));
    Some(content.find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let code = code_only(text);
        assert_eq!(code.lines().count(), text.lines().count(), "{text}");
        let words: Vec<&str> = code.split_whitespace().collect();
        assert_eq!(words.join(" "), expected, "{text}");
    }

    #[test]
    fn comments_are_blanked() {
        check("a // b\nc", "a c");
        check("a /* b /* c */ d\n */ e", "a e");
    }

    #[test]
    fn literals_are_blanked() {
        check(r#"a("b\"c", 'd', '\'', b'e')"#, "a( , , , b )");
        check(r##"a(r#"b"c"#, br"d\", rest)"##, "a( , b , rest)");
    }

    #[test]
    fn lifetimes_and_raw_identifiers_stay() {
        check("fn a<'b>(c: &'b str, r#type: u8) {}", "fn a<'b>(c: &'b str, r#type: u8) {}");
    }

    #[test]
    fn an_open_literal_ends_with_the_text() {
        check("a \"b", "a");
        check("a /* b", "a");
        check("a r#\"b\"", "a");
    }
}
