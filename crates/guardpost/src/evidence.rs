//! The records behind findings, fetched again in one pass per object.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use findings::{EvidenceRecord, Explanation};
use model::Origin;
use store::StoredFinding;
use telemetry::extract;

use crate::sources::Object;

/// The explanations of findings, evidence included, and how many records could not be fetched again.
pub fn explain(
    findings: &[&StoredFinding],
    objects: &[Object],
    threads: usize,
) -> (Vec<Explanation>, u64) {
    let mut wanted: BTreeMap<u32, Vec<Origin>> = BTreeMap::new();
    for finding in findings {
        for evidence in &finding.draft.evidence {
            wanted.entry(evidence.origin.object).or_default().push(evidence.origin);
        }
    }
    let wanted: Vec<(u32, Vec<Origin>)> = wanted
        .into_iter()
        .map(|(number, mut origins)| {
            origins.sort_unstable_by_key(|it| (it.offset, it.len));
            origins.dedup();
            (number, origins)
        })
        .collect();
    let records = fetch(&wanted, objects, threads);
    let mut lost = 0;
    let explanations = findings
        .iter()
        .map(|finding| {
            let mut explanation = Explanation::from_draft(&finding.draft);
            for evidence in &finding.draft.evidence {
                let origin = evidence.origin;
                let object = objects.get(origin.object as usize);
                match (object, records.get(&origin)) {
                    (Some(object), Some(bytes)) => {
                        let record = EvidenceRecord::new(*evidence, &object.name, bytes);
                        explanation.evidence.push(record);
                    }
                    _ => lost += 1,
                }
            }
            explanation
        })
        .collect();
    (explanations, lost)
}

/// The bytes of each origin that can be fetched.
fn fetch(
    wanted: &[(u32, Vec<Origin>)],
    objects: &[Object],
    threads: usize,
) -> BTreeMap<Origin, Vec<u8>> {
    let records = Mutex::new(BTreeMap::new());
    let next = AtomicUsize::new(0);
    let run = || {
        while let Some((number, origins)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some(object) = objects.get(*number as usize) else { continue };
            // What cannot be read a second time is counted as lost by the caller.
            let Ok(bytes) = object.read() else { continue };
            let found = origins.iter().copied().zip(extract(bytes, origins));
            let found: Vec<_> =
                found.filter_map(|(origin, bytes)| Some((origin, bytes?))).collect();
            records.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(found);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(wanted.len()) {
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
        }
        run();
    });
    records.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
