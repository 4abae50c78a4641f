//! VPC flow logs in the default format: separators of the whole file first, then each row by their positions.

use crate::count::{Counts, hash};
use crate::decimal::{number, octet};
use crate::positions;
use anyhow::{Result, bail};

/// Separators of a row with addresses: 14 fields and three dots in each address.
const ROW: usize = 20;
/// Separators of a row without data.
const EMPTY_ROW: usize = 14;

/// Counts the records of a file by interface.
pub(crate) fn count(raw: &[u8], counts: &mut Counts) -> Result<()> {
    let header = memchr::memchr(b'\n', raw).map_or(raw.len(), |at| at + 1);
    let body = &raw[header..];
    let mut buffer = std::mem::take(&mut counts.positions);
    let len = positions::of(body, [b' ', b'.', b'\n'], &mut buffer);
    let mut rest = &buffer[..len];
    let mut start = 0;
    while let Some(empty) = rest.first_chunk::<EMPTY_ROW>() {
        if body[empty[2] as usize + 1] == b'-' {
            counts.add(0, 0, 0, 0);
            start = empty[EMPTY_ROW - 1] as usize + 1;
            rest = &rest[EMPTY_ROW..];
            continue;
        }
        let Some(row) = rest.first_chunk::<ROW>() else { break };
        if start > row[0] as usize || body[row[ROW - 1] as usize] != b'\n' {
            bail!("a row is not in the default format");
        }
        add(body, row, counts);
        start = row[ROW - 1] as usize + 1;
        rest = &rest[ROW..];
    }
    counts.positions = buffer;
    Ok(())
}

#[inline]
fn add(body: &[u8], row: &[u32; ROW], counts: &mut Counts) {
    let at = |n: usize| row[n] as usize;
    let part = |n: usize| octet(body, at(n) + 1, at(n + 1));
    let address = |n: usize| part(n) << 24 | part(n + 1) << 16 | part(n + 2) << 8 | part(n + 3);
    let field = |n: usize| number(body, at(n) + 1, at(n + 1));
    let interface = hash(&body[at(1) + 1..at(2)]);
    let (src, dst) = (u64::from(address(2)), u64::from(address(6)));
    let (src_port, dst_port, protocol) = (field(10), field(11), field(12));
    let (packets, bytes, start, end) = (field(13), field(14), field(15), field(16));
    let is_accepted = u64::from(body[at(17) + 1] == b'A');
    let ports = src_port << 40 ^ dst_port << 20 ^ protocol;
    let fields = interface ^ src ^ dst << 7 ^ ports ^ packets ^ bytes ^ start ^ end ^ is_accepted;
    counts.add(interface, fields, bytes, packets);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "version account-id …\n\
        2 111122223333 eni-1 192.0.2.1 198.51.100.2 40000 443 6 10 1200 1767571200 1767571260 ACCEPT OK\n\
        2 111122223333 eni-1 - - - - - - - 1767571200 1767571260 - NODATA\n\
        2 111122223333 eni-1 192.0.2.1 198.51.100.2 40000 443 6 10 1200 1767571200 1767571260 REJECT OK\n";

    #[test]
    fn rows_are_counted_by_interface() {
        let mut counts = Counts::default();
        count(ROWS.as_bytes(), &mut counts).unwrap();
        let json = counts.to_json();
        assert!(json.starts_with(r#"{"events":3,"keys":2,"#), "{json}");
    }

    #[test]
    fn every_field_reaches_the_checksum() {
        let checksum = |text: &str| {
            let mut counts = Counts::default();
            count(text.as_bytes(), &mut counts).unwrap();
            counts.checksum
        };
        let usual = checksum(ROWS);
        for (from, to) in [
            ("eni-1 192", "eni-2 192"),
            ("192.0.2.1", "192.0.2.9"),
            ("198.51.100.2", "198.52.100.2"),
            ("40000", "40001"),
            (" 443 ", " 444 "),
            (" 6 ", " 17 "),
            (" 10 ", " 11 "),
            (" 1200 ", " 1201 "),
            ("1767571260 ACCEPT", "1767571261 ACCEPT"),
            ("ACCEPT", "REJECT"),
        ] {
            assert_ne!(checksum(&ROWS.replacen(from, to, 1)), usual, "{from}");
        }
    }

    #[test]
    fn another_format_is_refused() {
        let text = "header\n2 111122223333 eni-1 2001:db8::1 2001:db8::2 1 2 6 1 40 1767571200 1767571260 \
            ACCEPT OK extra fields of another format a b c d e f g h\n";
        assert!(count(text.as_bytes(), &mut Counts::default()).is_err());
    }
}
