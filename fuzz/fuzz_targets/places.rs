//! Databases of places in MaxMind's format, and look-ups in them.
#![no_main]

use intel::Places;
use libfuzzer_sys::fuzz_target;
use model::Addr;

fuzz_target!(|bytes: &[u8]| {
    let Ok(places) = Places::from_mmdb(bytes.to_vec()) else { return };
    let ends = bytes.iter().take(16).fold(0, |sum, b| sum << 8 | u128::from(*b));
    for bits in [0, 1, ends, !ends, u128::MAX] {
        places.get(Addr::from_bits(bits));
        places.get(Addr::from_v4(bits as u32));
    }
});
