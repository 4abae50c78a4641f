//! Text for people: escaped names, numbers with their thousands apart, sizes and times.

use std::fmt::Write as _;

pub use findings::format::{minutes, thousands, visible};

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
    fn numbers_are_readable() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(1234, "file"), "1,234 files");
        assert_eq!([0, 999, 1000, 48_200_000].map(size), ["0 B", "999 B", "1.0 kB", "48.2 MB"]);
        assert_eq!(size(999_999), "1.0 MB");
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        assert_eq!(wrap("one two  three", 9, "  "), "  one two\n  three");
    }
}
