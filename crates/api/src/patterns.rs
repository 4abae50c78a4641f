//! The patterns of the interface model as functions, named after their shapes.
//!
//! There are few of them and the model's expressions look ahead, so no expression engine is needed.

/// `arn:[A-Za-z_.-]{1,20}:guardduty:[A-Za-z0-9_/.-]{0,63}:\d+:detector/[A-Za-z0-9_/.-]{32,264}`.
pub(crate) fn guard_duty_arn(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (arn, partition, service, region, account, rest) =
        (next(), next(), next(), next(), next(), next());
    let is_path = |c: char| c.is_ascii_alphanumeric() || "_/.-".contains(c);
    let is_partition = |c: char| c.is_ascii_alphabetic() || "_.-".contains(c);
    let resource = rest.strip_prefix("detector/").unwrap_or_default();
    arn == "arn"
        && (1..=20).contains(&partition.len())
        && partition.chars().all(is_partition)
        && service == "guardduty"
        && region.len() <= 63
        && region.chars().all(is_path)
        && is_digits(account)
        && (32..=264).contains(&resource.len())
        && resource.chars().all(is_path)
}

/// `(?!aws:)[a-zA-Z+-=._:/]+`: the range from plus to equals holds digits and punctuation.
pub(crate) fn tag_key(text: &str) -> bool {
    let is_known =
        |c: char| c.is_ascii_alphabetic() || ('+'..='=').contains(&c) || "._:/".contains(c);
    !text.is_empty() && !text.starts_with("aws:") && text.chars().all(is_known)
}

/// `[a-fA-F0-9\-]+`.
pub(crate) fn investigation_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-')
}

/// `[a-zA-Z0-9+/=_\-]+`.
pub(crate) fn next_token(text: &str) -> bool {
    let is_known = |it: u8| it.is_ascii_alphanumeric() || b"+/=_-".contains(&it);
    !text.is_empty() && text.bytes().all(is_known)
}

/// `[a-z0-9]+(-[a-z0-9]+)*`.
pub(crate) fn rule_id(text: &str) -> bool {
    let is_word = |it: &str| {
        !it.is_empty() && it.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.split('-').all(is_word)
}

/// `[a-zA-Z0-9_-]{1,64}`.
pub(crate) fn association_id(text: &str) -> bool {
    let is_known = |it: u8| it.is_ascii_alphanumeric() || b"_-".contains(&it);
    (1..=64).contains(&text.len()) && text.bytes().all(is_known)
}

/// `[a-zA-Z0-9 _.\-:/]+`.
pub(crate) fn detection_rule_filter_value(text: &str) -> bool {
    let is_known = |it: u8| it.is_ascii_alphanumeric() || b" _.-:/".contains(&it);
    !text.is_empty() && text.bytes().all(is_known)
}

/// `[0-9]+`.
pub(crate) fn expected_bucket_owner(text: &str) -> bool {
    is_digits(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_words_with_hyphens_and_values_have_no_quotes() {
        for (text, is_rule, is_value) in [
            ("vpc-flow-logs-deleted", true, true),
            ("rule", true, true),
            ("-rule", false, true),
            ("rule--a", false, true),
            ("Rule", false, true),
            ("a'b", false, false),
            ("", false, false),
        ] {
            assert_eq!(rule_id(text), is_rule, "{text}");
            assert_eq!(detection_rule_filter_value(text), is_value, "{text}");
        }
        assert!(
            association_id("a_B-9") && !association_id("a/b") && !association_id(&"a".repeat(65))
        );
    }

    #[test]
    fn arns_of_detectors_and_of_what_is_theirs() {
        let detector = "arn:aws:guardduty:eu-central-1:111122223333:detector/";
        let id = "12abc34d567e8fa901bc2d34e56789f0";
        assert!(guard_duty_arn(&format!("{detector}{id}")));
        assert!(guard_duty_arn(&format!("{detector}{id}/filter/a.b")));
        for wrong in ["", "arn:aws:s3:::a", detector, "arn:aws:guardduty:x:y:detector/"] {
            assert!(!guard_duty_arn(wrong), "{wrong}");
        }
        assert!(!guard_duty_arn(&format!("{detector}{id}:x")));
    }

    #[test]
    fn keys_of_tags() {
        for right in ["team", "a:b", "cost=1", "v1.2", "Aws:x"] {
            assert!(tag_key(right), "{right}");
        }
        for wrong in ["", "aws:team", "a b", "ä", "a@b"] {
            assert!(!tag_key(wrong), "{wrong}");
        }
    }
}
