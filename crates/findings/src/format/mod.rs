//! The forms in which findings are given out.

mod asff;
mod csv;
mod html;
mod json;
mod ocsf;
mod summary;
mod table;
mod words;

use std::fmt;

use model::Timestamp;

use crate::escape::Visible;

pub use asff::asff;
pub use csv::csv;
pub use html::html;
pub use json::{json, visible_json};
pub use ocsf::ocsf;
pub use summary::summary;
pub use table::{TableOptions, table};

/// One line of text with control, bidirectional and invisible characters shown as `\u{…}`, so that text from
/// a record or the name of a file cannot act on the terminal.
pub fn visible(text: &str) -> String {
    Visible(text).to_string()
}

/// Appends formatted text.
fn put(out: &mut String, text: fmt::Arguments<'_>) {
    fmt::write(out, text).expect("writing to a string does not fail");
}

/// `2026-03-01 12:00:00`, in UTC.
fn seconds(time: Timestamp) -> String {
    let text = time.to_string().replace('T', " ");
    text.split('.').next().unwrap_or_default().to_owned()
}

/// `2026-03-01 12:00`, in UTC.
pub fn minutes(time: Timestamp) -> String {
    let mut text = seconds(time);
    text.truncate(text.len().saturating_sub(3));
    text
}

/// A number with its thousands apart: `12,345`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Compares with the file in `tests/golden`, or writes it when `UPDATE_GOLDEN` is set.
#[cfg(test)]
fn check_golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == text,
        "{name} differs from its golden file: set UPDATE_GOLDEN=1 and read the diff"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_readable() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(minutes(Timestamp::from_secs(1_535_293_043)), "2018-08-26 14:17");
    }
}
