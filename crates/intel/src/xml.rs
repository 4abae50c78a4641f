//! Reading XML from front to back: start tags with their attributes, end tags and text.
//!
//! No document type is read and no entity but the five of XML itself and character references is known, so
//! that a small document cannot become a large one. What is not well-formed ends the reading.

/// Most attributes of one tag that are kept.
const MAX_ATTRIBUTES: usize = 32;

/// What comes next in a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token<'x> {
    /// A start tag; `empty` ends at once.
    Start { name: &'x str, attributes: Vec<(&'x str, &'x str)>, empty: bool },
    /// An end tag.
    End(&'x str),
    /// Text between tags, with references as written; never only white space.
    Text(&'x str),
}

/// Reads a document token by token.
pub(crate) struct Reader<'x> {
    rest: &'x str,
    /// The line that the next token begins in, counted from 1.
    pub(crate) line: u64,
}

impl<'x> Reader<'x> {
    pub(crate) fn new(text: &'x str) -> Reader<'x> {
        Reader { rest: text, line: 1 }
    }

    /// The next token; `None` at the end; what is wrong where the document is not well-formed.
    pub(crate) fn next(&mut self) -> Result<Option<Token<'x>>, &'static str> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let Some(markup) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let text = self.take(end);
                if text.trim().is_empty() {
                    continue;
                }
                return Ok(Some(Token::Text(text)));
            };
            if markup.starts_with("![CDATA[") {
                self.take("<![CDATA[".len());
                let text = self.until("]]>", "a CDATA section does not end")?;
                return Ok(Some(Token::Text(text)));
            } else if markup.starts_with("!--") {
                self.take("<!--".len());
                self.until("-->", "a comment does not end")?;
            } else if markup.starts_with('?') {
                self.take(1);
                self.until("?>", "a processing instruction does not end")?;
            } else if markup.starts_with('!') {
                return Err("a document type is not read");
            } else {
                return self.tag().map(Some);
            }
        }
    }

    /// A tag up to its `>`, which may stand in an attribute's value as well.
    fn tag(&mut self) -> Result<Token<'x>, &'static str> {
        const OPEN: &str = "a tag does not end";
        self.take(1);
        let (mut quote, mut end) = (None, None);
        for (at, byte) in self.rest.bytes().enumerate() {
            match (quote, byte) {
                (None, b'>') => {
                    end = Some(at);
                    break;
                }
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'<') => return Err("a tag inside a tag"),
                (Some(open), byte) if open == byte => quote = None,
                _ => {}
            }
        }
        let inner = self.take(end.ok_or(OPEN)?);
        self.take(1);
        if let Some(name) = inner.strip_prefix('/') {
            return Ok(Token::End(name.trim()));
        }
        let (inner, empty) = match inner.strip_suffix('/') {
            Some(inner) => (inner, true),
            None => (inner, false),
        };
        let end = inner.find(|it: char| it.is_ascii_whitespace()).unwrap_or(inner.len());
        let (name, rest) = inner.split_at(end);
        if name.is_empty() {
            return Err("a tag without a name");
        }
        Ok(Token::Start { name, attributes: attributes(rest), empty })
    }

    /// Takes what comes before a mark, and the mark.
    fn until(&mut self, mark: &str, otherwise: &'static str) -> Result<&'x str, &'static str> {
        let text = self.take(self.rest.find(mark).ok_or(otherwise)?);
        self.take(mark.len());
        Ok(text)
    }

    fn take(&mut self, bytes: usize) -> &'x str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line += taken.bytes().filter(|it| *it == b'\n').count() as u64;
        self.rest = rest;
        taken
    }
}

fn attributes(mut text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    while let Some((name, rest)) = text.split_once('=') {
        let rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|it| matches!(it, '"' | '\'')) else { break };
        let Some((value, rest)) = rest.get(1..).unwrap_or("").split_once(quote) else { break };
        if found.len() < MAX_ATTRIBUTES {
            found.push((name.trim(), value));
        }
        text = rest;
    }
    found
}

/// The part of a name behind its prefix.
pub(crate) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Puts the five entities and character references in their place; others stay as written.
pub(crate) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.bytes().take(12).position(|it| it == b';');
        let reference = end.and_then(|it| after.get(..it));
        if let Some(found) = reference.and_then(character) {
            out.push(found);
            rest = end.and_then(|it| after.get(it + 1..)).unwrap_or("");
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn character(reference: &str) -> Option<char> {
    let number = match reference {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => reference.strip_prefix('#')?,
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<String>, &'static str> {
        let mut reader = Reader::new(text);
        let mut found = Vec::new();
        while let Some(token) = reader.next()? {
            found.push(match token {
                Token::Start { name, attributes, empty } => {
                    format!("<{name} {attributes:?} {empty}")
                }
                Token::End(name) => format!(">{name}"),
                Token::Text(text) => text.to_owned(),
            });
        }
        Ok(found)
    }

    #[test]
    fn tags_texts_and_sections_are_told_apart() {
        let text =
            "<?xml version='1.0'?>\n<!-- <x> --><a:b c=\"1 > 0\" d='e'>t<![CDATA[<u>]]> <f/></a:b>";
        assert_eq!(
            tokens(text).unwrap(),
            ["<a:b [(\"c\", \"1 > 0\"), (\"d\", \"e\")] false", "t", "<u>", "<f [] true", ">a:b"]
        );
    }

    #[test]
    fn what_is_not_well_formed_is_an_error() {
        for text in ["<a", "<a b='>", "<!-- x", "<![CDATA[x", "<?x", "<!DOCTYPE x>", "<a <b>", "<>"]
        {
            assert!(tokens(text).is_err(), "{text}");
        }
        assert_eq!(tokens("text"), Ok(vec!["text".to_owned()]));
    }

    #[test]
    fn lines_are_counted() {
        let mut reader = Reader::new("<a>\n\n<b\nc='d'>");
        reader.next().unwrap();
        assert_eq!(reader.line, 1);
        reader.next().unwrap();
        assert_eq!(reader.line, 4);
    }

    #[test]
    fn references_are_undone_once() {
        for (text, expected) in [
            ("a &amp;amp; b", "a &amp; b"),
            ("&#65;&#x42;", "AB"),
            ("&unknown; & &#xD800;", "&unknown; & &#xD800;"),
            ("&", "&"),
        ] {
            assert_eq!(unescaped(text), expected);
        }
    }
}
