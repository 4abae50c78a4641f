//! `guardpost serve` and `guardpost keys`.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use engine::model::AccountId;

use crate::cli::{KeysCommand, ServeArgs};
use crate::config::Config;
use crate::knowledge::Collector;
use crate::output::{say, write};
use crate::serve::keys::KeyFile;
use crate::serve::{self, Request};

/// Runs the service.
pub fn run(args: ServeArgs) -> Result<()> {
    let config = args.config.as_deref().map(Config::load).transpose()?.unwrap_or_default();
    let mut collector = Collector::new();
    super::intel::stored(&args.stored, &config.intel, &mut collector)?;
    args.threat_list.iter().try_for_each(|it| collector.threat_list(it))?;
    args.trusted_list.iter().try_for_each(|it| collector.trusted_list(it))?;
    args.inventory.iter().try_for_each(|it| collector.inventory_file(it))?;
    args.geo.iter().try_for_each(|it| collector.places(it))?;
    let lists = collector.lists();
    let knowledge = collector.build();
    knowledge.warnings.iter().for_each(|it| say(&format!("warning: {it}\n")));
    serve::run(Request {
        listen: args.listen,
        keys: args.keys.unwrap_or_else(|| args.data_dir.join("keys.json")),
        data_dir: args.data_dir,
        watch: args.watch,
        config,
        knowledge,
        lists,
    })
}

/// Makes, lists or revokes access keys.
pub fn keys(command: &KeysCommand) -> Result<()> {
    match command {
        KeysCommand::Create(args) => {
            let digits = Some(&args.account).filter(|it| it.len() == 12);
            let account = digits.and_then(|it| it.parse::<u64>().ok()).and_then(AccountId::new);
            let account = account.context("--account: give the twelve digits of an account")?;
            let path = args.file.path();
            let dir = path.parent().filter(|it| !it.as_os_str().is_empty() && !it.exists());
            if let Some(dir) = dir {
                serve::make_private_dir(dir)?;
            }
            let given = (args.access_key_id.clone(), args.secret_access_key.clone());
            let (id, secret) = KeyFile::open(&path)?.create(account, &args.role, given)?;
            write(&format!("{{\"AccessKeyId\":\"{id}\",\"SecretAccessKey\":\"{secret}\"}}\n"), None)
        }
        KeysCommand::List(args) => {
            let mut text =
                String::from("ACCESS KEY ID            ACCOUNT       ROLE     CREATED\n");
            for key in KeyFile::open(&args.path())?.all() {
                // Writing to a string cannot fail.
                let _ok = writeln!(
                    text,
                    "{:<24} {:012}  {:<8} {}",
                    key.access_key_id,
                    key.account.number(),
                    key.role,
                    key.created
                );
            }
            write(&text, None)
        }
        KeysCommand::Revoke(args) => KeyFile::open(&args.file.path())?.revoke(&args.access_key_id),
    }
}
