//! Plain text: one entry a line.

use crate::formats::csv::without_port;
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
        if let Some(names) = hosts(text) {
            for name in names.split_ascii_whitespace() {
                reading.entry(number, name, "");
            }
            continue;
        }
        let entry = match text.split_once([' ', '\t']) {
            Some((entry, score)) if score.trim().parse::<f64>().is_ok() => entry,
            _ => text,
        };
        reading.entry(number, without_port(entry), "");
    }
}

/// The names of a line of a hosts file, which leads them nowhere.
pub(crate) fn hosts(line: &str) -> Option<&str> {
    let (address, names) = line.split_once([' ', '\t'])?;
    let is_name = names.trim_start().starts_with(|it: char| it.is_ascii_alphanumeric());
    (matches!(address, "0.0.0.0" | "127.0.0.1" | "::" | "::1") && is_name).then_some(names)
}

#[cfg(test)]
mod tests {
    use crate::format::ListFormat;
    use crate::parse::parse_list;

    #[test]
    fn hosts_files_ports_and_comments_are_read() {
        let text = "0.0.0.0 bad.example.com worse.example.com # both\n127.0.0.1\tpool.example.org\n::1 localhost\n\
                    198.51.100.1:8443\n192.0.2.1             # one.example.com, two.example.com\n";
        let (list, problems) = parse_list("list", text.as_bytes());
        assert_eq!((list.v4.len(), list.names.len()), (2, 3));
        assert_eq!(problems.iter().map(|it| it.line).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn comments_behind_an_entry_make_no_columns() {
        let text =
            "192.0.2.1   # one.example.com, two.example.com\n192.0.2.2   # three.example.com\n";
        assert_eq!(ListFormat::detect("list", text.as_bytes()), ListFormat::Txt);
    }
}
