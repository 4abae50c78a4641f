//! Percent-encoding as signatures want it, and hexadecimal digits.

use sha2::{Digest as _, Sha256};

/// Encodes everything but unreserved characters (RFC 3986).
pub(crate) fn encode(text: &str) -> String {
    encode_but(text, b"-._~")
}

/// Encodes a path: slashes stay.
pub(crate) fn encode_path(path: &str) -> String {
    encode_but(path, b"-._~/")
}

fn encode_but(text: &str, keep: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || keep.contains(&byte) {
            encoded.push(byte as char);
        } else {
            let [high, low] = [byte >> 4, byte & 15].map(|it| DIGITS[it as usize] as char);
            encoded.extend(['%', high, low]);
        }
    }
    encoded
}

/// Decodes `%XX`, and `+` to a space; nothing where an escape is broken or the result is no UTF-8.
pub(crate) fn decode_plus(text: &str) -> Option<String> {
    let digit = |it: u8| (it as char).to_digit(16).map(|it| it as u8);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => digit(rest.next()?)? << 4 | digit(rest.next()?)?,
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// A query string: names and values encoded, in the order of names.
pub(crate) fn query(pairs: &[(String, String)]) -> String {
    let mut pairs: Vec<_> =
        pairs.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.sort();
    let parts: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    parts.join("&")
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |it: u8| char::from_digit(u32::from(it), 16).unwrap_or('0');
    bytes.iter().flat_map(|&it| [digit(it >> 4), digit(it & 15)]).collect()
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded() {
        for text in ["", "a b/c+d=e&f", "é%", "~._-"] {
            assert_eq!(decode_plus(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!(encode_path("/a b/c=d"), "/a%20b/c%3Dd");
        assert_eq!(decode_plus("a+b%2Bc").as_deref(), Some("a b+c"));
        for text in ["%", "%1", "%zz", "%ff"] {
            assert_eq!(decode_plus(text), None, "{text}");
        }
    }

    #[test]
    fn queries_are_sorted() {
        let pairs = [("b", "2"), ("a", "x y"), ("a", "1")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(query(&pairs), "a=1&a=x%20y&b=2");
    }
}
