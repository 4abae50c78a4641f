//! Names of the model as names of Rust.

/// `detectorId` and `sourceIPs` as `detector_id` and `source_ips`.
pub(crate) fn snake(name: &str) -> String {
    let mut text = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (n, &c) in chars.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|it| chars.get(it));
        let is_start = before.is_some_and(|it| it.is_lowercase() || it.is_ascii_digit())
            || before.is_some_and(|it| it.is_uppercase())
                && chars.get(n + 1).is_some_and(|it| it.is_lowercase())
                && chars.get(n + 1..) != Some(&['s'][..]);
        if c.is_uppercase() && is_start {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    if text == "type" { "r#type".to_owned() } else { text }
}

/// The name of a constant.
pub(crate) fn screaming(name: &str) -> String {
    snake(name).trim_start_matches("r#").to_uppercase()
}

/// `FIFTEEN_MINUTES` and `Very_Large` as `FifteenMinutes` and `VeryLarge`.
pub(crate) fn variant(value: &str) -> String {
    let mut text = String::new();
    for part in value.split(|c: char| !c.is_ascii_alphanumeric()) {
        let is_loud = !part.chars().any(char::is_lowercase);
        let part = if is_loud { part.to_lowercase() } else { part.to_owned() };
        text.push_str(&variant_part(&part));
    }
    text
}

/// `DetectorId` as `detectorId`.
pub(crate) fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// What `serde(rename_all = "camelCase")` makes of a field.
pub(crate) fn camel(field: &str) -> String {
    let parts = field.trim_start_matches("r#").split('_');
    lower_first(&parts.map(variant_part).collect::<String>())
}

/// What `serde(rename_all = "SCREAMING_SNAKE_CASE")` makes of a variant.
pub(crate) fn loud(variant: &str) -> String {
    let mut text = String::new();
    for (n, c) in variant.chars().enumerate() {
        if n > 0 && c.is_uppercase() {
            text.push('_');
        }
        text.extend(c.to_uppercase());
    }
    text
}

fn variant_part(part: &str) -> String {
    let mut chars = part.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        for (name, expected) in [
            ("detectorId", "detector_id"),
            ("IPSetId", "ip_set_id"),
            ("sourceIPs", "source_ips"),
            ("s3Logs", "s3_logs"),
            ("type", "r#type"),
        ] {
            assert_eq!(snake(name), expected);
        }
        assert_eq!(camel("source_ips"), "sourceIps");
        assert_eq!(camel("r#type"), "type");
    }

    #[test]
    fn variants_are_written_back() {
        for (value, expected) in
            [("S3_DATA_EVENTS", "S3DataEvents"), ("NOOP", "Noop"), ("Very_Large", "VeryLarge")]
        {
            assert_eq!(variant(value), expected);
        }
        assert_eq!(loud("S3DataEvents"), "S3_DATA_EVENTS");
    }
}
