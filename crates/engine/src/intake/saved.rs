//! The journal's writer between two batches, written and restored.

use model::Timestamp;
use serde::{Deserialize, Serialize};
use telemetry::ApiRows;

use super::reorder::Reorder;
use super::watermark::Watermarks;
use super::{Intake, IntakeOptions};
use crate::batch::Batch;
use crate::snapshot::SnapshotError;

/// First bytes of a saved writer and the version of its layout.
const MAGIC: [u8; 8] = *b"GPINTK\0\x01";

#[derive(Serialize, Deserialize)]
struct Saved {
    /// Number of the next batch, and the watermark before it.
    next: (u64, Timestamp),
    watermarks: Watermarks,
    waiting: (ApiRows, Vec<u32>, u64),
    impossible: u64,
}

impl Intake {
    /// The whole writer after [`Intake::cut`] and [`Intake::take`]: calls that wait for their turn, watermarks.
    /// An error if rows are in an open batch or batches were not taken.
    pub fn save(&self) -> Result<Vec<u8>, SnapshotError> {
        if !self.open.is_empty() || !self.open.controls.is_empty() || !self.done.is_empty() {
            return Err(SnapshotError::Open);
        }
        let saved = Saved {
            next: (self.open.number, self.open.watermark),
            watermarks: self.watermarks.clone(),
            waiting: self.reorder.save(),
            impossible: self.impossible,
        };
        let mut bytes = MAGIC.to_vec();
        bytes.extend(postcard::to_stdvec(&saved).map_err(SnapshotError::Write)?);
        Ok(bytes)
    }

    /// A writer that goes on where a saved one stood. Lateness and idle time are those of `options`.
    pub fn restore(options: IntakeOptions, bytes: &[u8]) -> Result<Intake, SnapshotError> {
        let body = bytes.strip_prefix(&MAGIC).ok_or(SnapshotError::NotASnapshot)?;
        let saved: Saved = postcard::from_bytes(body).map_err(SnapshotError::Read)?;
        let (rows, weights, _) = &saved.waiting;
        if rows.rows.len() != rows.origins.len() || rows.rows.len() != weights.len() {
            return Err(SnapshotError::Damaged("waiting calls without their origins"));
        }
        let mut intake = Intake::new(options);
        intake.open = Batch::tick(saved.next.0, saved.next.1);
        intake.watermarks = saved.watermarks.with(options.lateness, options.idle);
        intake.reorder = Reorder::restore(saved.waiting);
        intake.impossible = saved.impossible;
        Ok(intake)
    }
}

#[cfg(test)]
mod tests {
    use telemetry::{ApiCall, Span};

    use super::super::SourceId;
    use super::*;

    const START: i64 = 1_772_366_400;

    fn calls(minutes: &[i64]) -> ApiRows {
        let mut rows = ApiRows::default();
        for &minute in minutes {
            let event_id = Span::push(&mut rows.text, &format!("id-{minute}"));
            let time = Timestamp::from_secs(START + minute * 60);
            rows.rows.push(ApiCall { time, event_id, ..ApiCall::default() });
            rows.origins.push(model::Origin { object: 0, len: 1, offset: minute as u64 });
        }
        rows
    }

    fn seen(batches: &[Batch]) -> Vec<(u64, i64, Vec<String>)> {
        let ids = |it: &Batch| {
            it.calls.rows.iter().map(|row| row.event_id.of(&it.calls.text).to_owned()).collect()
        };
        batches.iter().map(|it| (it.number, it.watermark.secs(), ids(it))).collect()
    }

    #[test]
    fn a_restored_writer_goes_on_as_the_saved_one() {
        let source = SourceId::new("calls");
        let mut saved = Intake::new(IntakeOptions::default());
        saved.calls(source, calls(&[3, 1, 2, 40, 39]));
        assert!(matches!(saved.save(), Err(SnapshotError::Open)));
        saved.cut();
        let before: Vec<String> = seen(&saved.take()).into_iter().flat_map(|it| it.2).collect();
        assert_eq!(before, ["id-1", "id-2", "id-3"]);
        let bytes = saved.save().unwrap();
        let mut restored = Intake::restore(IntakeOptions::default(), &bytes).unwrap();
        assert_eq!(restored.save().unwrap(), bytes);
        for intake in [&mut saved, &mut restored] {
            intake.calls(source, calls(&[38, 61, 100]));
            intake.tick(Timestamp::from_secs(START + 300 * 60));
            intake.cut();
        }
        let (one, other) = (seen(&saved.take()), seen(&restored.take()));
        assert_eq!(one, other);
        let ids: Vec<String> = one.into_iter().flat_map(|it| it.2).collect();
        assert_eq!(ids, ["id-38", "id-39", "id-40", "id-61", "id-100"]);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let saved = Intake::new(IntakeOptions::default()).save().unwrap();
        assert!(Intake::restore(IntakeOptions::default(), &saved[..saved.len() - 1]).is_err());
        assert!(Intake::restore(IntakeOptions::default(), b"GPSNAP").is_err());
    }
}
