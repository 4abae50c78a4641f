//! Whether a label looks like encoded data.

/// Shortest label that is judged: below, words and codes cannot be told apart.
pub(super) const LABEL_MIN: usize = 18;
/// Share of unusual pairs, in thousandths, from which a label is encoded data. Random letters have six
/// hundred, long labels of words about a hundred.
const UNUSUAL_PER_MILLE: usize = 350;

/// The letters that often follow each letter in names and words of European languages.
const FOLLOWERS: [&str; 26] = [
    "bcdfgiklmnprstuvwy",
    "aeilorsuy",
    "acehiklortuy",
    "adeiorsuy",
    "abcdefglmnprstvwxy",
    "aefilortu",
    "aehilnorsu",
    "aeinortuy",
    "abcdefgklmnoprstvz",
    "aeou",
    "aeilnosy",
    "adefiklmopstuvy",
    "abeimopsuy",
    "acdefgiknostuy",
    "abcdfgiklmnoprstuvw",
    "aehiloprstu",
    "u",
    "acdegiklmnoprstuvy",
    "acehiklmnopqstuwy",
    "acehilorstuwy",
    "abcdegilmnprst",
    "aeio",
    "aehinors",
    "aeipt",
    "aceilmnos",
    "aeioz",
];

/// The same as one row of bits for each letter.
const USUAL: [u32; 26] = {
    let mut rows = [0; 26];
    let mut letter = 0;
    while letter < 26 {
        let followers = FOLLOWERS[letter].as_bytes();
        let mut at = 0;
        while at < followers.len() {
            rows[letter] |= 1 << (followers[at] - b'a');
            at += 1;
        }
        letter += 1;
    }
    rows
};

/// Whether a label is long and made of signs that no words are made of. Numbers are not, nor is a UUID, which
/// many services put into names.
pub(super) fn is_encoded(label: &[u8]) -> bool {
    if label.len() < LABEL_MIN || is_uuid(label) {
        return false;
    }
    let (mut pairs, mut unusual, mut letters) = (0, 0, 0);
    for pair in label.windows(2) {
        let [first, second] = [pair[0], pair[1]];
        letters += usize::from(first.is_ascii_lowercase());
        // Long numbers are ordinary, and what separates words says nothing.
        let says_nothing = |it: u8| matches!(it, b'-' | b'_');
        let is_number = first.is_ascii_digit() && second.is_ascii_digit();
        if is_number || says_nothing(first) || says_nothing(second) {
            continue;
        }
        pairs += 1;
        unusual += usize::from(!is_usual(first, second));
    }
    letters > 0 && pairs * 3 > label.len() && unusual * 1000 >= pairs * UNUSUAL_PER_MILLE
}

/// Two letters that often stand together.
fn is_usual(first: u8, second: u8) -> bool {
    let is_pair = first.is_ascii_lowercase() && second.is_ascii_lowercase();
    is_pair && USUAL[usize::from(first - b'a')] & (1 << (second - b'a')) != 0
}

/// `8-4-4-4-12` hexadecimal digits.
fn is_uuid(label: &[u8]) -> bool {
    label.len() == 36
        && label.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_labels_are_told_from_words() {
        for encoded in [
            "gezdgnbvgy3tqojqmfrggzdf",
            "5cdd4a6f0e1b2c3d4e5f60718293a4b5",
            "goqbvy2yy6g6vishfv6n94yvwf6p_-agm-d2561uagudqigu",
            "zxqkvjwpmcrtbhgdlsfnyaeiou",
        ] {
            assert!(is_encoded(encoded.as_bytes()), "{encoded}");
        }
        for plain in [
            "internationalbusiness",
            "my-very-long-service-name-production",
            "authenticationservices",
            "versicherungsvergleich",
            "20260105100000123456",
            "1f0e3dad-9990-4e34-8f7f-0a2b3c4d5e6f",
            "ip-10-20-30-40-us-east-1",
            "short2lzx4bv",
        ] {
            assert!(!is_encoded(plain.as_bytes()), "{plain}");
        }
    }

    #[test]
    fn bytes_that_are_no_ascii_are_unusual() {
        assert!(is_encoded("a\u{f6}\u{e4}b\u{fc}\u{df}c\u{f1}\u{e7}dxyz".as_bytes()));
    }
}
