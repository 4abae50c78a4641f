//! Families that give hours a score: which they are, and what a draft of theirs scored.

use engine::Detector;
use engine::findings::Draft;

use crate::Settings;
use crate::behavior::explain::SCORE_OF_HOUR;
use crate::{iam, s3};

/// The sections of the families that score, in the order of [`Settings::floors`].
const SECTIONS: [&str; 3] =
    ["iam.anomalous_behavior", "iam.anomalous_model_invocation", "s3.anomalous_behavior"];
/// No account has as many findings.
const NO_BUDGET: u32 = 1_000_000_000;

/// The threshold of a family that scores.
pub struct Floor<'s> {
    /// The section of the settings, such as `iam.anomalous_behavior`.
    pub section: &'static str,
    /// `floor_milli`: the least score, in thousandths, for a finding.
    pub floor: &'s mut u32,
    budget: &'s mut u32,
}

impl Floor<'_> {
    /// Makes the family raise every hour with this score or more, however many there are.
    pub fn tell_from(&mut self, score: u32) {
        *self.floor = (*self.floor).min(score);
        *self.budget = NO_BUDGET;
    }
}

/// What a draft scored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scored {
    /// The section of the family's settings.
    pub section: &'static str,
    /// Thousandths.
    pub score: u32,
}

impl Settings {
    /// The thresholds of the families that score and are on.
    pub fn floors(&mut self) -> Vec<Floor<'_>> {
        let (iam, s3) = (&mut self.iam, &mut self.s3);
        let [calls, models, objects] = SECTIONS;
        let (a, b, c) = (
            &mut iam.anomalous_behavior,
            &mut iam.anomalous_model_invocation,
            &mut s3.anomalous_behavior,
        );
        let all = [
            (
                a.enabled,
                Floor {
                    section: calls,
                    floor: &mut a.floor_milli,
                    budget: &mut a.budget_per_mille,
                },
            ),
            (
                b.enabled,
                Floor {
                    section: models,
                    floor: &mut b.floor_milli,
                    budget: &mut b.budget_per_mille,
                },
            ),
            (
                c.enabled,
                Floor {
                    section: objects,
                    floor: &mut c.floor_milli,
                    budget: &mut c.budget_per_mille,
                },
            ),
        ];
        all.into_iter().filter_map(|(is_enabled, it)| is_enabled.then_some(it)).collect()
    }
}

/// What the hour of a draft scored; none for types of families that do not score.
pub fn scored(draft: &Draft) -> Option<Scored> {
    let reason = draft.reasons.iter().find(|it| it.what.starts_with(SCORE_OF_HOUR))?;
    let (whole, thousandths) = reason.value.split_once('.')?;
    let score = whole.parse::<u32>().ok()?.checked_mul(1000)? + thousandths.parse::<u32>().ok()?;
    let families = [
        iam::anomalous_behavior::AnomalousBehavior::SPEC,
        iam::anomalous_model_invocation::AnomalousModelInvocation::SPEC,
        s3::anomalous_behavior::AnomalousBehavior::SPEC,
    ];
    let is_of = |types: &[&'static engine::findings::FindingType]| {
        types.iter().any(|it| it.name == draft.finding_type.name)
    };
    let mut named = SECTIONS.iter().zip(&families);
    named.find(|it| is_of(it.1.types)).map(|it| Scored { section: it.0, score })
}

#[cfg(test)]
mod tests {
    use engine::findings::Reason;
    use engine::model::{AccountId, Region, Timestamp};

    use super::*;
    use crate::behavior::explain::decimal;

    #[test]
    fn a_score_is_read_from_the_reason_that_says_it() {
        let of = |what: &str, value: String| {
            let finding_type = iam::anomalous_behavior::AnomalousBehavior::SPEC.types[0];
            let mut draft =
                Draft::new(finding_type, AccountId::UNKNOWN, Region::UNKNOWN, "a", Timestamp::MIN);
            draft.reasons = vec![Reason::new(what, value, "")];
            scored(&draft).map(|it| (it.section, it.score))
        };
        let what = format!("{SCORE_OF_HOUR} (model x)");
        assert_eq!(of(&what, decimal(2034)), Some(("iam.anomalous_behavior", 2034)));
        assert_eq!((of("bytes", decimal(1)), of(&what, "many".to_owned())), (None, None));
    }

    #[test]
    fn families_that_score_can_be_made_to_tell_all() {
        let mut settings = Settings::default();
        settings.s3.anomalous_behavior.enabled = false;
        settings.floors().iter_mut().for_each(|it| it.tell_from(500));
        assert_eq!(settings.iam.anomalous_behavior.floor_milli, 500);
        let sections: Vec<&str> = settings.floors().iter().map(|it| it.section).collect();
        assert_eq!(sections, SECTIONS[..2]);
    }
}
