//! Which calls keep their parameters.

use model::hash64;

/// For which event names the JSON text of a record's parts is kept. What is not named is left out of the
/// rows: parameters are the larger half of most records.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Interest {
    /// Open addressing by hash; a power of two, at most half full. Zero hashes are free places.
    places: Vec<(u64, u8)>,
    always: u8,
}

impl Interest {
    /// `requestParameters` is kept.
    pub const REQUEST: u8 = 1;
    /// `responseElements` is kept.
    pub const RESPONSE: u8 = 2;
    /// `additionalEventData` is kept.
    pub const ADDITIONAL: u8 = 4;
    /// `resources` is kept.
    pub const RESOURCES: u8 = 8;
    /// All four.
    pub const ALL: u8 = 15;

    /// Takes event names without version suffixes and the bits of what is kept; bits of one name add up.
    pub fn new<N: AsRef<str>>(names: impl IntoIterator<Item = (N, u8)>) -> Interest {
        let names: Vec<(u64, u8)> =
            names.into_iter().map(|(name, bits)| (hash(name.as_ref()), bits)).collect();
        let mut interest = Interest::default();
        if !names.is_empty() {
            interest.places = vec![(0, 0); (names.len() * 2).next_power_of_two()];
        }
        for (hash, bits) in names {
            interest.insert(hash, bits);
        }
        interest
    }

    /// Keeps everything of every call.
    pub fn all() -> Interest {
        Interest { places: Vec::new(), always: Interest::ALL }
    }

    /// The bits of an event name without version suffix.
    #[inline]
    pub fn of(&self, name: &str) -> u8 {
        let mask = self.places.len().wrapping_sub(1);
        let hash = hash(name);
        let mut at = hash as usize & mask;
        while let Some((found, bits)) = self.places.get(at) {
            if *found == hash {
                return bits | self.always;
            }
            if *found == 0 {
                break;
            }
            at = (at + 1) & mask;
        }
        self.always
    }

    fn insert(&mut self, hash: u64, bits: u8) {
        let mask = self.places.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        while let Some(place) = self.places.get_mut(at) {
            if place.0 == hash || place.0 == 0 {
                *place = (hash, place.1 | bits);
                return;
            }
            at = (at + 1) & mask;
        }
    }
}

fn hash(name: &str) -> u64 {
    hash64(name.as_bytes()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_others_are_not() {
        let names: Vec<String> = (0..300).map(|n| format!("Call{n}")).collect();
        let interest = Interest::new(
            names
                .iter()
                .map(|name| (name.as_str(), Interest::REQUEST))
                .chain([("Call7", Interest::RESOURCES)]),
        );
        for (n, name) in names.iter().enumerate() {
            let more = if n == 7 { Interest::RESOURCES } else { 0 };
            assert_eq!(interest.of(name), Interest::REQUEST | more);
        }
        assert_eq!(interest.of("Call300"), 0);
        assert_eq!(Interest::default().of("Call1"), 0);
        assert_eq!(Interest::all().of("Call1"), Interest::ALL);
    }
}
