//! Names of calls without the version of the interface.

/// Removes a date and an optional version from the end of an event name: `AddPermission20150331v2` becomes
/// `AddPermission`. Lambda names its calls so.
pub(super) fn without_version(name: &str) -> &str {
    let bytes = name.as_bytes();
    let date_end = match bytes.iter().rposition(|b| !b.is_ascii_digit()) {
        Some(at) if bytes.get(at) == Some(&b'v') && at + 1 < bytes.len() => at,
        _ => bytes.len(),
    };
    let Some(start) = date_end.checked_sub(8).filter(|start| *start > 0) else { return name };
    let is_date = bytes.get(start..date_end).is_some_and(|date| {
        date.iter().all(u8::is_ascii_digit) && matches!(date, [b'1', b'9', ..] | [b'2', b'0', ..])
    });
    let is_whole = bytes.get(start - 1).is_some_and(|b| !b.is_ascii_digit());
    if is_date && is_whole { name.get(..start).unwrap_or(name) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_removed_from_the_end_only() {
        for (name, expected) in [
            ("AddPermission20150331v2", "AddPermission"),
            ("ListFunctions20150331", "ListFunctions"),
            ("GetFunction20150331v12", "GetFunction"),
            ("AssumeRole", "AssumeRole"),
            ("20150331", "20150331"),
            ("X20150331v", "X20150331v"),
            ("Upload99999999", "Upload99999999"),
            ("Put123420150331", "Put123420150331"),
            ("v2", "v2"),
            ("", ""),
            ("é20150331", "é"),
        ] {
            assert_eq!(without_version(name), expected);
        }
    }
}
