//! What a label looks like, as integers.

/// Number of features.
pub const FEATURES: usize = 26;
/// The features of a label, in the order of `features`.
pub type Features = [i16; FEATURES];

/// Kinds of sign: the edge of a label, 26 letters, ten digits, hyphen and all else.
const SYMBOLS: usize = 38;
const EDGE: usize = 0;
const DIGIT: usize = 27;
const OTHER: usize = 37;
/// Length of the table of costs: a sign after two others.
pub const CHAIN_LEN: usize = SYMBOLS * SYMBOLS * SYMBOLS;
/// Costs of a sign are in sixteenths of a bit; below this it is likely.
const LIKELY: i32 = 64;
/// A label is at most this long (RFC 1035).
const LABEL_MAX: usize = 63;
/// Fractions are in thousandths.
const WHOLE: i32 = 1000;

/// The kind of a sign.
#[inline]
pub const fn symbol(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => (byte - b'a') as usize + 1,
        b'0'..=b'9' => (byte - b'0') as usize + DIGIT,
        _ => OTHER,
    }
}

/// Place in the table of costs of a kind of sign after two others.
#[inline]
pub const fn chain_index(before: (usize, usize), sign: usize) -> usize {
    (before.0 * SYMBOLS + before.1) * SYMBOLS + sign
}

/// Cost, in sixteenths of a bit, below which a sign is likely after those before.
pub const fn likely_cost() -> i32 {
    LIKELY
}

/// 256 times the binary logarithm, rounded down.
const fn log2(n: u32) -> i32 {
    let whole = n.ilog2();
    let mut x = (n as u64) << (31 - whole);
    let (mut bits, mut at) = (0, 0);
    while at < 8 {
        x = (x * x) >> 31;
        bits <<= 1;
        if x >= 1 << 32 {
            x >>= 1;
            bits |= 1;
        }
        at += 1;
    }
    ((whole as i32) << 8) | bits
}

/// `n log2 n` for counts in a label, times 256.
const N_LOG_N: [i32; LABEL_MAX + 1] = {
    let mut table = [0; LABEL_MAX + 1];
    let mut n = 1;
    while n <= LABEL_MAX {
        table[n] = n as i32 * log2(n as u32);
        n += 1;
    }
    table
};

const fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u')
}

/// The longest run of signs for which something holds.
fn longest(label: &[u8], holds: impl Fn(u8) -> bool) -> i32 {
    let (mut best, mut run) = (0, 0);
    for &byte in label {
        run = if holds(byte) { run + 1 } else { 0 };
        best = best.max(run);
    }
    best
}

/// What the table of costs says of a label.
#[derive(Default)]
struct Costs {
    sum: i32,
    squares: i32,
    count: i32,
    /// The three highest, descending.
    highest: [i32; 3],
    lowest: i32,
    likely: i32,
    likely_run: i32,
    unlikely_run: i32,
}

fn costs(label: &[u8], chain: &[u8]) -> Costs {
    let mut costs = Costs { lowest: 255, ..Costs::default() };
    let (mut before, mut likely, mut unlikely) = ((EDGE, EDGE), 0, 0);
    for sign in label.iter().map(|it| symbol(*it)).chain([EDGE]) {
        let cost = chain.get(chain_index(before, sign)).copied().map_or(255, i32::from);
        before = (before.1, sign);
        costs.sum += cost;
        costs.squares += cost * cost;
        costs.count += 1;
        costs.lowest = costs.lowest.min(cost);
        let is_likely = cost < LIKELY;
        (likely, unlikely) = if is_likely { (likely + 1, 0) } else { (0, unlikely + 1) };
        costs.likely += i32::from(is_likely);
        costs.likely_run = costs.likely_run.max(likely);
        costs.unlikely_run = costs.unlikely_run.max(unlikely);
        let mut cost = cost;
        for high in &mut costs.highest {
            if cost > *high {
                std::mem::swap(high, &mut cost);
            }
        }
    }
    costs
}

/// The features of a label in lower case. `chain` holds what a sign costs after two others, in sixteenths of a
/// bit, [`CHAIN_LEN`] of them.
pub fn features(label: &[u8], chain: &[u8]) -> Features {
    let label = label.get(..LABEL_MAX).unwrap_or(label);
    let length = label.len().max(1) as i32;
    let mut counts = [0u8; SYMBOLS];
    for byte in label {
        counts[symbol(*byte)] += 1;
    }
    let count = |holds: fn(u8) -> bool| label.iter().filter(|it| holds(**it)).count() as i32;
    let share = |n: i32| n * WHOLE / length;
    let distinct = counts.iter().filter(|it| **it > 0).count() as i32;
    let repeated = counts.iter().filter(|it| **it > 1).count() as i32;
    let full = N_LOG_N[label.len()];
    let apart: i32 = counts.iter().map(|it| N_LOG_N[usize::from(*it).min(LABEL_MAX)]).sum();
    let entropy = (full - apart) / length;
    let of_most = if length > 1 { entropy * WHOLE / (full / length).max(1) } else { 0 };
    let pairs = |holds: fn(u8, u8) -> bool| {
        label.windows(2).filter(|it| holds(it[0], it[1])).count() as i32
    };
    let costs = costs(label, chain);
    let mean = costs.sum / costs.count;
    let spread = (costs.squares / costs.count - mean * mean).max(0).isqrt();
    let values = [
        length,
        entropy,
        of_most,
        share(count(|it| it.is_ascii_digit())),
        share(count(is_vowel)),
        share(count(|it| it.is_ascii_digit() || matches!(it, b'a'..=b'f'))),
        longest(label, |it| it.is_ascii_lowercase() && !is_vowel(it)),
        longest(label, is_vowel),
        longest(label, |it| it.is_ascii_digit()),
        pairs(|a, b| a.is_ascii_digit() != b.is_ascii_digit()),
        share(distinct),
        count(|it| it == b'-'),
        share(pairs(|a, b| a == b)),
        repeated * WHOLE / distinct.max(1),
        share(count(|it| matches!(it, b'j' | b'q' | b'x' | b'z' | b'k' | b'v' | b'w'))),
        pairs(|a, b| is_vowel(a) != is_vowel(b)) * WHOLE / length,
        mean,
        costs.sum,
        costs.highest[0],
        (costs.highest[0] + costs.highest[1] + costs.highest[2]) / 3,
        costs.lowest,
        spread,
        costs.likely * WHOLE / costs.count,
        costs.likely_run,
        costs.unlikely_run,
        costs.likely_run * WHOLE / costs.count,
    ];
    values.map(|it| it.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right() {
        assert_eq!((log2(1), log2(2), log2(1024), log2(3)), (0, 256, 2560, 405));
    }

    #[test]
    fn shares_and_runs_are_counted() {
        let chain = vec![16; CHAIN_LEN];
        let found = features(b"aab-c12", &chain);
        assert_eq!(found[0], 7);
        assert_eq!(found[3], 285, "digits");
        assert_eq!((found[7], found[8], found[11]), (2, 2, 1));
        assert_eq!((found[16], found[17], found[22]), (16, 128, 1000));
    }

    #[test]
    fn any_bytes_have_features() {
        for label in [&b""[..], &[255; 300], "\u{e4}\u{f6}".as_bytes()] {
            assert_eq!(features(label, &[]).len(), FEATURES);
        }
    }
}
