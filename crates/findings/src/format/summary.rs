//! One line that says how many findings there are, by severity.

use model::SeverityBand;

use crate::Finding;
use crate::format::thousands;

/// `3 findings: 1 critical, 2 low`, or `No findings`.
pub fn summary<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    let mut counts = [0u64; SeverityBand::ALL.len()];
    for finding in findings {
        if let Some(count) = counts.get_mut(finding.band() as usize) {
            *count += 1;
        }
    }
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return "No findings".to_owned();
    }
    let parts: Vec<String> = SeverityBand::ALL
        .iter()
        .zip(counts)
        .rev()
        .filter(|(_, count)| *count > 0)
        .map(|(band, count)| format!("{} {}", thousands(count), band.to_string().to_lowercase()))
        .collect();
    let noun = if total == 1 { "finding" } else { "findings" };
    format!("{} {noun}: {}", thousands(total), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn bands_without_findings_are_left_out() {
        let samples = fixture::samples();
        assert_eq!(
            summary(samples.iter().map(|it| &it.finding)),
            "12 findings: 1 critical, 5 high, 3 medium, 3 low"
        );
        assert_eq!(summary([&samples[0].finding]), "1 finding: 1 high");
        assert_eq!(summary([]), "No findings");
    }
}
