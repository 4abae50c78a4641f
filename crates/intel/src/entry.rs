//! Reading one indicator: an address, a block, a range, a name or a file hash.

use std::net::IpAddr;

use model::Addr;

use crate::names::MAX_NAME_BYTES;

/// The longest label of a name (RFC 1035 section 2.3.4).
const MAX_LABEL_BYTES: usize = 63;

/// One indicator as it stands in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    V4 { first: u32, last: u32 },
    V6 { first: u128, last: u128 },
    Name { text: Box<str>, wildcard: bool },
    File([u8; 32]),
}

impl Entry {
    /// Reads an indicator; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Entry, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Err("empty");
        }
        if let Some(hash) = file_hash(text) {
            return Ok(Entry::File(hash));
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            let addr = Addr::from(ip);
            return between(addr, addr);
        }
        if let Some((address, bits)) = text.split_once('/')
            && let Ok(ip) = address.trim().parse::<IpAddr>()
        {
            return block(ip, bits.trim());
        }
        if let Some((first, last)) = text.split_once('-')
            && let (Some(first), Some(last)) = (Addr::parse(first.trim()), Addr::parse(last.trim()))
        {
            return between(first, last);
        }
        name(text)
    }
}

fn file_hash(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|it| char::from(it).to_digit(16));
        *byte = (high? << 4 | low?) as u8;
    }
    Some(hash)
}

fn block(ip: IpAddr, bits: &str) -> Result<Entry, &'static str> {
    let width = if ip.is_ipv4() { 32 } else { 128 };
    if bits.is_empty() || bits.len() > 3 || !bits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("the prefix length is no number");
    }
    let Some(host_bits) = bits.parse().ok().and_then(|it| 128u32.min(width).checked_sub(it)) else {
        return Err("the prefix is longer than the address");
    };
    let host = if host_bits == 128 { u128::MAX } else { (1 << host_bits) - 1 };
    let first = Addr::from(ip).bits() & !host;
    between(Addr::from_bits(first), Addr::from_bits(first | host))
}

fn between(first: Addr, last: Addr) -> Result<Entry, &'static str> {
    if first > last {
        return Err("the range ends before it begins");
    }
    match (first.v4(), last.v4()) {
        (Some(first), Some(last)) => Ok(Entry::V4 { first, last }),
        (None, None) => Ok(Entry::V6 { first: first.bits(), last: last.bits() }),
        _ => Err("the range mixes IPv4 and IPv6"),
    }
}

fn name(text: &str) -> Result<Entry, &'static str> {
    const NEITHER: &str = "neither an address, a name nor a SHA-256 hash";
    if !text.is_ascii() {
        return Err("not ASCII; write an internationalized name in its `xn--` form");
    }
    if text.contains("://") {
        return Err("a URL; only its host name can be listed");
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    let (text, wildcard) = match text.strip_prefix("*.") {
        Some(parent) => (parent, true),
        None => (text, false),
    };
    if text.is_empty() || text.len() > MAX_NAME_BYTES {
        return Err(NEITHER);
    }
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    // A last label of digits alone is a mistyped address, not a name.
    if !text.split('.').all(is_label) || last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NEITHER);
    }
    if !wildcard && !text.contains('.') && !is_access_key(text) {
        return Err(NEITHER);
    }
    Ok(Entry::Name { text: text.to_ascii_lowercase().into(), wildcard })
}

/// Whether a text is the id of a long-term or temporary access key, which is looked up as a name
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>).
fn is_access_key(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && (text.starts_with("AKIA") || text.starts_with("ASIA"))
        && text.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(first: [u8; 4], last: [u8; 4]) -> Entry {
        Entry::V4 { first: u32::from_be_bytes(first), last: u32::from_be_bytes(last) }
    }

    #[test]
    fn addresses_blocks_and_ranges_are_read() {
        assert_eq!(Entry::parse("192.0.2.1"), Ok(v4([192, 0, 2, 1], [192, 0, 2, 1])));
        assert_eq!(Entry::parse(" 192.0.2.7/24 "), Ok(v4([192, 0, 2, 0], [192, 0, 2, 255])));
        assert_eq!(Entry::parse("192.0.2.1 - 192.0.2.9"), Ok(v4([192, 0, 2, 1], [192, 0, 2, 9])));
        assert_eq!(Entry::parse("0.0.0.0/0"), Ok(v4([0; 4], [255; 4])));
        assert_eq!(Entry::parse("::ffff:192.0.2.1"), Ok(v4([192, 0, 2, 1], [192, 0, 2, 1])));
        assert_eq!(Entry::parse("::/0"), Ok(Entry::V6 { first: 0, last: u128::MAX }));
        assert_eq!(
            Entry::parse("2001:db8::/32"),
            Ok(Entry::V6 { first: 0x2001_0db8 << 96, last: (0x2001_0db9 << 96) - 1 })
        );
    }

    #[test]
    fn names_and_hashes_are_read() {
        let name = |text: &str, wildcard| Ok(Entry::Name { text: text.into(), wildcard });
        assert_eq!(Entry::parse("Example.COM."), name("example.com", false));
        assert_eq!(Entry::parse("*.example.org"), name("example.org", true));
        assert_eq!(Entry::parse("a-b.example.org"), name("a-b.example.org", false));
        assert_eq!(Entry::parse("*.test"), name("test", true));
        let key = name("akiaiosfodnn7example", false);
        assert_eq!(Entry::parse("AKIAIOSFODNN7EXAMPLE"), key);
        assert_eq!(Entry::parse(&"aB".repeat(32)), Ok(Entry::File([0xab; 32])));
    }

    #[test]
    fn anything_else_is_refused_with_a_cause() {
        let long = format!("{}.example.com", "a".repeat(64));
        for text in [
            "",
            "localhost",
            "akiaiosfodnn7example",
            "192.0.2.256",
            "192.0.2.1/33",
            "192.0.2.1/",
            "192.0.2.1/+1",
            "192.0.2.9-192.0.2.1",
            "192.0.2.1-2001:db8::",
            "::/129",
            "a..example.com",
            "*.",
            "*",
            "http://example.com/",
            "exa mple.com",
            "bücher.example",
            "a.*.example.com",
            &long,
        ] {
            assert!(Entry::parse(text).is_err(), "{text}");
        }
    }
}
