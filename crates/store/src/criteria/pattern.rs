//! Wildcard patterns of `matches` and `notMatches`.

/// A pattern in which `*` stands for any run of characters and `?` for exactly one.
///
/// Everything else stands for itself, upper and lower case are different, and the whole value has to
/// match.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pattern(String);

impl Pattern {
    pub(crate) fn new(text: &str) -> Pattern {
        Pattern(text.to_owned())
    }

    /// The pattern as it was given.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Whether the whole value matches; at most as many steps as both lengths multiplied.
    pub(crate) fn matches(&self, value: &str) -> bool {
        let (mut pattern, mut rest) = (self.0.chars(), value.chars());
        // Where to go on when what follows the last `*` fails: after it, one character later.
        let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
        loop {
            let there = rest.clone();
            match (pattern.next(), rest.next()) {
                (None, None) => return true,
                (Some('*'), _) => {
                    retry = Some((pattern.clone(), there.clone()));
                    rest = there;
                }
                (Some('?'), Some(_)) => {}
                (Some(a), Some(b)) if a == b => {}
                _ => {
                    let Some((after_star, from)) = &mut retry else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    (pattern, rest) = (after_star.clone(), from.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        for value in yes {
            assert!(Pattern::new(pattern).matches(value), "{pattern} {value}");
        }
        for value in no {
            assert!(!Pattern::new(pattern).matches(value), "{pattern} {value}");
        }
    }

    #[test]
    fn stars_and_question_marks() {
        check("*", &["", "a", "a.b"], &[]);
        check("?", &["a", "ä"], &["", "ab"]);
        check("Recon:*", &["Recon:EC2/Portscan", "Recon:"], &["recon:x", "xRecon:"]);
        check(
            "*.example.com",
            &["a.example.com", ".example.com"],
            &["example.com", "a.example.comx"],
        );
        check("a*b*c", &["abc", "aabbcc", "abcbc"], &["ab", "acb"]);
        check("*a?c", &["abc", "xxaxabc"], &["abcd", "ac"]);
        check("**", &["", "x"], &[]);
        check("", &[""], &["x"]);
        check("[a]\\*", &["[a]\\", "[a]\\x"], &["a"]);
    }

    #[test]
    fn hostile_patterns_end_soon() {
        let pattern = "*a".repeat(250) + "b";
        assert!(!Pattern::new(&pattern).matches(&"a".repeat(4000)));
    }
}
