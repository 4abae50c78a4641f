//! STIX 1.x: addresses, names and file hashes of the observables in an XML package
//! (<https://stixproject.github.io/data-model/1.2/>).

use crate::parse::Reading;
use crate::xml::{Reader, Token, local, unescaped};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 128;
/// What stands between the values of one property.
const DELIMITER: &str = "##comma##";

/// Where the reading is in the package.
#[derive(Default)]
struct Place<'x> {
    /// Local names of the open elements.
    open: Vec<&'x str>,
    /// `xsi:type` of the properties that are open.
    kind: &'x str,
    /// `condition` of the innermost element.
    condition: &'x str,
    /// The depth of the indicator that is open, and its title.
    indicator: Option<usize>,
    title: String,
    /// The kind of hash that the next value is of; empty when not known.
    hash: String,
}

/// Reads all observables.
pub(crate) fn read(bytes: &[u8], reading: &mut Reading) {
    let Ok(text) = str::from_utf8(bytes) else {
        return reading.problem(0, "", "not UTF-8");
    };
    let mut reader = Reader::new(text);
    let mut place = Place::default();
    loop {
        match reader.next() {
            Err(cause) => return reading.problem(reader.line, "", cause),
            Ok(None) => break,
            Ok(Some(Token::Start { name, attributes, empty })) => {
                if place.open.len() >= MAX_DEPTH {
                    return reading.problem(reader.line, "", "elements are nested too deeply");
                }
                place.start(local(name), &attributes);
                if empty {
                    place.end();
                }
            }
            Ok(Some(Token::End(name))) => {
                if place.open.last() != Some(&local(name)) {
                    return reading.problem(reader.line, name, "an end tag without its start tag");
                }
                place.end();
            }
            Ok(Some(Token::Text(text))) => place.text(text, reader.line, reading),
        }
    }
    if !place.open.is_empty() {
        reading.problem(reader.line, "", "the package ends in the middle");
    }
}

impl<'x> Place<'x> {
    fn start(&mut self, name: &'x str, attributes: &[(&'x str, &'x str)]) {
        self.open.push(name);
        let attribute =
            |wanted: &str| attributes.iter().find(|it| local(it.0) == wanted).map_or("", |it| it.1);
        self.condition = attribute("condition");
        match name {
            "Properties" => self.kind = local(attribute("type")),
            "Indicator" if self.indicator.is_none() => {
                self.indicator = Some(self.open.len());
                self.title.clear();
            }
            "Hash" => self.hash.clear(),
            _ => {}
        }
    }

    fn end(&mut self) {
        if self.indicator == Some(self.open.len()) {
            self.indicator = None;
            self.title.clear();
        }
        if self.open.pop() == Some("Properties") {
            self.kind = "";
        }
        self.condition = "";
    }

    fn text(&mut self, text: &str, line: u64, reading: &mut Reading) {
        let is_parent = |name: &str| {
            self.open.len().checked_sub(2).and_then(|it| self.open.get(it)) == Some(&name)
        };
        match self.open.last().copied().unwrap_or("") {
            "Title" if is_parent("Indicator") => self.title = unescaped(text),
            "Type" if is_parent("Hash") => self.hash = unescaped(text).trim().to_ascii_uppercase(),
            "Address_Value" => self.value(&unescaped(text), line, reading),
            "Value" if self.kind.starts_with("DomainName") || self.kind.starts_with("Hostname") => {
                self.value(&unescaped(text), line, reading);
            }
            "Value" if self.kind.starts_with("URI") => {
                reading.problem(line, text, "URLs are not used, only addresses, names and hashes");
            }
            "Simple_Hash_Value" if matches!(self.hash.as_str(), "" | "SHA256" | "SHA-256") => {
                self.value(&unescaped(text), line, reading);
            }
            "Simple_Hash_Value" => {
                reading.problem(line, text, "of the hashes only SHA-256 is used");
            }
            _ => {}
        }
    }

