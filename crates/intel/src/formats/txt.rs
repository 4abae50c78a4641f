//! Plain text: one entry a line.

use crate::parse::{Reading, lines};

/// Reads all lines. `#` and `;` begin comments.
pub(crate) fn read(bytes: &[u8], reading: &mut Reading) {
    for (number, line) in lines(bytes) {
        if line.is_empty() || line.starts_with(b"#") || line.starts_with(b";") {
            continue;
        }
        let Ok(text) = str::from_utf8(line) else {
            reading.problem(number, &String::from_utf8_lossy(line), "not UTF-8");
            continue;
        };
        // A comment may follow an entry; a number after it is a score, as in public block lists.
        let text = text.split(['#', ';']).next().unwrap_or_default().trim_end();
        let entry = match text.split_once([' ', '\t']) {
            Some((entry, score)) if score.trim().parse::<f64>().is_ok() => entry,
            _ => text,
        };
        reading.entry(number, entry, "");
    }
}
