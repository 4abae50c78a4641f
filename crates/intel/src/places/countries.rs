//! Countries: names and rough centers.

/// A country or territory with a code of its own.
pub(super) struct Country {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// Degrees north of its rough center.
    pub(super) lat: f64,
    /// Degrees east of its rough center.
    pub(super) lon: f64,
}

const COUNTRIES: [Country; 0] = [];

/// Finds a country by its two letters.
pub(super) fn find(code: &str) -> Option<&'static Country> {
    COUNTRIES.iter().find(|it| it.code == code)
}
