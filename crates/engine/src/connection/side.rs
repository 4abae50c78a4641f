//! Which side of a flow line is ours.

use model::Addr;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use telemetry::Flow;

/// Most addresses that are kept as ours for one interface.
const OWN_MAX: usize = 16;

/// The addresses of an interface as far as its own lines tell.
///
/// Learning is by line, never by batch: an address that stands in every line is ours. Until that is
/// settled, a private address is taken before a public one and the source before the destination.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Side {
    /// Settled addresses; the first, which nearly all lines have, lies in place.
    own: SmallVec<[Addr; 1]>,
    /// The two addresses of the first line while it is open which of them is ours.
    open: Option<(Addr, Addr)>,
}

impl Side {
    pub(crate) fn is_settled(&self) -> bool {
        !self.own.is_empty()
    }

    /// Adds addresses that the inventory knows to be ours.
    pub fn add_known(&mut self, addrs: impl IntoIterator<Item = Addr>) {
        for addr in addrs {
            self.add(addr);
        }
    }

    fn add(&mut self, addr: Addr) {
        if self.own.len() < OWN_MAX && !self.own.contains(&addr) {
            self.own.push(addr);
        }
    }

    /// Whether we sent the packets of this line; learns from it.
    #[inline]
    pub fn is_outbound(&mut self, flow: &Flow) -> bool {
        if let [own, ..] = self.own[..] {
            if own == flow.src {
                return true;
            }
            if own == flow.dst {
                return false;
            }
        }
        self.is_outbound_slow(flow)
    }

    #[cold]
    fn is_outbound_slow(&mut self, flow: &Flow) -> bool {
        if flow.marks & (Flow::EGRESS | Flow::INGRESS) != 0 {
            let is_outbound = flow.marks & Flow::EGRESS != 0;
            self.add(if is_outbound { flow.src } else { flow.dst });
            return is_outbound;
        }
        if self.own.contains(&flow.src) {
            return true;
        }
        if self.own.contains(&flow.dst) {
            return false;
        }
        if self.is_settled() {
            // An address that was not seen before, such as a second one of the interface.
            return guess(flow.src, flow.dst);
        }
        let (a, b) = *self.open.get_or_insert((flow.src, flow.dst));
        let (has_a, has_b) = (flow.src == a || flow.dst == a, flow.src == b || flow.dst == b);
        match (has_a, has_b) {
            (true, false) => self.own.push(a),
            (false, true) => self.own.push(b),
            (true, true) => return guess(a, b) == (flow.src == a),
            (false, false) => {
                self.open = Some((flow.src, flow.dst));
                return guess(flow.src, flow.dst);
            }
        }
        self.open = None;
        self.own.first() == Some(&flow.src)
    }
}

/// Whether the first of two addresses is rather ours than the second.
fn guess(a: Addr, b: Addr) -> bool {
    !a.is_public() || b.is_public()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::stage::tests::line;

    fn sides(lines: &[&str]) -> Vec<bool> {
        let mut side = Side::default();
        lines.iter().map(|it| side.is_outbound(&line(it))).collect()
    }

    #[test]
    fn the_address_that_all_lines_share_is_ours() {
        let got = sides(&[
            "10.0.0.9:5000>10.0.0.5:443 0-60",
            "10.0.0.5:443>10.0.0.9:5000 0-60",
            "10.0.0.5:6000>10.0.0.7:443 1-60",
            "10.0.0.9:5001>10.0.0.5:443 2-60",
        ]);
        assert_eq!(got[2..], [true, false]);
    }

    #[test]
    fn a_private_address_is_rather_ours_than_a_public_one() {
        let got =
            sides(&["198.51.100.1:5000>10.0.0.5:22 0-60", "10.0.0.5:22>198.51.100.1:5000 0-60"]);
        assert_eq!(got, [false, true]);
    }

    #[test]
    fn the_direction_field_settles_it() {
        let mut side = Side::default();
        let mut flow = line("10.0.0.5:5000>10.0.0.9:22 0-60");
        flow.marks |= Flow::INGRESS;
        assert!(!side.is_outbound(&flow));
        assert!(side.is_settled());
    }

    #[test]
    fn a_public_interface_is_learnt_as_well() {
        let got =
            sides(&["198.51.100.1:1>203.0.113.5:22 0-60", "198.51.100.2:1>203.0.113.5:22 0-60"]);
        assert!(!got[1]);
    }
}
