//! Bounds of shares and rates at 95 %, exact ones.

const LEVEL: f64 = 0.05;
const STEPS: u32 = 200;

/// The lower bound of a share of which `hits` of `all` were seen, one-sided (Clopper and Pearson 1934).
pub(super) fn share_lower(hits: u64, all: u64) -> f64 {
    if hits == 0 || all == 0 {
        return 0.0;
    }
    // The share at which as many hits or more have the probability of the level.
    bisect(1.0, |share| at_least(hits, all, share) < LEVEL)
}

/// The upper bound of the mean of a count, one-sided (Garwood 1936); of nothing it is 3.0, the rule of three.
pub(super) fn count_upper(count: u64) -> f64 {
    let most = 10.0 + 3.0 * count as f64;
    bisect(most, |mean| at_most(count, mean) > LEVEL)
}

/// The largest value for which the test holds, which holds below it.
fn bisect(most: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, most);
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if holds(middle) { low = middle } else { high = middle }
    }
    low
}

fn at_least(hits: u64, all: u64, share: f64) -> f64 {
    let mut sum = 0.0;
    for count in hits..=all {
        sum +=
            (choose_ln(all, count) + times_ln(count, share) + times_ln(all - count, 1.0 - share))
                .exp();
    }
    sum
}

fn times_ln(count: u64, share: f64) -> f64 {
    if count == 0 { 0.0 } else { count as f64 * share.ln() }
}

fn choose_ln(all: u64, count: u64) -> f64 {
    (1..=count).map(|it| ((all - count + it) as f64 / it as f64).ln()).sum()
}

fn at_most(count: u64, mean: f64) -> f64 {
    let (mut term, mut sum) = ((-mean).exp(), (-mean).exp());
    for number in 1..=count {
        term *= mean / number as f64;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_tables() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 0.001, "{a} {b}");
        close(count_upper(0), 2.9957);
        close(count_upper(1), 4.7439);
        close(count_upper(10), 16.9622);
        close(share_lower(60, 60), 0.9513);
        close(share_lower(9, 10), 0.6058);
        close(share_lower(0, 10), 0.0);
    }
}
