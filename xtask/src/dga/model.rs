//! Training of one model: which names go where, and how its tables are made.

use std::collections::BTreeSet;

use dga::{CHAIN_LEN, Model, chain_index, features, symbol};

use super::linear::{self, Sample};
use super::measure::{quantile, quiet_sums, sorted};
use super::rng::Rng;
use super::styles::{STYLES, Style, Words};
use super::trees;

/// Names that are made of each family.
const PER_FAMILY: usize = 500;
/// Highest rarity, in hundredths: one of 316 names.
const RARITY_MAX: usize = 250;
/// Most names of a host that sums are known for.
const SUM_MAX: usize = 64;
const SUM_MIN: usize = 3;

/// Ordinary labels by what they are for.
pub(crate) struct Ordinary {
    /// For the costs of signs.
    pub(crate) chain: Vec<String>,
    /// For the regression and the trees.
    pub(crate) train: Vec<String>,
    /// For the tables of rarity and sums.
    pub(crate) tables: Vec<String>,
    /// For figures alone.
    pub(crate) test: Vec<String>,
}

impl Ordinary {
    /// Deals labels out, 25 : 45 : 15 : 15.
    pub(crate) fn deal(mut labels: Vec<String>, seed: u64) -> Ordinary {
        labels.sort_unstable();
        labels.dedup();
        Rng::new(seed).shuffle(&mut labels);
        let cut = |share: usize| labels.len() * share / 100;
        let part = |from: usize, to: usize| labels[cut(from)..cut(to)].to_vec();
        Ordinary {
            chain: part(0, 25),
            train: part(25, 70),
            tables: part(70, 85),
            test: part(85, 100),
        }
    }
}

/// Distinct labels of a family.
pub(crate) fn made(style: &Style, count: usize, words: &Words, seed: u64) -> Vec<String> {
    let mut rng = Rng::named(seed, style.name);
    let mut found = BTreeSet::new();
    for _ in 0..count * 20 {
        if found.len() >= count {
            break;
        }
        found.insert(style.label(&mut rng, words));
    }
    let mut found: Vec<String> = found.into_iter().collect();
    rng.shuffle(&mut found);
    found
}

/// Trains a model on the families that `holds` takes.
pub(crate) fn train(
    ordinary: &Ordinary,
    compounds: &[String],
    words: &Words,
    seed: u64,
    holds: impl Fn(&str) -> bool,
) -> Model {
    let chain = chain(&ordinary.chain);
    let mut samples: Vec<Sample> = Vec::new();
    let mut total = 0.0;
    for style in STYLES.iter().filter(|it| holds(it.name)) {
        let labels = made(style, PER_FAMILY, words, seed);
        // A family counts by the root of its names: small ones are not lost.
        let weight = (labels.len() as f64).sqrt() / labels.len() as f64;
        total += weight * labels.len() as f64;
        samples.extend(labels.into_iter().map(|label| Sample { label, is_made: true, weight }));
    }
    let plain: Vec<&String> = ordinary.train.iter().chain(compounds).collect();
    let each = samples.len() as f64 / (2.0 * total);
    for sample in &mut samples {
        sample.weight *= each;
    }
    let weight = samples.len() as f64 / (2.0 * plain.len() as f64);
    samples.extend(plain.iter().map(|it| Sample { label: (*it).clone(), is_made: false, weight }));
    let (weights, weight_scale, weight_base) = linear::train(&samples, seed).quantized();
    let rows: Vec<trees::Row> = samples
        .iter()
        .map(|it| (features(it.label.as_bytes(), &chain), it.is_made, it.weight))
        .collect();
    let (trees, tree_base) = trees::train(&rows);
    let mut model =
        Model { weights, weight_scale, weight_base, chain, tree_base, trees, ..Model::default() };
    tables(&mut model, &ordinary.tables, seed);
    model
}

/// Fills the tables of rarity and sums.
fn tables(model: &mut Model, labels: &[String], seed: u64) {
    let scores: Vec<f64> =
        sorted(&labels.iter().map(|it| f64::from(model.score(it.as_bytes()))).collect::<Vec<_>>());
    model.rarities = (0..=RARITY_MAX)
        .map(|it| match it {
            0 => i16::MIN,
            _ => quantile(&scores, 1.0 - 10f64.powf(-(it as f64) / 100.0)) as i16 + 1,
        })
        .collect();
    let rarities = rarities(model, labels);
    let mut rng = Rng::new(seed ^ 0x4d);
    let sums = quiet_sums(&rarities, SUM_MAX, &mut rng);
    model.sums = (0..)
        .zip(sums)
        .map(|(names, it)| if names < SUM_MIN { 0 } else { it as u16 + 1 })
        .collect();
}

pub(crate) fn rarities(model: &Model, labels: &[String]) -> Vec<u8> {
    labels.iter().map(|it| model.rarity(model.score(it.as_bytes()))).collect()
}

/// Costs of a sign after two others: interpolated estimates (Witten and Bell 1991) down to no context.
fn chain(labels: &[String]) -> Vec<u8> {
    const SIGNS: usize = 38;
    let mut three = vec![0.0f64; CHAIN_LEN];
    let mut two = vec![0.0f64; SIGNS * SIGNS];
    let mut one = vec![1.0f64; SIGNS];
    for label in labels {
        let (mut a, mut b) = (0, 0);
        for sign in label.bytes().map(symbol).chain([0]) {
            three[chain_index((a, b), sign)] += 1.0;
            two[b * SIGNS + sign] += 1.0;
            one[sign] += 1.0;
            (a, b) = (b, sign);
        }
    }
    let all: f64 = one.iter().sum();
    let lower: Vec<f64> = one.iter().map(|it| it / all).collect();
    let mix = |counts: &[f64], lower: &[f64]| -> Vec<f64> {
        let total: f64 = counts.iter().sum();
        let kinds = counts.iter().filter(|it| **it > 0.0).count() as f64;
        let share = if total > 0.0 { kinds / (total + kinds) } else { 1.0 };
        let own = |it: &f64| if total > 0.0 { it / total } else { 0.0 };
        counts.iter().zip(lower).map(|(it, low)| (1.0 - share) * own(it) + share * low).collect()
    };
    let pairs: Vec<Vec<f64>> = two.chunks(SIGNS).map(|it| mix(it, &lower)).collect();
    let mut costs = Vec::with_capacity(CHAIN_LEN);
    for (context, counts) in three.chunks(SIGNS).enumerate() {
        let found = mix(counts, &pairs[context % SIGNS]);
        costs.extend(found.iter().map(|it| (-it.log2() * 16.0).round().clamp(0.0, 255.0) as u8));
    }
    costs
}