    fn value(&self, text: &str, line: u64, reading: &mut Reading) {
        match self.condition {
            "InclusiveBetween" => match text.split_once(DELIMITER) {
                Some((first, last)) => {
                    let range = format!("{}-{}", first.trim(), last.trim());
                    reading.entry(line, &range, &self.title);
                }
                None => reading.problem(line, text, "a range has two ends"),
            },
            "" | "Equals" => {
                for value in text.split(DELIMITER) {
                    reading.entry(line, value.trim(), &self.title);
                }
            }
            _ => reading.problem(
                line,
                text,
                "only the conditions Equals and InclusiveBetween are used",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::format::ListFormat;
    use crate::parse::{ParsedList, parse_list};

    const PACKAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1" version="1.2">
  <stix:Indicators>
    <stix:Indicator id="example:indicator-1">
      <indicator:Title>Bad &amp; worse</indicator:Title>
      <indicator:Observable>
        <cybox:Object><cybox:Properties xsi:type="AddressObj:AddressObjectType" category="ipv4-addr">
          <AddressObj:Address_Value condition="Equals">198.51.100.1##comma##198.51.100.2</AddressObj:Address_Value>
        </cybox:Properties></cybox:Object>
      </indicator:Observable>
    </stix:Indicator>
  </stix:Indicators>
  <stix:Observables>
    <cybox:Observable><cybox:Object><cybox:Properties xsi:type="AddressObj:AddressObjectType">
      <AddressObj:Address_Value condition="InclusiveBetween">192.0.2.0##comma##192.0.2.255</AddressObj:Address_Value>
    </cybox:Properties></cybox:Object></cybox:Observable>
    <cybox:Observable><cybox:Object><cybox:Properties xsi:type="DomainNameObj:DomainNameObjectType">
      <DomainNameObj:Value condition="Equals">bad.example.com</DomainNameObj:Value>
    </cybox:Properties></cybox:Object></cybox:Observable>
    <cybox:Observable><cybox:Object><cybox:Properties xsi:type="FileObj:FileObjectType">
      <FileObj:Hashes><cyboxCommon:Hash><cyboxCommon:Type>SHA256</cyboxCommon:Type>
        <cyboxCommon:Simple_Hash_Value>0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a</cyboxCommon:Simple_Hash_Value>
      </cyboxCommon:Hash><cyboxCommon:Hash><cyboxCommon:Type>MD5</cyboxCommon:Type>
        <cyboxCommon:Simple_Hash_Value>0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a</cyboxCommon:Simple_Hash_Value>
      </cyboxCommon:Hash></FileObj:Hashes>
    </cybox:Properties></cybox:Object></cybox:Observable>
    <cybox:Observable><cybox:Object><cybox:Properties xsi:type="URIObj:URIObjectType">
      <URIObj:Value>http://example.com/x</URIObj:Value>
    </cybox:Properties></cybox:Object></cybox:Observable>
  </stix:Observables>
</stix:STIX_Package>
"#;

    fn read(text: &str) -> (ParsedList, Vec<(u64, &'static str)>) {
        assert_eq!(ListFormat::detect("list", text.as_bytes()), ListFormat::Stix);
        let (list, problems) = parse_list("list", text.as_bytes());
        (list, problems.into_iter().map(|it| (it.line, it.cause)).collect())
    }

    #[test]
    fn observables_and_indicators_are_read() {
        let (list, problems) = read(PACKAGE);
        assert_eq!((list.v4.len(), list.names.len(), list.files.len()), (3, 1, 1));
        assert_eq!(list.labels, ["Bad & worse"]);
        assert_eq!(
            problems,
            [
                (24, "of the hashes only SHA-256 is used"),
                (28, "URLs are not used, only addresses, names and hashes"),
            ]
        );
    }

    #[test]
    fn a_package_that_breaks_off_gives_what_came_before() {
        let cut = PACKAGE
            .find("<cybox:Observable><cybox:Object><cybox:Properties xsi:type=\"File")
            .unwrap();
        let (list, problems) = read(&PACKAGE[..cut]);
        assert_eq!(list.len(), 4);
        assert_eq!(problems.len(), 1);
        let (list, problems) = read("<stix:STIX_Package><!DOCTYPE x [<!ENTITY a \"b\">]>&a;");
        assert_eq!((list.len(), problems), (0, vec![(1, "a document type is not read")]));
        let (list, problems) = read(&format!("<stix:STIX_Package>{}", "<a>".repeat(1000)));
        assert_eq!((list.len(), problems), (0, vec![(1, "elements are nested too deeply")]));
    }
}
