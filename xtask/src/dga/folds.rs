//! Figures for families that the model did not see: five models, each without a fifth of the families.

use std::collections::BTreeMap;

use dga::{Model, features};

use super::measure::{area, hosts, hosts_of, mean, quiet_sums, rate_at};
use super::model::{self, Ordinary, made, rarities};
use super::rng::Rng;
use super::styles::{Kind, STYLES, Words};

pub(crate) const FOLDS: usize = 5;
/// Distinct names that do not exist, per host.
pub(crate) const HOST_NAMES: [usize; 4] = [3, 5, 10, 20];
/// Names of a family that figures are taken from.
const TEST_NAMES: usize = 400;
const QUIET_HOSTS: usize = 200_000;

/// Families of a public list that sound like words; the others look random.
const SOUNDING: [&str; 14] = [
    "banjori",
    "charbot",
    "darkcracks",
    "fosniw",
    "gozi",
    "ngioweb",
    "nymaim2",
    "pitou",
    "pushdo",
    "pykspa",
    "simda",
    "suppobox",
    "symmi",
    "vawtrak",
];

/// Names of a family to be judged.
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) labels: Vec<String>,
}

/// Figures of one family or means over several.
#[derive(Clone, Default, Debug)]
pub(crate) struct Figures {
    pub(crate) area: f64,
    pub(crate) rate: [f64; 3],
    /// By number of names, thresholds as shipped.
    pub(crate) hosts: [f64; 4],
    /// Area and rate at 1e-2 of the parts alone: regression, trees, costs of signs, entropy and length.
    pub(crate) baselines: [(f64, f64); 4],
}

/// What was measured.
pub(crate) struct Report {
    /// By family, in order.
    pub(crate) families: Vec<(String, Kind, Figures)>,
    /// By number of names: the share of ordinary hosts above the shipped threshold.
    pub(crate) false_hosts: [f64; 4],
}

impl Report {
    /// Means over the families of a kind, each counted once.
    pub(crate) fn mean(&self, kind: Kind) -> Figures {
        let of: Vec<&Figures> =
            self.families.iter().filter(|it| it.1 == kind).map(|it| &it.2).collect();
        let avg =
            |get: &dyn Fn(&Figures) -> f64| mean(&of.iter().map(|it| get(it)).collect::<Vec<_>>());
        Figures {
            area: avg(&|it| it.area),
            rate: std::array::from_fn(|at| avg(&|it| it.rate[at])),
            hosts: std::array::from_fn(|at| avg(&|it| it.hosts[at])),
            baselines: std::array::from_fn(|at| {
                (avg(&|it| it.baselines[at].0), avg(&|it| it.baselines[at].1))
            }),
        }
    }
}

/// The fold of a family; versions of one family share it.
fn fold(name: &str) -> usize {
    let base = match name.trim_end_matches(|it: char| it.is_ascii_digit()) {
        // Names of the lists for what is the same here under another name.
        "hexhash" => "orchard",
        "monerohash" => "monerodownloader",
        base => base,
    };
    Rng::named(5, base).below(FOLDS)
}

/// The families that the model is trained on, made anew with another seed.
pub(crate) fn own(words: &Words, seed: u64) -> Vec<Family> {
    let family = |style: &super::styles::Style| Family {
        name: style.name.to_owned(),
        kind: style.kind,
        labels: made(style, TEST_NAMES, words, seed ^ 0x5eed),
    };
    STYLES.iter().map(family).collect()
}

/// The families of a list: family and name, separated by a tab.
pub(crate) fn listed(text: &str) -> Vec<Family> {
    let mut families: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (family, name) in text.lines().skip(1).filter_map(|it| it.split_once('\t')) {
        families.entry(family).or_default().extend(super::names::label(name));
    }
    families
        .into_iter()
        .map(|(name, mut labels)| {
            labels.sort_unstable();
            labels.dedup();
            Rng::named(3, name).shuffle(&mut labels);
            labels.truncate(TEST_NAMES);
            let kind = if SOUNDING.contains(&name) { Kind::Words } else { Kind::Random };
            Family { name: name.to_owned(), kind, labels }
        })
        .filter(|it| it.labels.len() >= HOST_NAMES[1])
        .collect()
}

