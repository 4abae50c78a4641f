//! A small seeded generator (splitmix64) and the distributions that the logs need.

/// A stream of random numbers.
#[derive(Debug)]
pub(crate) struct Rng(u64);

/// Odd constant of splitmix64: 2^64 divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Finalizer of splitmix64: a bijection that mixes all bits.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Hash of two numbers under a seed.
pub(crate) fn mix_pair(seed: u64, a: u64, b: u64) -> u64 {
    mix(seed ^ mix(a.wrapping_mul(STEP) ^ b))
}

impl Rng {
    /// The stream `index` of a kind of streams.
    pub(crate) fn new(seed: u64, kind: u64, index: u64) -> Self {
        Rng(mix_pair(seed, kind, mix(index)))
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Uniform in [0, n).
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Zipf-like rank in [0, n): inverse distribution of the continuous power law with exponent `s`.
    pub(crate) fn zipf(&mut self, n: u64, s: f64) -> u64 {
        let (u, top) = (self.unit(), n as f64 + 1.0);
        let rank = if (s - 1.0).abs() < 1e-9 {
            top.powf(u)
        } else {
            ((top.powf(1.0 - s) - 1.0) * u + 1.0).powf(1.0 / (1.0 - s))
        };
        (rank as u64).clamp(1, n) - 1
    }

    /// One of the items, each as likely as the others.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    /// Index drawn with the weights whose running sums these are.
    pub(crate) fn weighted(&mut self, sums: &[f64]) -> usize {
        let last = sums.len() - 1;
        let x = self.unit() * sums[last];
        sums.partition_point(|&sum| sum <= x).min(last)
    }

    /// Log-normal through a sum of uniforms, which is good enough for sizes.
    pub(crate) fn lognormal(&mut self, mu: f64, sigma: f64) -> f64 {
        let sum = (0..6).map(|_| self.unit()).sum::<f64>() - 3.0;
        (mu + sigma * sum * 1.414).exp()
    }
}

/// One of the items, by a hash.
pub(crate) fn choose<T: Copy>(items: &[T], hash: u64) -> T {
    items[(hash % items.len() as u64) as usize]
}

/// Running sums of weights, for [`Rng::weighted`].
pub(crate) fn running_sums(weights: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let add = |weight: f64| {
        sum += weight;
        sum
    };
    weights.into_iter().map(add).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |kind, index| Rng::new(1, kind, index).next();
        assert_eq!(draw(1, 1), draw(1, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
        assert_ne!(draw(1, 1), draw(2, 1));
    }

    #[test]
    fn low_ranks_are_frequent_and_all_are_in_range() {
        let mut rng = Rng::new(1, 0, 0);
        let ranks: Vec<u64> = (0..10_000).map(|_| rng.zipf(100, 1.0)).collect();
        let count = |rank| ranks.iter().filter(|&&it| it == rank).count();
        assert!(ranks.iter().all(|&rank| rank < 100));
        assert!(count(0) > 5 * count(20) && count(20) > 0, "{} {}", count(0), count(20));
    }

    #[test]
    fn weights_decide() {
        let sums = running_sums([0.0, 3.0, 1.0]);
        assert_eq!(sums, [0.0, 3.0, 4.0]);
        let mut rng = Rng::new(1, 0, 0);
        let drawn: Vec<usize> = (0..4_000).map(|_| rng.weighted(&sums)).collect();
        let count = |index| drawn.iter().filter(|&&it| it == index).count();
        assert_eq!(count(0), 0);
        assert!((2_800..3_200).contains(&count(1)), "{}", count(1));
    }
}
