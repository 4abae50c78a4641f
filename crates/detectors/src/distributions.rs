//! Distributions for penetration tests, by what user agents say of the caller's operating system.

/// A distribution that is made for penetration tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Distribution {
    Kali,
    Parrot,
    Pentoo,
}

impl Distribution {
    const ALL: [Distribution; 3] = [Distribution::Kali, Distribution::Parrot, Distribution::Pentoo];

    /// The word that user agents name it by, in lower case.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Distribution::Kali => "kali",
            Distribution::Parrot => "parrot",
            Distribution::Pentoo => "pentoo",
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Distribution::Kali => "Kali Linux",
            Distribution::Parrot => "Parrot Security Linux",
            Distribution::Pentoo => "Pentoo Linux",
        }
    }

    /// The distribution that a user agent names as a word of its own, be it as such
    /// (`md/distrib#kali.2025`) or in the name of its kernel (`6.5.0-13parrot1-amd64`).
    pub(crate) fn of(user_agent: &str) -> Option<Distribution> {
        let text = user_agent.as_bytes();
        Distribution::ALL.into_iter().find(|it| names_word(text, it.word().as_bytes()))
    }
}

fn names_word(text: &[u8], word: &[u8]) -> bool {
    let Some((first, rest)) = word.split_first() else { return false };
    // Vectors find the few places to look at: every call of every caller comes by here.
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text).any(|at| {
        text.get(at + 1..at + word.len()).is_some_and(|it| it.eq_ignore_ascii_case(rest))
            && !at.checked_sub(1).and_then(|it| text.get(it)).is_some_and(u8::is_ascii_alphabetic)
            && !text.get(at + word.len()).is_some_and(u8::is_ascii_alphabetic)
            && !is_program(text, at, word.len())
    })
}

/// Whether the place is in a part `app/…`, which the caller names, or is itself a program's name as in
/// `parrot/1.2`.
fn is_program(text: &[u8], at: usize, length: usize) -> bool {
    let before = text.get(..at).unwrap_or(&[]);
    // S3 writes the whole user agent in brackets.
    let part = before.rsplit(|it| matches!(it, b' ' | b'[')).next().unwrap_or(&[]);
    part.starts_with(b"app/") || part.is_empty() && text.get(at + length) == Some(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_a_word_of_the_user_agent() {
        for (named, distribution) in [
            (
                "aws-cli/2.23.6 md/awscrt#1.0.0 os/linux#6.12.13-cloud-amd64 md/distrib#kali.2025 md/prompt#off",
                Distribution::Kali,
            ),
            (
                "aws-cli/2.0.0 Python/3.8.2 Linux/5.5.0-kali2-amd64 botocore/2.0.0",
                Distribution::Kali,
            ),
            ("Boto3/1.9.89 Python/3.6.7 Linux/4.18.0-Kali1-amd64", Distribution::Kali),
            ("kali", Distribution::Kali),
            (
                "aws-cli/1.27.40 Python/3.11.2 Linux/6.5.0-13parrot1-amd64 botocore/1.29.40",
                Distribution::Parrot,
            ),
            ("aws-cli/2.15.0 os/linux#6.5.0 md/distrib#parrot.6", Distribution::Parrot),
            ("aws-cli/2.15.0 os/linux#6.6.1-pentoo md/distrib#pentoo.2023", Distribution::Pentoo),
        ] {
            assert_eq!(Distribution::of(named), Some(distribution), "{named}");
        }
    }

    #[test]
    fn programs_and_other_words_are_no_distribution() {
        for other in [
            "",
            "kal",
            "alkali/1.0",
            "kalite/2.1 os/linux",
            "parrot/1.2 (photo uploads)",
            "[parrot/1.2]",
            "aws-cli/2.1 app/my-kali-lab os/linux#6.1",
            "aws-cli/2.23.6 os/linux#6.8.0-aws md/distrib#ubuntu.24",
        ] {
            assert_eq!(Distribution::of(other), None, "{other}");
        }
    }
}
