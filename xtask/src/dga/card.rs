//! The card of the model: what it was trained on, how it was split, what it does.

use std::fmt::Write;
use std::time::Instant;

use dga::Model;

use super::folds::{Figures, HOST_NAMES, Report};
use super::model::Ordinary;
use super::styles::{Kind, STYLES};

#[derive(Default)]
pub(crate) struct Card {
    sources: String,
    split: String,
    reports: String,
    model: String,
}

impl Card {
    pub(crate) fn source(&mut self, name: &str, labels: usize, text: &str) {
        let hash = hash(text.as_bytes());
        _ = writeln!(
            self.sources,
            "| {name} | {labels} | {} bytes, FNV-1a {hash:016x} |",
            text.len()
        );
    }

    pub(crate) fn split(&mut self, ordinary: &Ordinary, compounds: usize, words: usize) {
        let Ordinary { chain, train, tables, test } = ordinary;
        _ = writeln!(
            self.split,
            "Distinct labels, dealt out by seed {}: {} for the costs of signs, {} for regression and trees, {} for \
             the tables of rarity and sums, {} for figures alone.\n{compounds} more for regression and trees are \
             put together from {words} words of package descriptions.",
            super::SEED,
            chain.len(),
            train.len(),
            tables.len(),
            test.len()
        );
    }

    pub(crate) fn report(&mut self, title: &str, report: &Report) {
        let out = &mut self.reports;
        _ = writeln!(out, "### {title}\n");
        _ = writeln!(
            out,
            "| families | n | AUC | TPR@1e-2 | @1e-3 | hosts: 3 names | 5 | 10 | 20 |"
        );
        _ = writeln!(out, "|---|---|---|---|---|---|---|---|---|");
        for kind in [Kind::Random, Kind::Words] {
            let count = report.families.iter().filter(|it| it.1 == kind).count();
            let it = report.mean(kind);
            _ = writeln!(out, "| {} | {count} | {} |", what(kind), cells(&it));
        }
        _ = writeln!(
            out,
            "\nOrdinary hosts above the sum, by number of names ({HOST_NAMES:?}): {}\n",
            report.false_hosts.map(|it| format!("{it:.1e}")).join(", ")
        );
        targets(out, report);
        _ = writeln!(
            out,
            "| part alone | random-looking: AUC, TPR@1e-2 | words: AUC, TPR@1e-2 |\n|---|---|---|"
        );
        let (random, words) = (report.mean(Kind::Random), report.mean(Kind::Words));
        for (at, name) in
            ["regression", "trees", "costs of signs", "entropy and length"].iter().enumerate()
        {
            let cell =
                |it: &Figures| format!("{:.3}, {:.3}", it.baselines[at].0, it.baselines[at].1);
            _ = writeln!(out, "| {name} | {} | {} |", cell(&random), cell(&words));
        }
        _ = writeln!(
            out,
            "\n| family | kind | AUC | TPR@1e-2 | @1e-3 | hosts: 3 names | 5 | 10 | 20 |"
        );
        _ = writeln!(out, "|---|---|---|---|---|---|---|---|---|");
        for (name, kind, it) in &report.families {
            _ = writeln!(out, "| {name} | {} | {} |", what(*kind), cells(it));
        }
        _ = writeln!(out);
    }

    pub(crate) fn model(&mut self, model: &Model, bytes: usize, labels: &[String]) {
        let leaves: usize = model.trees.iter().map(|it| it.leaves.len()).sum();
        _ = writeln!(
            self.model,
            "{bytes} bytes: {} weights of a byte, {} costs of signs, {} trees with {leaves} leaves, {} rarities, {} sums.",
            model.weights.len(),
            model.chain.len(),
            model.trees.len(),
            model.rarities.len(),
            model.sums.len()
        );
        let start = Instant::now();
        let mut sum = 0i64;
        let rounds = 20;
        for _ in 0..rounds {
            sum += labels.iter().map(|it| i64::from(model.score(it.as_bytes()))).sum::<i64>();
        }
        let per_second = (rounds * labels.len()) as f64 / start.elapsed().as_secs_f64();
        eprintln!("{per_second:.0} names per second on one core (checksum {sum})");
    }

