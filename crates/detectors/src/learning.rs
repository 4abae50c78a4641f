//! How long a scan of an archive learns before it judges.

use crate::Settings;

/// The least history, in days, that is enough to say what is unusual.
const LEAST_DAYS: u32 = 7;

impl Settings {
    /// Makes the families that learn learn from half of an archive at most, and from a week at least: who scans
    /// an archive has a history on the first day. Returns the days that are learnt from, if any family learns.
    pub fn learn_within(&mut self, span_days: u32) -> Option<u32> {
        let most = (span_days / 2).max(LEAST_DAYS);
        let families = [
            (self.iam.anomalous_behavior.enabled, &mut self.iam.anomalous_behavior.learning_days),
            (self.s3.anomalous_behavior.enabled, &mut self.s3.anomalous_behavior.learning_days),
            (
                self.iam.anomalous_model_invocation.enabled,
                &mut self.iam.anomalous_model_invocation.learning_days,
            ),
        ];
        let mut learnt = None;
        for (is_enabled, days) in families {
            *days = (*days).min(most);
            learnt = learnt.max(is_enabled.then_some(*days));
        }
        learnt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_an_archive_is_learnt_from_and_a_week_at_least() {
        let within = |span_days| Settings::default().learn_within(span_days);
        assert_eq!([0, 10, 20, 28, 365].map(within), [7, 7, 10, 14, 14].map(Some));
        let mut settings = Settings::default();
        settings.iam.anomalous_behavior.learning_days = 3;
        assert_eq!(settings.learn_within(10), Some(7));
        assert_eq!(settings.iam.anomalous_behavior.learning_days, 3);
        settings.iam.anomalous_behavior.enabled = false;
        settings.s3.anomalous_behavior.enabled = false;
        settings.iam.anomalous_model_invocation.enabled = false;
        assert_eq!(settings.learn_within(60), None);
    }
}
