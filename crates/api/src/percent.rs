//! Percent-encoding of paths and queries, and hexadecimal digits.

/// Decodes `%XX`; nothing where an escape is broken or the result is no UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (hex_digit(rest.next()?)?, hex_digit(rest.next()?)?);
            bytes.push(high << 4 | low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Encodes everything but unreserved characters (RFC 3986), as signatures do.
pub(crate) fn encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte as char);
        } else {
            let [high, low] = [byte >> 4, byte & 15].map(|it| DIGITS[it as usize] as char);
            encoded.extend(['%', high, low]);
        }
    }
    encoded
}

/// Names and values of a query, decoded, in its order. A plus is a plus: the signing clients write `%20`.
pub(crate) fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    let parts = query.split('&').filter(|it| !it.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |it: u8| char::from_digit(u32::from(it), 16).unwrap_or('0');
    bytes.iter().flat_map(|&it| [digit(it >> 4), digit(it & 15)]).collect()
}

pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|it| it as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_survives_the_round_trip() {
        for text in ["", "a b/c", "é%", "arn:aws:guardduty:x:1:detector/a", "~._-"] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!(encode("a b/ü"), "a%20b%2F%C3%BC");
    }

    #[test]
    fn broken_escapes_are_refused() {
        for text in ["%", "%1", "%zz", "%ff", "a%c3"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(pairs("a=%zz"), None);
    }

    #[test]
    fn names_may_repeat_and_lack_values() {
        let expected = [("a", "1"), ("a", "x y"), ("b", "")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs("a=1&a=x%20y&&b").unwrap(), expected);
    }
}
