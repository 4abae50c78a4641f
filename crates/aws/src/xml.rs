//! XML of services, with bounds on what it may hold.

use roxmltree::{Document, Node, ParsingOptions};

/// Most nodes of a document: a page of a listing has some ten thousand.
const NODES_MAX: u32 = 1 << 18;

/// A document without declarations of its own entities.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, String> {
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|it| it.to_string())
}

/// The text of the first element of this name, wherever it stands.
pub fn text_of(text: &str, name: &str) -> Result<Option<String>, String> {
    let document = parse(text)?;
    let found = document.descendants().find(|it| it.has_tag_name_of(name));
    Ok(found.map(|it| it.text().unwrap_or_default().to_owned()))
}

/// The text of a child; empty if there is none.
pub(crate) fn child<'d>(node: Node<'d, '_>, name: &str) -> &'d str {
    let child = node.children().find(|it| it.has_tag_name_of(name));
    child.and_then(|it| it.text()).unwrap_or_default()
}

/// Names without their name space: services differ in whether they give one.
pub(crate) trait Named {
    /// Whether the element has this local name.
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_in_any_name_space() {
        let text = "<a xmlns='urn:x'><b><c>1</c></b><c>2</c></a>";
        assert_eq!(text_of(text, "c").unwrap().as_deref(), Some("1"));
        assert_eq!(text_of(text, "d").unwrap(), None);
    }

    #[test]
    fn declarations_and_endless_documents_are_refused() {
        assert!(parse("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>").is_err());
        let wide = format!("<a>{}</a>", "<b/>".repeat(NODES_MAX as usize + 1));
        assert!(parse(&wide).is_err());
        let deep = "<a>".repeat(100_000);
        assert!(parse(&deep).is_err());
    }
}
