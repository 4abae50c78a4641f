//! The sinks that are configured, and what is left of those that were.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Result, bail};
use serde_json::json;
use store::{Change, DocumentKey, Owner, Store};

use super::file::Lines;
use super::pending::{all, kind};
use super::webhook::Sender;
use super::{Publisher, Sink};
use crate::config::ServeConfig;
use crate::serve::status::Status;

/// The kind of the documents that name the sinks of the last start.
const SINKS: &str = "sinks";
/// Most webhooks.
const WEBHOOKS_MAX: usize = 16;
/// Longest name of a webhook.
const NAME_MAX: usize = 40;

/// Opens every sink that is configured, and forgets those that no longer are: nothing is collected for them.
pub(in crate::serve) fn open(
    config: &ServeConfig,
    data_dir: &Path,
    shared: &(Arc<dyn Store>, Arc<Status>, Arc<AtomicBool>),
) -> Result<Vec<Publisher>> {
    let sinks = sinks(config)?;
    let store = &*shared.0;
    let names: BTreeSet<&str> = sinks.iter().map(|it| &*it.0).collect();
    if names.len() < sinks.len() {
        bail!("serve.webhooks: two have the same name");
    }
    for known in all(store, SINKS)? {
        if !names.contains(&*known.key.id) {
            forget(store, &known.key)?;
        }
    }
    let publisher = |(name, sink): (String, Box<dyn Sink>)| {
        let key = DocumentKey::new(Owner::default(), SINKS, &*name);
        store.apply(&[Change::put(key, json!({}))], None)?;
        Publisher::new(shared.clone(), name, sink, data_dir)
    };
    sinks.into_iter().map(publisher).collect()
}

fn sinks(config: &ServeConfig) -> Result<Vec<(String, Box<dyn Sink>)>> {
    if config.webhooks.len() > WEBHOOKS_MAX {
        bail!("serve.webhooks: at most {WEBHOOKS_MAX} are taken");
    }
    let mut sinks: Vec<(String, Box<dyn Sink>)> = Vec::new();
    for webhook in &config.webhooks {
        let name = &webhook.name;
        let fits = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(fits) {
            bail!(
                "serve.webhooks: the name `{}` is not made of 1 to {NAME_MAX} lower-case letters, digits and hyphens",
                crate::text::visible(name)
            );
        }
        sinks.push((format!("webhook.{name}"), Box::new(Sender::new(webhook, config)?)));
    }
    if !config.findings_file.is_empty() {
        sinks.push(("file".to_owned(), Box::new(Lines(PathBuf::from(&config.findings_file)))));
    }
    Ok(sinks)
}

fn forget(store: &dyn Store, sink: &DocumentKey) -> Result<()> {
    let waiting = all(store, &kind(&sink.id))?;
    let gone: Vec<Change> = waiting.into_iter().map(|it| Change::delete(it.key)).collect();
    store.apply(&gone, None)?;
    store.remove_sink(&sink.id)?;
    store.apply(&[Change::delete(sink.clone())], None)?;
    Ok(())
}
