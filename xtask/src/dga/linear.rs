//! Logistic regression over hashed groups of characters: averaged stochastic gradient descent.

use dga::{BUCKETS, grams};

use super::rng::Rng;

const EPOCHS: usize = 12;
const RATE: f64 = 0.6;
const SHRINK: f64 = 2e-6;

/// A label with what it is and how much it counts.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) label: String,
    pub(crate) is_made: bool,
    pub(crate) weight: f64,
}

/// Weights and base, not yet in integers.
pub(crate) struct Linear {
    pub(crate) weights: Vec<f64>,
    pub(crate) base: f64,
}

pub(crate) fn train(samples: &[Sample], seed: u64) -> Linear {
    let groups: Vec<Vec<u32>> = samples
        .iter()
        .map(|it| {
            let mut groups = Vec::new();
            grams(it.label.as_bytes(), |bucket| groups.push(bucket as u32));
            groups
        })
        .collect();
    let mut weights = vec![0.0; BUCKETS];
    let mut sums = vec![0.0; BUCKETS];
    let (mut base, mut base_sum) = (0.0, 0.0);
    let mut order: Vec<usize> = (0..samples.len()).collect();
    let mut rng = Rng::new(seed);
    let steps = (EPOCHS * samples.len()) as f64;
    let mut step = 0.0;
    for _ in 0..EPOCHS {
        rng.shuffle(&mut order);
        for &at in &order {
            let (sample, groups) = (&samples[at], &groups[at]);
            let norm = 1.0 / (groups.len() as f64).sqrt();
            let score: f64 =
                groups.iter().map(|it| weights[*it as usize]).sum::<f64>() * norm + base;
            let error = 1.0 / (1.0 + (-score).exp()) - f64::from(u8::from(sample.is_made));
            let rate = RATE * sample.weight / (1.0 + 4.0 * step / steps);
            let change = rate * error * norm;
            // The average over all steps is the last value less what each change would have missed.
            let left = step / steps;
            for group in groups {
                let group = *group as usize;
                let delta = change + rate * SHRINK * weights[group];
                weights[group] -= delta;
                sums[group] -= delta * left;
            }
            base -= 0.1 * rate * error;
            base_sum -= 0.1 * rate * error * left;
            step += 1.0;
        }
    }
    let weights = weights.iter().zip(&sums).map(|(weight, sum)| weight - sum).collect();
    Linear { weights, base: base - base_sum }
}

impl Linear {
    /// The weights in a byte each, their scale in 1/65,536 and the base in 1/256.
    pub(crate) fn quantized(&self) -> (Vec<i8>, i32, i32) {
        // The few largest weights are cut, so that the many small ones keep their order.
        let mut sizes: Vec<f64> =
            self.weights.iter().map(|it| it.abs()).filter(|it| *it > 0.0).collect();
        sizes.sort_by(f64::total_cmp);
        let top = sizes.get(sizes.len() * 999 / 1000).copied().unwrap_or(1.0);
        let scale = (top / 127.0 * 65_536.0).round().max(1.0);
        let byte = |it: &f64| (it * 65_536.0 / scale).round().clamp(-127.0, 127.0) as i8;
        (self.weights.iter().map(byte).collect(), scale as i32, (self.base * 256.0).round() as i32)
    }
}
