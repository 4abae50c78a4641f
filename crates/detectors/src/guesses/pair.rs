//! The connections of one pair of addresses, and which of them are guesses.

use engine::Connection;
use engine::findings::EvidenceRef;
use engine::stats::{Ring, Size};
use serde::{Deserialize, Serialize};

use super::Shape;

/// Connections that are kept of a pair.
const LOGINS_MAX: usize = 64;

/// A pair of our interface and a remote address, in one direction.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Pair {
    pub(super) logins: Ring<Login, LOGINS_MAX>,
    pub(super) evidence: Vec<EvidenceRef>,
}

/// One connection so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Login {
    pub(super) first: u32,
    pub(super) packets: u32,
    pub(super) bytes: u32,
    pub(super) secs: u16,
    pub(super) client_port: u16,
}

impl Pair {
    /// Keeps a connection, or brings it up to date. Returns whether it is a guess that was not one before.
    pub(super) fn note(&mut self, connection: &Connection, shape: &Shape) -> bool {
        let login = Login::of(connection);
        let known = self
            .logins
            .iter_mut()
            .rev()
            .find(|it| (it.client_port, it.first) == (login.client_port, login.first));
        let was_guess = known.as_ref().is_some_and(|it| shape.is_guess(it));
        if let Some(known) = known {
            *known = login;
        } else {
            self.logins.push(login);
        }
        shape.is_guess(&login) && !was_guess
    }

    pub(super) fn guesses(&self, shape: &Shape, since: u32) -> impl Iterator<Item = &Login> {
        self.logins.iter().filter(move |it| it.first >= since && shape.is_guess(it))
    }

    pub(super) fn median_secs(&self, shape: &Shape) -> u16 {
        let mut secs: Vec<u16> = self.guesses(shape, 0).map(|it| it.secs).collect();
        secs.sort_unstable();
        secs.get(secs.len().saturating_sub(1) / 2).copied().unwrap_or(0)
    }
}

impl Login {
    pub(super) fn of(connection: &Connection) -> Login {
        let client_port =
            if connection.is_outbound { connection.local_port } else { connection.remote_port };
        Login {
            first: connection.first,
            packets: connection.packets_forward(),
            bytes: u32::try_from(connection.bytes_forward()).unwrap_or(u32::MAX),
            secs: u16::try_from(connection.duration_secs()).unwrap_or(u16::MAX),
            client_port,
        }
    }

    pub(super) fn size(&self) -> Size {
        Size { packets: u64::from(self.packets), bytes: u64::from(self.bytes) }
    }
}
