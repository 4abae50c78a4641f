//! Rows of the database of networks: first address, last address, ASN, organization.

use anyhow::{Context, Result};

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Network {
    pub(super) first: u128,
    pub(super) last: u128,
    pub(super) asn: u32,
    pub(super) organization: String,
}

/// Reads all rows, whose addresses are decimal numbers.
pub(super) fn networks(text: &str) -> Result<Vec<Network>> {
    let parse = |(number, line): (usize, &str)| {
        network(line).with_context(|| format!("line {} is damaged: {line}", number + 1))
    };
    text.lines().enumerate().filter(|it| !it.1.is_empty()).map(parse).collect()
}

fn network(line: &str) -> Option<Network> {
    let mut cells = line.splitn(4, ',');
    let mut number = || cells.next()?.parse::<u128>().ok();
    let (first, last, asn) = (number()?, number()?, number()?);
    let name = cells.next()?.trim();
    let quoted = name.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let organization = quoted.unwrap_or(name).replace("\"\"", "\"");
    Some(Network { first, last, asn: u32::try_from(asn).ok()?, organization })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_organizations_may_hold_commas_and_quotes() {
        let rows = networks("1,2,64496,\"One, \"\"Inc\"\"\"\n3,4,64497,Two\n").unwrap();
        assert_eq!(rows[0].organization, "One, \"Inc\"");
        assert_eq!((rows[1].first, rows[1].last, rows[1].asn), (3, 4, 64497));
        assert!(networks("1,2,x,y").is_err());
    }
}
