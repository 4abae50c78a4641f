//! Gradient-boosted trees over integer features, grown leaf by leaf on histograms.

use dga::{FEATURES, Features, Node, Tree};

const TREES: usize = 160;
const LEAVES: usize = 31;
const RATE: f64 = 0.08;
const BINS: usize = 64;
const WEIGHT_MIN: f64 = 20.0;
const SMOOTH: f64 = 1.0;

/// A row: features, whether it is made, and how much it counts.
pub(crate) type Row = (Features, bool, f64);

/// Upper bounds of the bins of each feature.
fn cuts(rows: &[Row]) -> Vec<Vec<i16>> {
    (0..FEATURES)
        .map(|feature| {
            let mut values: Vec<i16> = rows.iter().map(|it| it.0[feature]).collect();
            values.sort_unstable();
            let mut cuts: Vec<i16> =
                (1..BINS).map(|it| values[it * (values.len() - 1) / BINS]).collect();
            cuts.dedup();
            cuts
        })
        .collect()
}

struct Grown {
    rows: Vec<u32>,
    best: Option<Split>,
    value: f64,
    /// The node that it hangs from, and on which side.
    parent: Option<(usize, bool)>,
}

#[derive(Clone, Copy)]
struct Split {
    gain: f64,
    feature: usize,
    bin: u8,
}

/// Trains trees; returns them and their base, in 1/256.
pub(crate) fn train(rows: &[Row]) -> (Vec<Tree>, i32) {
    let cuts = cuts(rows);
    let bins: Vec<[u8; FEATURES]> = rows
        .iter()
        .map(|row| std::array::from_fn(|it| cuts[it].partition_point(|cut| *cut < row.0[it]) as u8))
        .collect();
    let (made, all) = rows
        .iter()
        .fold((0.0, 0.0), |(made, all), it| (made + if it.1 { it.2 } else { 0.0 }, all + it.2));
    let base = (made / (all - made)).ln();
    let mut scores = vec![base; rows.len()];
    let mut trees = Vec::new();
    for _ in 0..TREES {
        let slopes: Vec<(f64, f64)> = rows
            .iter()
            .zip(&scores)
            .map(|(row, score)| {
                let p = 1.0 / (1.0 + (-score).exp());
                ((f64::from(u8::from(row.1)) - p) * row.2, (p * (1.0 - p)).max(1e-6) * row.2)
            })
            .collect();
        let (nodes, leaves) = grow(&bins, &slopes);
        let mut tree = Tree::default();
        for (split, left, right) in &nodes {
            // The last bin has no upper bound; a split is never after it.
            let threshold = cuts[split.feature][usize::from(split.bin)];
            tree.nodes.push(Node {
                feature: split.feature as u8,
                threshold,
                left: *left,
                right: *right,
            });
        }
        for leaf in &leaves {
            let value = (leaf.value * RATE * 256.0).round().clamp(-32_000.0, 32_000.0);
            tree.leaves.push(value as i16);
            leaf.rows.iter().for_each(|it| scores[*it as usize] += value / 256.0);
        }
        trees.push(tree);
    }
    (trees, (base * 256.0).round() as i32)
}

type Nodes = Vec<(Split, u8, u8)>;

fn grow(bins: &[[u8; FEATURES]], slopes: &[(f64, f64)]) -> (Nodes, Vec<Grown>) {
    let leaf = |rows: Vec<u32>, parent| {
        let (best, value) = best_split(bins, slopes, &rows);
        Grown { rows, best, value, parent }
    };
    let mut leaves = vec![leaf((0..bins.len() as u32).collect(), None)];
    let mut nodes: Nodes = Vec::new();
    while leaves.len() < LEAVES {
        let gain = |it: &Grown| it.best.map_or(0.0, |it| it.gain);
        let Some(at) =
            (0..leaves.len()).max_by(|a, b| gain(&leaves[*a]).total_cmp(&gain(&leaves[*b])))
        else {
            break;
        };
        let Some(split) = leaves[at].best else { break };
        let grown = leaves.swap_remove(at);
        let (left, right): (Vec<u32>, Vec<u32>) =
            grown.rows.iter().partition(|it| bins[**it as usize][split.feature] <= split.bin);
        let node = nodes.len();
        nodes.push((split, 0, 0));
        hang(&mut nodes, grown.parent, node as u8);
        leaves.push(leaf(left, Some((node, true))));
        leaves.push(leaf(right, Some((node, false))));
    }
    for (at, leaf) in leaves.iter().enumerate() {
        hang(&mut nodes, leaf.parent, 128 + at as u8);
    }
    (nodes, leaves)
}

fn hang(nodes: &mut Nodes, parent: Option<(usize, bool)>, child: u8) {
    match parent {
        Some((parent, true)) => nodes[parent].1 = child,
        Some((parent, false)) => nodes[parent].2 = child,
        None => {}
    }
}

fn best_split(
    bins: &[[u8; FEATURES]],
    slopes: &[(f64, f64)],
    rows: &[u32],
) -> (Option<Split>, f64) {
    let mut sums = vec![[(0.0, 0.0); BINS]; FEATURES];
    let (mut slope, mut bend) = (0.0, 0.0);
    for &row in rows {
        let (s, b) = slopes[row as usize];
        slope += s;
        bend += b;
        for (sums, bin) in sums.iter_mut().zip(bins[row as usize]) {
            let sum = &mut sums[usize::from(bin)];
            sum.0 += s;
            sum.1 += b;
        }
    }
    let worth = |slope: f64, bend: f64| slope * slope / (bend + SMOOTH);
    let mut best: Option<Split> = None;
    for (feature, sums) in sums.iter().enumerate() {
        let (mut left, mut left_bend) = (0.0, 0.0);
        for (bin, sum) in sums.iter().enumerate().take(BINS - 1) {
            left += sum.0;
            left_bend += sum.1;
            if sum.1 == 0.0
                || left_bend * 4.0 < WEIGHT_MIN / 4.0
                || (bend - left_bend) * 4.0 < WEIGHT_MIN / 4.0
            {
                continue;
            }
            let gain =
                worth(left, left_bend) + worth(slope - left, bend - left_bend) - worth(slope, bend);
            if gain > best.map_or(1e-3, |it| it.gain) {
                best = Some(Split { gain, feature, bin: bin as u8 });
            }
        }
    }
    (best, slope / (bend + SMOOTH))
}
