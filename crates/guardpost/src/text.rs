//! Text for people: escaped names, numbers with their thousands apart, sizes and times.

use std::fmt::Write as _;

use model::Timestamp;

/// One line of text with control, bidirectional and invisible characters shown as `\u{…}`, so that a name
/// cannot act on the terminal.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_active(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// `12,345`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 file`, `2,000 files`.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(number))
}

/// `48.2 MB`, in powers of ten as disks are sold.
pub fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

/// `2026-03-01 12:00`, in UTC.
pub fn minutes(time: Timestamp) -> String {
    let mut text = time.to_string().replace('T', " ");
    text.truncate(16);
    text
}

/// Wraps at `width` columns, each line after `indent`.
pub fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let len = word.chars().count();
        if used > 0 && used + 1 + len > width {
            out.push('\n');
            used = 0;
        }
        if used == 0 {
            out.push_str(indent);
            used = indent.len() + len;
        } else {
            out.push(' ');
            used += 1 + len;
        }
        // Writing to a string cannot fail.
        let _ok = out.write_str(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_shown_not_obeyed() {
        assert_eq!(visible("a\u{1b}[2J\u{202e}b\nü"), "a\\u{1b}[2J\\u{202e}b\\u{a}ü");
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(1234, "file"), "1,234 files");
        assert_eq!([0, 999, 1000, 48_200_000].map(size), ["0 B", "999 B", "1.0 kB", "48.2 MB"]);
        assert_eq!(size(999_999), "1.0 MB");
        assert_eq!(minutes(Timestamp::from_secs(1_535_293_043)), "2018-08-26 14:17");
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        assert_eq!(wrap("one two  three", 9, "  "), "  one two\n  three");
    }
}
