//! Which findings are shown.

use anyhow::{Result, bail};
use findings::Finding;
use model::SeverityBand;

use crate::catalog;

/// Most characters of a pattern.
const PATTERN_MAX: usize = 200;

/// Findings by type and severity.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    patterns: Vec<String>,
    least: Option<SeverityBand>,
}

impl Filter {
    /// Patterns may hold `*` and `?`; case makes no difference. A pattern that fits no type of the catalogue
    /// is an error: the result would be empty without a sign.
    pub fn new(patterns: &[String], least: Option<SeverityBand>) -> Result<Filter> {
        let patterns: Vec<String> = patterns.iter().map(|it| it.trim().to_lowercase()).collect();
        for pattern in &patterns {
            if pattern.len() > PATTERN_MAX {
                bail!("--types: a pattern is longer than {PATTERN_MAX} characters");
            }
            if let Some(it) = catalog::retired().find(|it| it.name.to_lowercase() == *pattern) {
                bail!("--types: {}", it.advice());
            }
            if !catalog::names().iter().any(|name| is_match(pattern, &name.to_lowercase())) {
                bail!(
                    "--types `{pattern}` fits no finding type; `guardpost types` lists them, and `*` stands \
                     for any characters, as in `*:EC2/*`"
                );
            }
        }
        Ok(Filter { patterns, least })
    }

    /// Whether a finding is shown.
    pub fn shows(&self, finding: &Finding) -> bool {
        let is_severe = self.least.is_none_or(|it| finding.band() >= it);
        is_severe && self.shows_type(&finding.finding_type)
    }

    /// Whether findings of a type are shown.
    pub fn shows_type(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.patterns.is_empty() || self.patterns.iter().any(|it| is_match(it, &name))
    }
}

/// Whether `text` fits `pattern`, in time proportional to their product.
pub fn is_match(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut from) = (0, 0);
    // Where the last star stands, and from where on the text is tried behind it.
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = text.get(from) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at + 1, from));
                at += 1;
            }
            Some(p) if *p == '?' || p == c => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((behind, tried)) = star else { return false };
                star = Some((behind, tried + 1));
                at = behind;
                from = tried + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|it| *it == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_fit() {
        let name = "recon:ec2/portscan";
        for pattern in ["*", "recon:*", "*scan", "recon:ec2/port?can", "*ec2*port*", name] {
            assert!(is_match(pattern, name), "{pattern}");
        }
        for pattern in ["", "recon", "*x*", "recon:ec2/portsca", "?"] {
            assert!(!is_match(pattern, name), "{pattern}");
        }
        let long = "a".repeat(5_000);
        assert!(!is_match(&format!("{}b", "*a".repeat(90)), &long));
    }
}
