//! Runs native-format inputs through parser, intake, engine and store, as the drivers do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use detectors::Settings;
use engine::findings::canonical;
use engine::intel::{Category, IntelBuilder, Places, parse_list};
use engine::model::{AccountId, Timestamp, hash64};
use engine::telemetry::{Block, Interest, Limits, ObjectReader, Options, Report, first_time, hint};
use engine::{
    Batch, Control, Descriptions, Engine, EngineOptions, Executor, Intake, IntakeOptions,
    Inventory, Registry, Serial, SourceId,
};
use serde_json::Value;
use store::{FindingStore, MemoryStore};

/// The fixtures of the repository.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// An input with what belongs to it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Case {
    /// `group/family/case`.
    pub(crate) name: String,
    /// Names and contents of the logs.
    pub(crate) inputs: Vec<(String, Vec<u8>)>,
    /// Lists by category.
    pub(crate) lists: Vec<(Category, String, Vec<u8>)>,
    /// Descriptions for the inventory.
    pub(crate) inventory: Vec<(String, Vec<u8>)>,
    /// Databases of places.
    pub(crate) places: Vec<Vec<u8>>,
    /// Settings that differ from the defaults, as TOML.
    pub(crate) settings: String,
}

/// Reads every case below `fixtures/`.
///
/// `<case>.log|jsonl|json[.gz]` are inputs, `<case>.list.<category>.txt|csv` lists,
/// `<case>.inventory.json` a description, `<case>.places.mmdb` a database of places, `<case>.settings.toml`
/// settings.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    let mut files = Vec::new();
    walk(&fixtures(), &mut files);
    files.sort();
    for path in files {
        let relative = path.strip_prefix(fixtures()).unwrap().to_string_lossy().replace('\\', "/");
        if relative.matches('/').count() != 2 || relative.ends_with(".findings.json") {
            continue;
        }
        let (folder, file) = relative.rsplit_once('/').unwrap();
        let (stem, rest) = file.split_once('.').unwrap();
        let name = format!("{folder}/{stem}");
        let case = cases.entry(name.clone()).or_insert_with(|| Case { name, ..Case::default() });
        let bytes = std::fs::read(&path).unwrap();
        if let Some(category) = rest.strip_prefix("list.") {
            let category = category.split('.').next().unwrap().parse().expect("a list's category");
            case.lists.push((category, stem.to_owned(), bytes));
        } else if rest.ends_with("settings.toml") {
            case.settings = String::from_utf8(bytes).unwrap();
        } else if rest.ends_with("places.mmdb") {
            case.places.push(bytes);
        } else if rest.ends_with("inventory.json") {
            case.inventory.push((file.to_owned(), bytes));
        } else {
            case.inputs.push((file.to_owned(), bytes));
        }
    }
    cases.into_values().collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// How a run is done; the result must not depend on it.
pub(crate) struct Run<'r> {
    pub(crate) executor: &'r dyn Executor,
    pub(crate) batch_rows: usize,
    /// After which batches the state is written, and a fresh engine goes on with it.
    pub(crate) restarts: &'r dyn Fn(u64) -> bool,
    pub(crate) entities_per_key_group: usize,
    /// Adds detectors of the test's own.
    pub(crate) guests: &'r dyn Fn(&mut Registry),
}

impl Default for Run<'_> {
    fn default() -> Self {
        Run {
            executor: &Serial,
            batch_rows: 16_384,
            restarts: &|_| false,
            entities_per_key_group: EngineOptions::default().entities_per_key_group,
            guests: &|_| {},
        }
    }
}

/// The batches of a case: what a driver's journal holds.
pub(crate) fn batches(case: &Case, batch_rows: usize) -> Vec<Batch> {
    let registry = registry(case, &Run::default());
    let names = registry.calls_of_interest();
    let names = names.into_iter().chain(Inventory::CALLS.iter().copied());
    let interest = Interest::new(names.map(|it| (it, Interest::ALL)));
    let options = Arc::new(Options { limits: Limits::default(), interest });
    let mut objects: Vec<_> = case.inputs.iter().collect();
    objects.sort_by_cached_key(|(name, bytes)| {
        (hint(name).time.or_else(|| first_time(name, bytes, |_| true)), hash64(bytes))
    });
    let mut intake = Intake::new(IntakeOptions { batch_rows, ..IntakeOptions::default() });
    let mut report = Report::default();
    for (object, (name, bytes)) in objects.into_iter().enumerate() {
        let mut reader = ObjectReader::new(object as u32, name, bytes.clone(), options.clone());
        while let Some(block) = reader.next_block(&mut report) {
            match block {
                Block::Flows(rows) => intake.flows(SourceId::new("flows"), rows),
                Block::Queries(rows) => intake.queries(SourceId::new("queries"), rows),
                Block::ApiCalls(rows) => intake.calls(SourceId::new("calls"), rows),
            }
        }
    }
    intake.finish(Duration::from_hours(25));
    intake.take()
}

fn registry(case: &Case, run: &Run<'_>) -> Arc<Registry> {
    let settings: Settings = toml::from_str(&case.settings).expect("settings of a case");
    let mut registry = detectors::registry(&settings);
    (run.guests)(&mut registry);
    Arc::new(registry)
}

/// An engine as a driver makes it, with the case's lists.
pub(crate) fn engine(case: &Case, registry: Arc<Registry>, run: &Run<'_>) -> Engine {
    let mut builder = IntelBuilder::new().with_builtin();
    for (category, name, bytes) in &case.lists {
        let (list, problems) = parse_list(name, bytes);
        assert!(problems.is_empty(), "{}: {problems:?}", case.name);
        builder.add_list(name, *category, None, list);
    }
    for bytes in &case.places {
        builder = builder.with_places(Places::from_mmdb(bytes.clone()).expect(&case.name));
    }
    let options = EngineOptions {
        entities_per_key_group: run.entities_per_key_group,
        ..EngineOptions::default()
    };
    Engine::new(registry, Arc::new(builder.build()), options)
}

/// Runs a case and gives its findings in canonical form.
pub(crate) fn findings(case: &Case, run: &Run<'_>) -> Vec<Value> {
    let registry = registry(case, run);
    let mut batches = batches(case, run.batch_rows);
    let mut facts = Descriptions::default();
    for (name, bytes) in &case.inventory {
        facts.add(name, bytes, AccountId::new(111_122_223_333), None).expect(&case.name);
    }
    if let Some(first) = batches.first_mut()
        && !case.inventory.is_empty()
    {
        first.controls.push(Control::Inventory(Arc::new(facts)));
    }
    let mut engine_now = engine(case, registry.clone(), run);
    let mut store = MemoryStore::new();
    for batch in &batches {
        let output = engine_now.process(batch, run.executor);
        let outcome = store.commit(output.batch, output.drafts, Timestamp::from_millis(0));
        assert!(matches!(outcome, store::CommitOutcome::Committed { .. }), "{outcome:?}");
        if (run.restarts)(batch.number) {
            let snapshot = engine_now.snapshot().unwrap();
            engine_now = engine(case, registry.clone(), run);
            engine_now.restore(&snapshot).unwrap();
            assert_eq!(
                engine_now.snapshot().unwrap(),
                snapshot,
                "{}: a snapshot is stable",
                case.name
            );
        }
    }
    store.findings().iter().map(|it| canonical(&it.finding)).collect()
}
