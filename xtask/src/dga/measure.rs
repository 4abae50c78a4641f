//! Figures: area under the curve, rates at a rate of false positives, hosts.

use super::rng::Rng;

/// Hosts that are drawn for a rate of one in 10,000.
const QUIET_HOSTS: usize = 400_000;
const MADE_HOSTS: usize = 2000;

/// The area under the curve of scores of made and ordinary names.
pub(crate) fn area(made: &[f64], ordinary: &[f64]) -> f64 {
    let sorted = sorted(ordinary);
    let below: f64 = made
        .iter()
        .map(|score| {
            let less = sorted.partition_point(|it| it < score);
            let equal = sorted.partition_point(|it| it <= score) - less;
            less as f64 + equal as f64 / 2.0
        })
        .sum();
    below / (made.len() * ordinary.len()) as f64
}

/// The share of made names above the score that so many ordinary ones reach.
pub(crate) fn rate_at(made: &[f64], ordinary: &[f64], false_rate: f64) -> f64 {
    let threshold = quantile(&sorted(ordinary), 1.0 - false_rate);
    made.iter().filter(|it| **it > threshold).count() as f64 / made.len() as f64
}

pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

/// The value that so many of the sorted values do not exceed.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (share * sorted.len() as f64).ceil() as usize;
    sorted[at.clamp(1, sorted.len()) - 1]
}

/// The sum of `names` values drawn without replacement of equal places.
fn sum(values: &[u8], names: usize, rng: &mut Rng) -> u32 {
    let mut taken = Vec::with_capacity(names);
    while taken.len() < names.min(values.len()) {
        let at = rng.below(values.len());
        if !taken.contains(&at) {
            taken.push(at);
        }
    }
    taken.iter().map(|it| u32::from(values[*it])).sum()
}

/// By number of ordinary names, up to a largest one: the sum that one of 10,000 hosts exceeds. Names are drawn
/// with replacement.
pub(crate) fn quiet_sums(values: &[u8], names_max: usize, rng: &mut Rng) -> Vec<u32> {
    let mut hosts = vec![0u32; QUIET_HOSTS];
    let mut sums = vec![0];
    for _ in 0..names_max {
        for host in &mut hosts {
            *host += u32::from(values[rng.below(values.len())]);
        }
        let at = QUIET_HOSTS - QUIET_HOSTS / 10_000;
        sums.push(*hosts.clone().select_nth_unstable(at).1);
    }
    sums
}

/// The share of hosts with so many of the values whose sum reaches the threshold.
pub(crate) fn hosts(values: &[u8], names: usize, threshold: u32, rng: &mut Rng) -> f64 {
    hosts_of(values, names, threshold, MADE_HOSTS, rng)
}

/// The same for so many hosts.
pub(crate) fn hosts_of(
    values: &[u8],
    names: usize,
    threshold: u32,
    count: usize,
    rng: &mut Rng,
) -> f64 {
    let found = (0..count).filter(|_| sum(values, names, rng) >= threshold).count();
    found as f64 / count as f64
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_and_rates_are_right() {
        assert!((area(&[2.0, 3.0], &[1.0, 2.0]) - 0.875).abs() < 1e-9);
        let ordinary: Vec<f64> = (0..100).map(f64::from).collect();
        assert!((rate_at(&[97.0, 98.5, 200.0], &ordinary, 0.01) - 2.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn one_of_ten_thousand_hosts_exceeds_the_sum() {
        let values: Vec<u8> = (0..200).collect();
        let mut rng = Rng::new(1);
        let threshold = quiet_sums(&values, 3, &mut rng)[3];
        let rate = hosts_of(&values, 3, threshold, 400_000, &mut rng);
        assert!(rate < 3e-4, "{rate}");
    }
}
