//! What each threshold would have given: scores of a run, by type, entity and day.
//!
//! The families that score are made to raise everything from a low score on; what they raise is taken here before
//! the store sees it. An hour that raises something is learnt a day later, so a run with a low threshold learns a
//! little later than one with a high one.

use std::collections::{BTreeMap, BTreeSet};

use detectors::Settings;
use engine::findings::Draft;
use engine::{Batch, Inventory};
use model::Timestamp;
use serde::Serialize;

use crate::filter::Filter;
use crate::pipeline::Observer;

/// The lowest threshold that is looked at.
pub const LOWEST: u32 = 500;
const HIGHEST: u32 = 5000;
/// The grid that a proposal lies on, and the settings that are shown.
const STEP: u32 = 50;
const SHOWN: [u32; 11] = [500, 600, 700, 800, 1000, 1200, 1400, 1600, 2000, 2500, 3000];
/// Entity-days that are kept; more are counted.
const MARKS_MAX: usize = 1_000_000;
/// Characters of a text that is kept as an example.
const TEXT_MAX: usize = 400;

/// Takes the scores of a run.
pub struct Scores {
    filter: Filter,
    /// Whether other findings go on to the store.
    passes_others: bool,
    marks: BTreeMap<Mark, Best>,
    lost: u64,
}

/// What an alarm is counted by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Mark {
    section: &'static str,
    day: i64,
    finding_type: &'static str,
    account: model::AccountId,
    entity: Box<str>,
}

/// The highest score of an entity's day.
#[derive(Clone, Debug)]
struct Best {
    score: u32,
    time: Timestamp,
    text: Box<str>,
}

impl Scores {
    /// For types that the filter shows.
    pub fn new(filter: Filter, passes_others: bool) -> Scores {
        Scores { filter, passes_others, marks: BTreeMap::new(), lost: 0 }
    }

    /// Makes the families that score tell all scores. Gives their thresholds as they were.
    pub fn listen(settings: &mut Settings) -> BTreeMap<&'static str, u32> {
        let mut floors = settings.floors();
        let before = floors.iter().map(|it| (it.section, *it.floor)).collect();
        for it in &mut floors {
            it.tell_from(LOWEST);
        }
        before
    }

    fn take(&mut self, draft: &Draft, section: &'static str, score: u32) {
        let mark = Mark {
            section,
            day: draft.last.day(),
            finding_type: draft.finding_type.name,
            account: draft.account,
            entity: draft.key.as_str().into(),
        };
        if self.marks.len() >= MARKS_MAX && !self.marks.contains_key(&mark) {
            self.lost += 1;
            return;
        }
        let text: String = draft.description.chars().take(TEXT_MAX).collect();
        let best = Best { score, time: draft.last, text: text.into() };
        let kept = self.marks.entry(mark).or_insert_with(|| best.clone());
        if score > kept.score {
            *kept = best;
        }
    }

    /// What each threshold of a family would have given in so many days, with the one that keeps to a budget of
    /// alarms a day.
    pub fn tuning(&self, section: &str, current: u32, days: u32, budget: f64) -> Tuning {
        let marks: Vec<(&Mark, &Best)> =
            self.marks.iter().filter(|it| it.0.section == section).collect();
        let at = |value: u32| Setting::of(value, days, &marks);
        let most = budget * f64::from(days.max(1));
        let grid = (LOWEST..=HIGHEST).step_by(STEP as usize);
        let proposed = grid
            .clone()
            .find(|it| marks.iter().filter(|mark| mark.1.score >= *it).count() as f64 <= most)
            .unwrap_or(HIGHEST);
        let values: BTreeSet<u32> = SHOWN.into_iter().chain([current, proposed]).collect();
        let mut examples: Vec<Example> = marks
            .iter()
            .filter(|it| it.1.score >= proposed)
            .map(|it| Example::of(it.0, it.1))
            .collect();
        examples
            .sort_by(|a, b| b.score_milli.cmp(&a.score_milli).then_with(|| a.time.cmp(&b.time)));
        Tuning {
            family: section.to_owned(),
            current,
            proposed,
            days,
            lost: self.lost,
            settings: values.into_iter().map(at).collect(),
            examples,
        }
    }
}

impl Observer for Scores {
    fn batch(&mut self, _: &Batch, _: &Inventory) {}

    fn drafts(&mut self, drafts: &mut Vec<Draft>) {
        drafts.retain(|draft| match detectors::scored(draft) {
            Some(it) => {
                if self.filter.shows_type(draft.finding_type.name) {
                    self.take(draft, it.section, it.score);
                }
                false
            }
            None => self.passes_others,
        });
    }
}

/// What thresholds of a family would have given.
#[derive(Serialize, Debug)]
pub struct Tuning {
    /// The section of the settings.
    pub family: String,
    /// `floor_milli` as it is.
    pub current: u32,
    /// The lowest one that keeps to the budget.
    pub proposed: u32,
    /// Days that were judged.
    pub days: u32,
    /// Alarms beyond what is kept.
    pub lost: u64,
    /// By threshold, ascending.
    pub settings: Vec<Setting>,
    /// What would have been found at the proposed threshold, highest scores first.
    pub examples: Vec<Example>,
}

