//! How a feed is written, and reading it as a list.

use std::borrow::Cow;

use intel::{ListProblem, ParsedList, parse_list};
use serde::{Deserialize, Serialize};

/// How a feed or a file is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Whatever is read as a list without further word: one entry a line, CSV and others, told from the
    /// content.
    #[default]
    Auto,
    /// A hosts file: an address that stands for nowhere, then names.
    Hosts,
    /// First and last address and a prefix length in columns, as `DShield`'s `block.txt`.
    Dshield,
}

/// Addresses that a hosts file sends unwanted names to.
const NOWHERE: [&str; 5] = ["0.0.0.0", "127.0.0.1", "::", "::1", "127.0.1.1"];
/// Names that a hosts file defines for the machine itself.
const OWN_NAMES: [&str; 6] =
    ["localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "0.0.0.0"];

/// Reads a list. What cannot be used is counted in it, with samples.
pub fn read(shape: Shape, name: &str, bytes: &[u8]) -> (ParsedList, Vec<ListProblem>) {
    let text = match shape {
        Shape::Auto => Cow::Borrowed(bytes),
        Shape::Hosts => rewritten(bytes, hosts_line),
        Shape::Dshield => rewritten(bytes, dshield_line),
    };
    parse_list(name, &text)
}

/// Every line as `line` writes it; lines keep their number.
fn rewritten(bytes: &[u8], line: fn(&str, &mut String)) -> Cow<'_, [u8]> {
    let mut out = String::with_capacity(bytes.len());
    for text in String::from_utf8_lossy(bytes).lines() {
        line(text.trim(), &mut out);
        out.push('\n');
    }
    Cow::Owned(out.into_bytes())
}

fn hosts_line(text: &str, out: &mut String) {
    let text = text.split('#').next().unwrap_or_default();
    let mut words = text.split_ascii_whitespace();
    let Some(first) = words.next() else { return };
    // Only the first name counts: public block lists have one a line.
    let name = if NOWHERE.contains(&first) { words.next().unwrap_or_default() } else { first };
    if !OWN_NAMES.contains(&name) {
        out.push_str(name);
    }
}

fn dshield_line(text: &str, out: &mut String) {
    let mut words = text.split_ascii_whitespace();
    let (Some(first), Some(_), Some(bits)) = (words.next(), words.next(), words.next()) else {
        return;
    };
    if first.starts_with(|it: char| it.is_ascii_digit()) && bits.parse::<u8>().is_ok() {
        out.extend([first, "/", bits]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries and refused lines.
    fn check(shape: Shape, text: &str) -> (u64, u64) {
        let (list, _) = read(shape, "list.txt", text.as_bytes());
        (list.len(), list.refused)
    }

    #[test]
    fn hosts_files_give_their_names_not_their_addresses() {
        let text = "# comment\n127.0.0.1 localhost\n::1 ip6-localhost\n\n\
                    0.0.0.0 one.example.com\n0.0.0.0\ttwo.example.com # why\n127.0.0.1 three.example.com\r\n\
                    four.example.com\n0.0.0.0 not_a..name\n";
        assert_eq!(check(Shape::Hosts, text), (4, 1));
    }

    #[test]
    fn dshield_columns_are_blocks() {
        let text = "# comment\nStart\tEnd\tNetmask\tAttacks\n\
                    192.0.2.0\t192.0.2.255\t24\t6000\tEXAMPLE\tUS\tabuse@example.com\n\
                    198.51.100.0\t198.51.100.255\t24\t10\n";
        assert_eq!(check(Shape::Dshield, text), (2, 0));
    }

    #[test]
    fn plain_feeds_are_read_as_lists() {
        assert_eq!(check(Shape::Auto, "# x\n192.0.2.0/24 ; SBL1\n2001:db8::/32 ; SBL2\n"), (2, 0));
        let csv = "fingerprint, ipaddr, port\n00AA, 192.0.2.1, 444\n00BB, 2001:db8::1, 81\n";
        assert_eq!(check(Shape::Auto, csv), (2, 0));
    }
}
