//! The fields that criteria may name: every documented property of a finding.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One line per field, its path and its kind; by
/// <https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_filter-findings.html> and the interface
/// model of the API.
const FIELDS: &str = include_str!("fields.txt");

static KINDS: LazyLock<BTreeMap<&'static str, Kind>> =
    LazyLock::new(|| FIELDS.lines().filter_map(parse_line).collect());

/// The last segment of a field whose own segment is any key of a map.
const ANY_KEY: &str = "<key>";

/// How the documentation spells a path differently from the finding.
const ALIASES: &[(&str, &str)] =
    &[("resource.instanceDetails.outpostARN", "resource.instanceDetails.outpostArn")];

/// What the values of a field are, and so how they are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Text, compared byte by byte.
    Text,
    /// A whole or floating number.
    Number,
    /// A number of which a whole operand means everything up to the next one.
    Severity,
    /// `true` or `false`.
    Bool,
    /// Milliseconds since 1970 in criteria; ISO 8601 text or seconds since 1970 in the finding.
    Time,
    /// Text that may hold a number, such as an ASN or a key of `service.additionalInfo`.
    Any,
    /// Everything below one key of a map, compared as `Any`.
    Map,
}

/// A column of the narrow table: what is compared without reading a finding's document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Hot {
    Id,
    Account,
    Region,
    Type,
    Severity,
    Archived,
    ResourceType,
    Created,
    Updated,
    FirstSeen,
    LastSeen,
    Count,
}

impl Hot {
    /// Every column, in the order of the table.
    pub(crate) const ALL: [Hot; 12] = [
        Hot::Id,
        Hot::Account,
        Hot::Region,
        Hot::Type,
        Hot::Severity,
        Hot::Archived,
        Hot::ResourceType,
        Hot::Created,
        Hot::Updated,
        Hot::FirstSeen,
        Hot::LastSeen,
        Hot::Count,
    ];

    /// Whether the column holds text; the others hold whole numbers.
    pub(crate) const fn is_text(self) -> bool {
        matches!(self, Hot::Id | Hot::Account | Hot::Region | Hot::Type | Hot::ResourceType)
    }

    /// The field of a finding that the column holds.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Hot::Id => "id",
            Hot::Account => "accountId",
            Hot::Region => "region",
            Hot::Type => "type",
            Hot::Severity => "severity",
            Hot::Archived => "service.archived",
            Hot::ResourceType => "resource.resourceType",
            Hot::Created => "createdAt",
            Hot::Updated => "updatedAt",
            Hot::FirstSeen => "service.eventFirstSeen",
            Hot::LastSeen => "service.eventLastSeen",
            Hot::Count => "service.count",
        }
    }
}

/// A field of a finding by its path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Field {
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) hot: Option<Hot>,
}

impl Field {
    /// The documented field with this path.
    pub(crate) fn find(path: &str) -> Option<Field> {
        let path = ALIASES.iter().find(|it| it.0 == path).map_or(path, |it| it.1);
        let kind = KINDS.get(path).copied().filter(|it| *it != Kind::Map);
        let kind = kind.or_else(|| is_key_of_map(path).then_some(Kind::Map))?;
        let hot = Hot::ALL.into_iter().find(|it| it.path() == path);
        Some(Field { path: path.to_owned(), kind, hot })
    }
}

/// Whether the path is a key of one of the maps. A key may hold dots.
fn is_key_of_map(path: &str) -> bool {
    let maps = KINDS.iter().filter(|it| *it.1 == Kind::Map);
    let mut prefixes = maps.filter_map(|(map, _)| map.strip_suffix(ANY_KEY));
    prefixes.any(|it| path.strip_prefix(it).is_some_and(|key| !key.is_empty() && key != ANY_KEY))
}

fn parse_line(line: &'static str) -> Option<(&'static str, Kind)> {
    let (path, kind) = line.split_once(' ')?;
    let kind = match kind {
        "text" => Kind::Text,
        "number" => Kind::Number,
        "severity" => Kind::Severity,
        "bool" => Kind::Bool,
        "time" => Kind::Time,
        "any" => Kind::Any,
        "map" => Kind::Map,
        _ => return None,
    };
    Some((path, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        assert_eq!(KINDS.len(), FIELDS.lines().count());
        assert!(KINDS.len() > 600);
    }

    #[test]
    fn every_column_is_a_field() {
        for hot in Hot::ALL {
            assert_eq!(Field::find(hot.path()).unwrap().hot, Some(hot));
        }
    }

    #[test]
    fn aliases_and_keys_of_maps_are_found() {
        let field = Field::find("resource.instanceDetails.outpostARN").unwrap();
        assert_eq!(field.path, "resource.instanceDetails.outpostArn");
        let key = "service.action.awsApiCallAction.affectedResources.AWS::S3::Bucket";
        assert_eq!(Field::find(key).unwrap().kind, Kind::Map);
        for path in ["service.detection.anomaly.profiles.", "resource", "Severity", ""] {
            assert_eq!(Field::find(path), None, "{path}");
        }
    }
}
