//! The report at places that are no forge.
//!
//! Takes: a sink of the rules, the variables it names. Gives: what was delivered; how far it came is kept in
//! `retro/published.json`, so that the next run goes on where this one broke off and sends nothing twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

use super::super::output::variable;
use super::super::say;
use super::RetroRun;
use crate::forge::remote::address::is_token;
use crate::forge::time::rfc3339;
use crate::http::{Client, Config, Secret};
use crate::jobs::kaizen_retro::{Retro, SPEC};
use crate::language::sinks::{REPORTS, SinkKind, below_reports};
use crate::loop_dir;
use crate::publish::{self, DeliveryProgress, Publication, Sink, WebhookShape};

/// Where it is kept how far a report has come, below the loop's folder.
const PUBLISHED: &str = "retro/published.json";
/// Columns of a report as plain text.
const WIDTH: usize = 100;
/// The variable of a Telegram bot's token where `--post-to` asks for a chat and no sink names one.
const TOKEN: &str = "TELEGRAM_BOT_TOKEN";

/// How far each sink has come.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct SinkProgress {
    generated_at: String,
    sinks: BTreeMap<String, DeliveryProgress>,
    /// By sink: the text of a report that it holds only a part of. The rest of that one is sent, not of a
    /// report that says something else by now.
    unfinished: BTreeMap<String, String>,
}

impl SinkProgress {
    fn read(path: &Path) -> SinkProgress {
        let read = loop_dir::read(path).and_then(|text| {
            let text = text.map(|text| serde_json::from_slice(&text)).transpose();
            text.context("it is not what such a run writes")
        });
        read.unwrap_or_else(|error| {
            say(&format!("warning: {} cannot be read and begins anew: {error:#}", path.display()));
            None
        })
        .unwrap_or_default()
    }

    fn save(&self, path: &Path) -> Result<()> {
        loop_dir::replace(path, &serde_json::to_vec_pretty(self).context("writing how far the reports have come")?)
    }
}

impl RetroRun<'_> {
    /// Sends the report to one place; `known`: its comment tells that it has the report.
    pub(super) fn send(&self, id: &str, kind: &SinkKind, retro: &Retro<'_>, known: bool) -> Result<String> {
        let folder = &self.args.common.target.loop_dir;
        let Some(sink) = self.sink(kind, folder)? else {
            return Ok("this is no job of a CI: it has no summary".to_owned());
        };
        let path: PathBuf = folder.join(PUBLISHED);
        let mut published = SinkProgress::read(&path);
        let mut progress = published.sinks.get(id).cloned().unwrap_or_default();
        if known && progress.key != retro.key {
            return Ok("nothing to send, the report was sent before, as its comment tells".to_owned());
        }
        let begun = published.unfinished.remove(id).filter(|_| progress.key == retro.key && !progress.done());
        let markdown = begun.unwrap_or_else(|| retro.markdown.clone());
        let report = Publication {
            job: SPEC.job.to_owned(),
            key: retro.key.to_owned(),
            title: format!("Retrospective of {}", retro.key.trim_start_matches("retro-")),
            text: publish::plain(&markdown, WIDTH),
            markdown,
            json: retro.json.clone(),
            generated_at: self.now,
        };
        published.generated_at = rfc3339(self.now);
        let mut keep = |progress: &DeliveryProgress| {
            published.sinks.insert(id.to_owned(), progress.clone());
            if progress.done() {
                published.unfinished.remove(id);
            } else {
                published.unfinished.insert(id.to_owned(), report.markdown.clone());
            }
            published.save(&path)
        };
        let outcome = publish::send(&sink, &report, &self.client()?, &mut progress, &mut keep);
        if outcome.complete() { Ok(outcome.to_string()) } else { Err(anyhow!("{outcome}")) }
    }

    fn client(&self) -> Result<Client> {
        let wait = self.args.common.target.retry_wait;
        let config = Config {
            base_wait: Duration::from_millis(wait),
            secondary_wait: Duration::from_millis(wait.saturating_mul(60)),
            say: Arc::new(|text: &str| say(text)),
            ..Config::default()
        };
        Client::new(config).map_err(|error| anyhow!("{error}"))
    }

    /// The sink with what its variables hold; none where there is no CI job to have a summary.
    fn sink(&self, kind: &SinkKind, folder: &Path) -> Result<Option<Sink>> {
        let held = |name: &str| {
            if is_token(name) {
                return Err(anyhow!("the variable {name} holds the forge's token, which goes to the forge alone"));
            }
            variable(name)
                .ok_or_else(|| anyhow!("the variable {name} is not set; set it, or take the sink out of the rules"))
        };
        let sink = match kind {
            SinkKind::Telegram { token_env, chat, chat_env, api_env } => {
                let chat = match (&self.args.post_to, chat, chat_env) {
                    (Some(chat), _, _) | (None, Some(chat), _) => chat.clone(),
                    (None, None, Some(name)) => held(name)?,
                    (None, None, None) => return Err(anyhow!("no chat is named")),
                };
                let api = api_env.as_deref().filter(|name| is_token(name) || variable(name).is_some());
                let api = api.map(held).transpose()?;
                Sink::telegram(&Secret::new(&held(token_env)?), &chat, api.as_deref())
            }
            SinkKind::Webhook { url_env, shape } => {
                let url = Secret::new(&held(url_env)?);
                WebhookShape::named(shape).and_then(|shape| Sink::webhook(&url, shape))
            }
            SinkKind::File { path, .. } => match below_reports(path) {
                Some(path) => Sink::file(&path, &folder.join(REPORTS)),
                None => return Err(anyhow!("`{}` is no file below {REPORTS}/", path.escape_debug())),
            },
            SinkKind::StepSummary => {
                return Ok(variable("GITHUB_STEP_SUMMARY").map(|path| Sink::summary(Path::new(&path))));
            }
            SinkKind::Issue(_) => return Err(anyhow!("an issue is written to through a plan")),
        };
        sink.map(Some).map_err(|error| anyhow!("{error}"))
    }

    /// The sink that `--post-to` asks for where the rules have none for Telegram.
    pub(super) fn posted_to(&self) -> Option<SinkKind> {
        let there = self.rules.sinks.iter().any(|sink| matches!(sink.kind, SinkKind::Telegram { .. }));
        let chat = self.args.post_to.clone().filter(|_| !there)?;
        Some(SinkKind::Telegram {
            token_env: TOKEN.to_owned(),
            chat: Some(chat),
            chat_env: None,
            api_env: Some("TELEGRAM_API_URL".to_owned()),
        })
    }
}