    pub(crate) fn text(&self) -> String {
        let families: Vec<&str> = STYLES.iter().map(|it| it.name).collect();
        format!(
            "# Model card: names made by algorithms\n\n\
             Written by `cargo xtask dga`; do not edit.\n\n\
             ## What it does\n\n\
             It says how much a registered label looks made by an algorithm: the mean of a logistic regression \
             over hashed groups of one to four characters and of small boosted trees over {} features. \
             One name decides nothing: the detector adds up how rare the scores of several names that do not \
             exist are.\nAll arithmetic is in integers.\n\n\
             ## How to write it again\n\n\
             ```sh\n\
             cargo run --release -p xtask -- dga --packages Packages --names opendns-top-domains.txt \
             --names opendns-random-domains.txt --made dga.tsv.gz --plain ranks-60001-100000.txt --write\n\
             ```\n\n\
             `Packages` is that of Debian bookworm, main, amd64, as `apt-get update` keeps it; the lists of OpenDNS \
             (opendns/public-domain-lists) are in the public domain by their own statement. Equal files give equal \
             bytes. All random choices follow from the seed 2026. Three numbers of names put together (4,000, none, \
             1,000) and the addition of three families were tried and compared by the figures below.\n\n\
             ## Data\n\n\
             | ordinary names | labels | file |\n|---|---|---|\n{}\n\
             {}\n\
             Made names come from {} generators of the project's own, written from published descriptions of \
             families ({}): 500 distinct labels each.\n\
             Lists under other terms serve for figures alone: names of 50 algorithms \
             (baderj/domain_generation_algorithms, GPL-2.0), and the ranks 60,001 to 100,000 of a list of popular \
             names of 2016 (zer0h/top-1000000-domains, no license stated).\n\n\
             ## Asset\n\n{}\n\
             ## Figures\n\n\
             Each family is judged by a model that was trained without it and without a fifth of all families. \
             Means count each family once. Hosts ask for so many distinct names of one family; the sum is that \
             which one of 10,000 hosts with so many ordinary names reaches. Ordinary names are drawn \
             independently, which names that really do not exist are not.\n\n{}",
            dga::FEATURES,
            self.sources,
            self.split,
            families.len(),
            families.join(", "),
            self.model,
            self.reports
        )
    }
}

/// What is aimed at, for random-looking families and for words, beside what was reached.
fn targets(out: &mut String, report: &Report) {
    type Get = fn(&Figures) -> f64;
    let aims: [(&str, [f64; 2], Get); 4] = [
        ("AUC", [0.945, 0.89], |it| it.area),
        ("TPR@1e-2", [0.72, 0.33], |it| it.rate[0]),
        ("hosts with 5 names", [0.85, 0.50], |it| it.hosts[1]),
        ("hosts with 10 names", [0.93, 0.70], |it| it.hosts[2]),
    ];
    let reached = [Kind::Random, Kind::Words].map(|it| report.mean(it));
    _ = writeln!(out, "| target | random-looking | words |\n|---|---|---|");
    for (name, least, get) in aims {
        let cells: Vec<String> = least
            .iter()
            .zip(&reached)
            .map(|(least, it)| {
                let (figure, away) = (get(it), get(it) - least);
                let outcome = if away >= 0.0 { "met" } else { "**missed**" };
                format!("{least}: {figure:.3}, {outcome} ({away:+.3})")
            })
            .collect();
        _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
    }
    _ = writeln!(out);
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Random => "random-looking",
        Kind::Words => "words",
    }
}

fn cells(it: &Figures) -> String {
    let [a, b, _] = it.rate;
    let [h3, h5, h10, h20] = it.hosts;
    format!("{:.3} | {a:.3} | {b:.3} | {h3:.3} | {h5:.3} | {h10:.3} | {h20:.3}", it.area)
}

fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, it| {
        (hash ^ u64::from(*it)).wrapping_mul(0x0100_0000_01b3)
    })
}