/// What one threshold would have given.
#[derive(Serialize, Debug)]
pub struct Setting {
    /// `floor_milli`.
    pub floor_milli: u32,
    /// One for each type and entity.
    pub findings: u64,
    /// One for each type, entity and day.
    pub alarms: u64,
    /// Alarms a day.
    pub per_day: f64,
    /// Alarms by day.
    pub by_day: BTreeMap<String, u64>,
    /// Alarms by entity.
    pub by_entity: BTreeMap<String, u64>,
}

/// An alarm.
#[derive(Serialize, Debug)]
pub struct Example {
    /// When it had its highest score.
    pub time: String,
    /// Thousandths.
    pub score_milli: u32,
    /// The type.
    #[serde(rename = "type")]
    pub finding_type: &'static str,
    /// The account.
    pub account: String,
    /// The finding's own key: an identity, or a bucket and an identity.
    pub entity: String,
    /// What the finding would have said.
    pub text: String,
}

impl Setting {
    fn of(value: u32, days: u32, marks: &[(&Mark, &Best)]) -> Setting {
        let marks: Vec<&Mark> =
            marks.iter().filter(|it| it.1.score >= value).map(|it| it.0).collect();
        let findings: BTreeSet<_> =
            marks.iter().map(|it| (it.finding_type, it.account, &it.entity)).collect();
        let (mut by_day, mut by_entity) = (BTreeMap::new(), BTreeMap::new());
        for mark in &marks {
            *by_day.entry(date(Timestamp::from_hour(mark.day * 24))).or_default() += 1;
            *by_entity.entry(mark.entity.to_string()).or_default() += 1;
        }
        Setting {
            floor_milli: value,
            findings: findings.len() as u64,
            alarms: marks.len() as u64,
            per_day: marks.len() as f64 / f64::from(days.max(1)),
            by_day,
            by_entity,
        }
    }
}

impl Example {
    fn of(mark: &Mark, best: &Best) -> Example {
        Example {
            time: best.time.to_string(),
            score_milli: best.score,
            finding_type: mark.finding_type,
            account: mark.account.to_string(),
            entity: mark.entity.to_string(),
            text: best.text.to_string(),
        }
    }
}

/// `2026-01-31`.
fn date(time: Timestamp) -> String {
    time.to_string().split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use engine::findings::Reason;
    use model::{AccountId, Region};

    use super::*;

    /// Scores of entities on days.
    fn scores(marks: &[(&str, i64, u32)]) -> Scores {
        let mut scores = Scores::new(Filter::default(), false);
        let served = crate::catalog::find_served("Discovery:IAMUser/AnomalousBehavior");
        let finding_type = served.expect("a type").finding_type;
        let mut drafts: Vec<Draft> = marks
            .iter()
            .map(|&(entity, day, score)| {
                let time = Timestamp::from_hour(day * 24 + 5);
                let mut draft =
                    Draft::new(finding_type, AccountId::UNKNOWN, Region::UNKNOWN, entity, time);
                let value = format!("{}.{:03}", score / 1000, score % 1000);
                draft.reasons = vec![Reason::new("score of the hour (model x)", value, "")];
                draft
            })
            .collect();
        scores.drafts(&mut drafts);
        assert!(drafts.is_empty(), "nothing is left to be raised");
        scores
    }

    #[test]
    fn alarms_are_counted_by_entity_and_day_and_findings_by_entity() {
        let marks = [("a", 1, 900), ("a", 1, 1900), ("a", 2, 1100), ("b", 2, 700)];
        let tuning = scores(&marks).tuning("iam.anomalous_behavior", 1000, 4, 0.5);
        let at = |value: u32| {
            let it =
                tuning.settings.iter().find(|it| it.floor_milli == value).expect("it is shown");
            (it.findings, it.alarms)
        };
        assert_eq!((at(500), at(800), at(1200), at(2000)), ((2, 3), (1, 2), (1, 1), (0, 0)));
        // Two alarms in four days are the budget.
        assert_eq!((tuning.proposed, tuning.examples.len()), (750, 2));
        assert_eq!(tuning.examples[0].score_milli, 1900);
    }

    #[test]
    fn a_quiet_archive_proposes_the_lowest_and_a_noisy_one_the_highest() {
        assert_eq!(scores(&[]).tuning("iam.anomalous_behavior", 1000, 7, 1.0).proposed, LOWEST);
        let marks: Vec<(String, i64, u32)> = (0..50).map(|it| (it.to_string(), 1, 4999)).collect();
        let marks: Vec<(&str, i64, u32)> = marks.iter().map(|it| (&*it.0, it.1, it.2)).collect();
        assert_eq!(scores(&marks).tuning("iam.anomalous_behavior", 1000, 7, 1.0).proposed, HIGHEST);
    }
}
