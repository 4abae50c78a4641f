//! Names that carry data: what a host tells one domain inside the names that it asks for.

mod encoded;
mod pair;
mod seen;
mod zones;

pub(crate) use pair::{Case, Pair, Tally, per_mille};
pub(crate) use zones::{is_inward, is_look_up_service};
