//! Time on the wire where the interface model says timestamp: seconds since 1970, with fractions.

use model::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time as a JSON number of seconds. Members that the model calls strings carry ISO 8601 instead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Epoch(pub(crate) Timestamp);

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let millis = self.0.millis();
        if millis % 1000 == 0 {
            serializer.serialize_i64(millis / 1000)
        } else {
            serializer.serialize_f64(millis as f64 / 1000.0)
        }
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Epoch, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Ok(Epoch(Timestamp::from_millis((seconds * 1000.0).round() as i64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_survive() {
        for millis in [0, 1_636_625_755_218, 1_636_625_755_000, 1_700_000_000_001] {
            let epoch = Epoch(Timestamp::from_millis(millis));
            let text = serde_json::to_string(&epoch).unwrap();
            assert_eq!(serde_json::from_str::<Epoch>(&text).unwrap(), epoch, "{text}");
        }
        let text =
            serde_json::to_string(&Epoch(Timestamp::from_millis(1_636_625_755_218))).unwrap();
        assert_eq!(text, "1636625755.218");
    }
}