/// Models, each trained without the families of its fold.
pub(crate) fn models(
    ordinary: &Ordinary,
    compounds: &[String],
    words: &Words,
    seed: u64,
) -> Vec<Model> {
    (0..FOLDS)
        .map(|at| model::train(ordinary, compounds, words, seed, |name| fold(name) != at))
        .collect()
}

/// Measures families, each by the model that did not see it, against ordinary labels. With `refit`, sums are
/// taken from these labels instead of those that the model has.
pub(crate) fn measure(
    models: &[Model],
    families: &[Family],
    plain: &[String],
    refit: bool,
) -> Report {
    let mut rng = Rng::new(11);
    let judged: Vec<Judged> =
        models.iter().map(|it| Judged::new(it, plain, refit, &mut rng)).collect();
    let mut report = Report { families: Vec::new(), false_hosts: [0.0; 4] };
    for family in families {
        let at = fold(&family.name);
        let figures = judged[at].figures(&models[at], family, &mut rng);
        report.families.push((family.name.clone(), family.kind, figures));
    }
    for (at, names) in HOST_NAMES.iter().enumerate() {
        let rates: Vec<f64> = judged
            .iter()
            .map(|it| hosts_of(&it.rarities, *names, it.sums[*names], QUIET_HOSTS, &mut rng))
            .collect();
        report.false_hosts[at] = mean(&rates);
    }
    report
}

/// Ordinary labels as a model sees them.
struct Judged {
    scores: [Vec<f64>; 5],
    rarities: Vec<u8>,
    sums: Vec<u32>,
}

impl Judged {
    fn new(model: &Model, plain: &[String], refit: bool, rng: &mut Rng) -> Judged {
        let rarities = rarities(model, plain);
        let sums = if refit {
            quiet_sums(&rarities, HOST_NAMES[3], rng).iter().map(|it| it + 1).collect()
        } else {
            let shipped = |names| model.sum_threshold(names).unwrap_or(u32::MAX);
            (0..=HOST_NAMES[3]).map(shipped).collect()
        };
        Judged { scores: scores(model, plain), rarities, sums }
    }

    fn figures(&self, model: &Model, family: &Family, rng: &mut Rng) -> Figures {
        let made = scores(model, &family.labels);
        let rarities = rarities(model, &family.labels);
        let rate = |at: usize, share| rate_at(&made[at], &self.scores[at], share);
        Figures {
            area: area(&made[0], &self.scores[0]),
            rate: [1e-2, 1e-3, 1e-4].map(|it| rate(0, it)),
            // A family with fewer names than asked for is judged with those that it has.
            hosts: HOST_NAMES.map(|names| {
                let names = names.min(rarities.len());
                hosts(&rarities, names, self.sums[names], rng)
            }),
            baselines: std::array::from_fn(|at| {
                (area(&made[at + 1], &self.scores[at + 1]), rate(at + 1, 1e-2))
            }),
        }
    }
}

/// Scores of the model, of its parts, and of entropy and length.
fn scores(model: &Model, labels: &[String]) -> [Vec<f64>; 5] {
    let by = |score: &dyn Fn(&[u8]) -> f64| labels.iter().map(|it| score(it.as_bytes())).collect();
    let entropy = |it: &[u8]| {
        let found = features(it, &model.chain);
        f64::from(found[1]) / 256.0 + f64::from(found[0]) / 10.0
    };
    [
        by(&|it| f64::from(model.score(it))),
        by(&|it| f64::from(model.regression(it))),
        by(&|it| f64::from(model.forest(it))),
        by(&|it| f64::from(features(it, &model.chain)[16])),
        by(&entropy),
    ]
}
