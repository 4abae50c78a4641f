//! Names of roles, users and buckets, by hash.

use crate::rng::choose;
use crate::text::Text;

/// Teams, which own everything.
pub(super) const TEAMS: [&str; 12] = [
    "payments", "search", "platform", "data-eng", "ml", "web", "mobile", "infra", "sec", "billing",
    "growth", "ops",
];
const STAGES: [&str; 3] = ["prod", "stage", "dev"];
const PURPOSES: [&str; 6] = ["task", "lambda", "ci", "node", "admin", "readonly"];
const PEOPLE: [&str; 16] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory",
    "niaj", "olivia", "peggy", "rupert", "sybil",
];
const CONTENTS: [&str; 4] = ["logs", "assets", "backup", "lake"];

impl Text {
    /// Appends the name of a role.
    pub(super) fn role(&mut self, hash: u64) -> &mut Self {
        self.push(choose(&TEAMS, hash)).push("-").push(choose(&STAGES, hash >> 8)).push("-");
        self.push(choose(&PURPOSES, hash >> 16)).push("-").num((hash >> 24) & 0xff)
    }

    /// Appends the name of a user.
    pub(super) fn user(&mut self, hash: u64) -> &mut Self {
        self.push(choose(&PEOPLE, hash)).push(".").push(choose(&TEAMS, hash >> 8));
        self.num((hash >> 16) & 0x3ff)
    }

    /// Appends the name of a bucket.
    pub(super) fn bucket(&mut self, hash: u64) -> &mut Self {
        self.push(choose(&TEAMS, hash)).push("-").push(choose(&CONTENTS, hash >> 6)).push("-");
        self.num((hash >> 10) & 0xff)
    }
}
