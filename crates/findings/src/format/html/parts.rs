//! Pieces that several parts of the page are made of.

use std::borrow::Cow;

use model::SeverityBand;

use crate::escape::Html;
use crate::format::html::class;
use crate::format::{put, thousands};

/// Most bytes of one text from a record.
const TEXT_MAX: usize = 2_000;

/// A text of bounded length, cut at a character's boundary.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= TEXT_MAX {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", text.get(..text.floor_char_boundary(TEXT_MAX)).unwrap_or_default()))
}

/// A name with its value in a list of facts; nothing without a value.
pub(crate) fn fact(out: &mut String, name: &str, value: &str, is_code: bool) {
    if value.is_empty() {
        return;
    }
    let (open, close) = if is_code { ("<code>", "</code>") } else { ("", "") };
    let value = cut(value);
    let (name, value) = (Html(name), Html(&value));
    put(out, format_args!("<div><dt>{name}</dt><dd>{open}{value}{close}</dd></div>\n"));
}

/// How many findings there are of each severity.
pub(crate) fn pills(out: &mut String, bands: &[(SeverityBand, usize)]) {
    for (at, (band, count)) in bands.iter().enumerate() {
        let gap = if at > 0 { " " } else { "" };
        let (class, count) = (class(*band), thousands(*count as u64));
        put(out, format_args!("{gap}<span class=\"pill {class}\">{count} {band}</span>"));
    }
}

/// `1 finding`, `2,000 findings`.
pub(crate) fn plural(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(number as u64))
}
