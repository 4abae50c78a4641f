//! Algorithms of known families that take their seed from the date, from published analyses. Names are as a
//! sample of the family asks for them on that day (UTC).

use std::fmt::Write;

use md5::{Digest, Md5};
use sha2::Sha256;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Date {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
}

impl Date {
    /// The date of a day since 1970 (Howard Hinnant's `civil_from_days`).
    pub(crate) fn of(day: i64) -> Date {
        let z = day + 719_468;
        let era = z.div_euclid(146_097);
        let of_era = z.rem_euclid(146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        Date {
            year: (year + era * 400 + i64::from(month <= 2)) as u64,
            month: month as u64,
            day: (of_year - (153 * shifted + 2) / 5 + 1) as u64,
        }
    }
}

/// What a family asks for on a day, name by name.
type Names = fn(Date, &mut dyn FnMut(&str));

/// A family: its name and what it asks for on a day.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) names: Names,
}

/// The families.
pub(crate) const FAMILIES: [Family; 6] = [
    Family { name: "necurs", names: necurs },
    Family { name: "newgoz", names: newgoz },
    Family { name: "padcrypt", names: padcrypt },
    Family { name: "sisron", names: sisron },
    Family { name: "orchard", names: orchard },
    Family { name: "proslikefan", names: proslikefan },
];

/// Necurs: 2,048 names that change every fourth day; a 64-bit generator of its own.
fn necurs(date: Date, each: &mut dyn FnMut(&str)) {
    const COUNT: u64 = 2048;
    const MAGIC: u64 = 9;
    const ENDS: [&str; 43] = [
        "tj", "in", "jp", "tw", "ac", "cm", "la", "mn", "so", "sh", "sc", "nu", "nf", "mu", "ms",
        "mx", "ki", "im", "cx", "cc", "tv", "bz", "me", "eu", "de", "ru", "co", "su", "pw", "kz",
        "sx", "us", "ug", "ir", "to", "ga", "com", "net", "org", "biz", "xxx", "pro", "bit",
    ];
    fn mixed(mut value: u64) -> u64 {
        for at in 0..(value & 0x7f) + 21 {
            let change = (value.wrapping_mul(7) ^ (value << 15)).wrapping_add(8 * at);
            value = value.wrapping_add(change.wrapping_sub(value >> 5));
        }
        value
    }
    let mut of_day = mixed(date.year);
    of_day = mixed(of_day.wrapping_add(date.month + 43_690));
    of_day = mixed(of_day.wrapping_add(date.day >> 2));
    let mut name = String::new();
    for number in 0..COUNT {
        let mut value = mixed(mixed(of_day.wrapping_add(number)).wrapping_add(MAGIC));
        name.clear();
        for at in 0..value % 15 + 7 {
            value = mixed(value.wrapping_add(at));
            name.push(char::from(b'a' + (value % 25) as u8));
            value = mixed(value.wrapping_add(0x00ab_bedf));
        }
        _ = write!(name, ".{}", ENDS[(value % 43) as usize]);
        each(&name);
    }
}

/// The successor of Gameover Zeus: a thousand names a day from MD5, four numbers to the base 36.
fn newgoz(date: Date, each: &mut dyn FnMut(&str)) {
    const COUNT: u32 = 1000;
    const SALT: [u8; 4] = [1, 5, 0x19, 0x35];
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    for number in 0..COUNT {
        let mut hash = Md5::new().chain_update(number.to_le_bytes());
        for part in [date.year, date.month, date.day] {
            hash = hash.chain_update((part as u16).to_le_bytes()).chain_update(SALT);
        }
        let mut name = String::new();
        for part in hash.finalize().chunks(4) {
            let mut value =
                part.iter().rev().fold(0u32, |value, byte| (value << 8) | u32::from(*byte));
            let mut digits = Vec::new();
            for _ in 0..7 {
                digits.push(DIGITS[(value % 36) as usize]);
                value /= 36;
                if value == 0 {
                    break;
                }
            }
            name.extend(digits.iter().rev().map(|it| char::from(*it)));
        }
        name.push_str(match number {
            _ if number % 4 == 0 => ".com",
            _ if number % 3 == 0 => ".org",
            _ if number % 2 == 0 => ".biz",
            _ => ".net",
        });
        each(&name);
    }
}

