//! Whether a name is one that a known family asks for around a day.

use std::sync::OnceLock;

use crate::families::{Date, FAMILIES, Family};

/// Days before and after that a host's clock may be off.
const AROUND: i64 = 2;
/// First day that is known, 2013-01-01, and how many: memory for them is bounded.
const FIRST: i64 = 15_706;
const DAYS: usize = 10_000;

/// A name that a family makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// The family.
    pub family: &'static str,
    /// The day, since 1970, that it makes the name on.
    pub day: i64,
}

/// By day: short hashes of its names, in order. Made when they are first asked for.
static NAMES: [OnceLock<Box<[u32]>>; DAYS] = [const { OnceLock::new() }; DAYS];

/// The family that asks for a name within two days of a day since 1970. The name is in lower case.
pub fn known(day: i64, name: &str) -> Option<Known> {
    let hash = hash(name);
    (day - AROUND..=day + AROUND).find_map(|day| {
        let is_likely = holds(hashes(day)?, hash);
        // A short hash is no proof.
        let family = is_likely.then(|| FAMILIES.iter().find(|it| makes(it, day, name))).flatten();
        family.map(|it| Known { family: it.name, day })
    })
}

fn hashes(day: i64) -> Option<&'static [u32]> {
    let slot = NAMES.get(usize::try_from(day - FIRST).ok()?)?;
    let hashes = slot.get_or_init(|| {
        let mut hashes = Vec::new();
        for family in &FAMILIES {
            (family.names)(Date::of(day), &mut |it| hashes.push(hash(it)));
        }
        hashes.sort_unstable();
        hashes.into_boxed_slice()
    });
    Some(hashes)
}

/// Whether a hash is among ordered ones. They are spread evenly, so it lies about where its share of the
/// range says.
fn holds(hashes: &[u32], hash: u32) -> bool {
    let mut at = ((u64::from(hash) * hashes.len() as u64) >> u32::BITS) as usize;
    while at > 0 && hashes.get(at).is_some_and(|it| *it > hash) {
        at -= 1;
    }
    while hashes.get(at).is_some_and(|it| *it < hash) {
        at += 1;
    }
    hashes.get(at) == Some(&hash)
}

fn makes(family: &Family, day: i64, name: &str) -> bool {
    let mut is_made = false;
    (family.names)(Date::of(day), &mut |it| is_made |= it == name);
    is_made
}

/// FNV-1a of 32 bits.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, it| (hash ^ u32::from(it)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_within_two_days() {
        let first_of_june = 20_605;
        let name = "xnduurencctag.bit";
        // Necurs keeps its names for four days: from the first to the third.
        for day in [-2, 0, 4] {
            assert_eq!(
                known(first_of_june + day, name).map(|it| it.family),
                Some("necurs"),
                "{day}"
            );
        }
        assert_eq!(known(first_of_june + 5, name), None);
        assert_eq!(known(first_of_june, "mdewnjiwmjya.net").unwrap().family, "sisron");
        assert_eq!(known(first_of_june, "example.com"), None);
    }

    #[test]
    fn every_hash_of_a_day_is_found_and_no_other() {
        let hashes = hashes(20_605).unwrap();
        assert!(hashes.len() > 1000);
        for hash in hashes {
            assert!(holds(hashes, *hash));
            for other in [hash.wrapping_add(1), hash.wrapping_sub(1)] {
                assert_eq!(holds(hashes, other), hashes.binary_search(&other).is_ok());
            }
        }
        assert!(!holds(&[], 7) && !holds(&[5], u32::MAX) && holds(&[u32::MAX], u32::MAX));
    }

    #[test]
    fn days_that_are_not_known_have_no_names() {
        for day in [i64::MIN / 2, -1, 0, FIRST + DAYS as i64 + 9, i64::MAX / 2] {
            assert_eq!(known(day, "example.com"), None);
        }
    }
}
