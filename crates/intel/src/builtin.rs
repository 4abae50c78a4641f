//! The lists that come with the program.

use crate::category::Category;
use crate::parse::ParsedList;

/// Name, category and entries of every built-in list.
pub(crate) fn lists() -> Vec<(&'static str, Category, ParsedList)> {
    Vec::new()
}