/// `PadCrypt`: 24 or 72 names a day, digits of SHA-256 as letters. Versions differ in the separator.
fn padcrypt(date: Date, each: &mut dyn FnMut(&str)) {
    const COUNT: u32 = 72;
    const LETTERS: &[u8; 10] = b"abcdnfolmk";
    const ENDS: [&str; 11] =
        ["com", "co.uk", "de", "org", "net", "eu", "info", "online", "co", "cc", "website"];
    for separator in [':', '|'] {
        for number in 0..COUNT {
            let seed = format!("{}-{}-{}{separator}{number}", date.day, date.month, date.year);
            let digits = hex(&Sha256::digest(seed));
            let letter = |it: u8| match it {
                b'0'..=b'9' => char::from(LETTERS[usize::from(it - b'0')]),
                _ => char::from(it),
            };
            let label: String = digits[3..19].bytes().map(letter).collect();
            let last = usize::from_str_radix(&digits[63..], 16).unwrap_or(0);
            each(&format!("{label}.{}", ENDS.get(last).unwrap_or(&ENDS[0])));
        }
    }
}

/// Sisron: the date in base64.
fn sisron(date: Date, each: &mut dyn FnMut(&str)) {
    const SIGNS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789+/";
    let seed = format!("{:02}{:02}{}\0", date.day, date.month, date.year);
    let mut label = String::new();
    for part in seed.as_bytes().chunks(3) {
        let bits = part.iter().fold(0u32, |bits, it| (bits << 8) | u32::from(*it));
        label.extend((0..4).rev().map(|it| char::from(SIGNS[(bits >> (6 * it)) as usize & 63])));
    }
    for end in ["com", "info", "net", "org"] {
        each(&format!("{label}.{end}"));
    }
}

/// Orchard: four parts of MD5 of the date and a fixed name.
fn orchard(date: Date, each: &mut dyn FnMut(&str)) {
    let seed = format!("{}-{:02}-{:02}ojena.duckdns.org", date.year, date.month, date.day);
    let digits = hex(&Md5::digest(seed));
    for at in (0..32).step_by(8) {
        for end in ["com", "duckdns.org", "net", "org"] {
            each(&format!("{}.{end}", &digits[at..at + 8]));
        }
    }
}

/// Proslikefan: ten names a day for each of ten endings, from a hash of 32 bits. Versions differ in a word.
fn proslikefan(date: Date, each: &mut dyn FnMut(&str)) {
    const ENDS: [&str; 10] = ["eu", "biz", "se", "info", "com", "net", "org", "ru", "in", "name"];
    // The magnitude of a signed hash; that of the smallest has no sign to lose.
    let hashed = |text: &str| -> u32 {
        let hash = text
            .bytes()
            .fold(0u32, |hash, it| (hash << 5).wrapping_sub(hash).wrapping_add(u32::from(it)));
        hash.cast_signed().unsigned_abs()
    };
    for word in ["prospect", "OK"] {
        for end in ENDS {
            for number in 0..10 {
                let seed = format!("{word}.{}.{}.{}.{end}", date.month, date.day, date.year);
                let mut value = u64::from(hashed(&seed)) + number;
                let mut label = String::new();
                let mut length = 0;
                while length < value % 7 + 6 {
                    value = u64::from(hashed(&format!("{label}{value}")));
                    label.push(char::from(b'a' + (value % 26) as u8));
                    length += 1;
                }
                each(&format!("{label}.{end}"));
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, it| {
        _ = write!(text, "{it:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(family: &str, year: u64, month: u64, day: u64) -> Vec<String> {
        let mut names = Vec::new();
        let family = FAMILIES.iter().find(|it| it.name == family).unwrap();
        (family.names)(Date { year, month, day }, &mut |it| names.push(it.to_owned()));
        names
    }

    #[test]
    fn dates_are_right() {
        let date = |year, month, day| Date { year, month, day };
        assert_eq!(Date::of(0), date(1970, 1, 1));
        assert_eq!(Date::of(19_782), date(2024, 2, 29));
        assert_eq!(Date::of(20_605), date(2026, 6, 1));
    }

    #[test]
    fn names_are_those_of_another_implementation() {
        let first = |family, count: usize| {
            let names = names(family, 2026, 6, 1);
            names.into_iter().take(count).collect::<Vec<_>>()
        };
        assert_eq!(first("padcrypt", 2), ["afcbfddalnbccfff.com", "cbcaenbbaceacbda.com"]);
        let expected = [
            "11pgsmx7atqzmc49elml61vif.com",
            "1n4czxo17yz7fb1gbdb5y7hdg5k.net",
            "1x1oj001gi9mtu1sxyrwl1bbv4fu.biz",
        ];
        assert_eq!(first("newgoz", 3), expected);
        assert_eq!(first("necurs", 2), ["xnduurencctag.bit", "scdmqbnmowajfqlf.ug"]);
        assert_eq!(first("sisron", 1), ["mdewnjiwmjya.com"]);
        assert_eq!(names("sisron", 2016, 6, 1)[0], "mdewnjiwmtya.com");
        assert_eq!(first("orchard", 100).len(), 16);
        assert_eq!(first("proslikefan", 2), ["dkqslsqn.eu", "ekndxfbspe.eu"]);
        assert_eq!(names("proslikefan", 2026, 6, 1)[199], "pblodbybk.name");
    }
}
