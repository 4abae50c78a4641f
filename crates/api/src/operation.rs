//! What the table of operations says of each, and which one a request means.

use crate::check::Member;
use crate::error::ErrorName;
use crate::wire::operations::OPERATIONS;

/// An operation of the interface model.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// Template such as `/detector/{DetectorId}/filter`.
    pub(crate) path: &'static str,
    /// Status of success.
    pub(crate) status: u16,
    /// Errors that its clients know.
    pub(crate) errors: &'static [ErrorName],
    /// Members of the request; none for operations that are not served.
    pub(crate) members: &'static [Member],
}

pub(crate) const fn operation(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    status: u16,
    errors: &'static [ErrorName],
    members: &'static [Member],
) -> Operation {
    Operation { name, method, path, status, errors, members }
}

/// Label and value of a path; the value is still encoded.
pub(crate) type Labels<'a> = Vec<(&'static str, &'a str)>;

/// The operation of a method and a path, which is still encoded: an ARN is one segment of it.
pub(crate) fn find<'a>(method: &str, path: &'a str) -> Option<(&'static Operation, Labels<'a>)> {
    let of_method = OPERATIONS.iter().filter(|it| it.method == method);
    of_method.filter_map(|it| Some((it, it.labels(path)?))).min_by_key(|(_, labels)| labels.len())
}

impl Operation {
    fn labels<'a>(&self, path: &'a str) -> Option<Labels<'a>> {
        let mut labels = Vec::new();
        let mut segments = path.strip_prefix('/')?.split('/');
        for part in self.path.split('/').skip(1) {
            let segment = segments.next()?;
            match part.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                Some(_) if segment.is_empty() => return None,
                Some(label) => labels.push((label, segment)),
                None if part == segment => {}
                None => return None,
            }
        }
        // Some clients end paths with a slash.
        match segments.next() {
            None => Some(labels),
            Some("") if segments.next().is_none() => Some(labels),
            Some(_) => None,
        }
    }

    /// Whether it only reads.
    pub(crate) fn only_reads(&self) -> bool {
        ["Get", "List", "Describe"].iter().any(|it| self.name.starts_with(it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: &str, path: &str) -> Option<&'static str> {
        find(method, path).map(|(operation, _)| operation.name)
    }

    #[test]
    fn every_operation_is_found_by_its_own_path() {
        for operation in &OPERATIONS {
            let path: Vec<String> = operation
                .path
                .split('/')
                .map(|it| if it.starts_with('{') { "x1".to_owned() } else { it.to_owned() })
                .collect();
            assert_eq!(name(operation.method, &path.join("/")), Some(operation.name));
        }
        assert_eq!(OPERATIONS.len(), 103);
    }

    #[test]
    fn an_encoded_arn_is_one_segment() {
        let arn =
            "arn%3Aaws%3Aguardduty%3Aeu-central-1%3A111122223333%3Adetector%2F12ab%2Ffilter%2Fa";
        let path = format!("/tags/{arn}");
        let (operation, labels) = find("POST", &path).unwrap();
        assert_eq!((operation.name, labels), ("TagResource", vec![("ResourceArn", arn)]));
    }

    #[test]
    fn other_paths_are_no_operation() {
        for (method, path) in [
            ("GET", ""),
            ("GET", "/"),
            ("GET", "/detectors"),
            ("PUT", "/detector"),
            ("GET", "/detector//filter"),
            ("GET", "/detector/x/filter/y/z"),
            ("GET", "/detector//"),
            ("GET", "detector"),
        ] {
            assert_eq!(name(method, path), None, "{method} {path}");
        }
        assert_eq!(name("GET", "/detector/"), Some("ListDetectors"));
    }
}
