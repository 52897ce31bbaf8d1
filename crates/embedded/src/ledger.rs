//! The ledger on SQLite, in the store's file and through its writer.

use async_trait::async_trait;
use ktrdr_domain::job::Origin;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::trial::Trial;
use rusqlite::{Connection, Params};
use serde::de::DeserializeOwned;

use super::failure::Failure;
use super::row;
use super::store::SqliteStore;
use super::tx::Tx;
use super::writer::Sync;
use ktrdr_fabric::ledger::{Ledger, LedgerReader, TrialCount};
use ktrdr_fabric::limits::readable_json;
use ktrdr_fabric::store::StoreError;

#[async_trait]
impl LedgerReader for SqliteStore {
    async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, StoreError> {
        let campaign = campaign.map(CampaignName::to_string);
        let sql = "SELECT trial FROM trials WHERE ?1 IS NULL OR campaign = ?1 ORDER BY seq";
        self.read_apart(move |db| all_json(db, sql, [campaign])).await
    }

    async fn lessons(&self, campaign: Option<&CampaignName>, limit: u32) -> Result<Vec<Lesson>, StoreError> {
        let campaign = campaign.map(CampaignName::to_string);
        let sql = "SELECT lesson FROM lessons WHERE ?1 IS NULL OR campaign = ?1 ORDER BY seq DESC LIMIT ?2";
        self.read_apart(move |db| all_json(db, sql, (campaign, limit))).await
    }
}

#[async_trait]
impl Ledger for SqliteStore {
    async fn count(&self, trial: &Trial) -> Result<TrialCount, StoreError> {
        let (trial, json) = (trial.clone(), readable_json(trial)?);
        self.writer.run(Sync::Now, move |tx| count(tx, &trial, &json)).await
    }

    async fn remember(&self, lesson: &Lesson) -> Result<(), StoreError> {
        let (cycle, campaign, json) = (lesson.cycle.clone(), lesson.campaign.clone(), readable_json(lesson)?);
        let insert = move |tx: &mut Tx<'_>| {
            let sql =
                "INSERT INTO lessons (cycle, campaign, lesson) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            tx.execute(sql, (cycle.as_str(), campaign.as_str(), &json)).map(|_| ())
        };
        self.writer.run(Sync::Now, insert).await
    }
}

fn count(tx: &mut Tx<'_>, trial: &Trial, json: &str) -> Result<TrialCount, Failure> {
    let (data, span, campaign) = (trial.data_sha256.to_string(), trial.span, trial.campaign.as_str());
    tx.execute(
        "INSERT INTO trials (operation, campaign, is_replay, data_sha256, span_start, span_end, sharpe_daily, trial)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        (
            trial.operation.as_str(),
            campaign,
            trial.origin == Origin::Replay,
            &data,
            span.start.0,
            span.end.0,
            trial.sharpe_daily,
            json,
        ),
    )?;
    let sharpes: Vec<Option<f64>> = tx.all(
        "SELECT sharpe_daily FROM trials WHERE campaign = ?1 AND NOT is_replay ORDER BY seq",
        [campaign],
        |found| Ok(found.get(0)?),
    )?;
    let looks = tx.first(
        "SELECT count(*) FROM trials
         WHERE data_sha256 = ?1 AND span_start < ?3 AND ?2 < span_end AND NOT is_replay",
        (&data, span.start.0, span.end.0),
        |found| row::count(found, 0),
    )?;
    Ok(TrialCount {
        trials: sharpes.len() as u64,
        sharpes_daily: sharpes.into_iter().flatten().collect(),
        looks_at_window: looks.unwrap_or_default(),
    })
}

fn all_json<T: DeserializeOwned>(db: &Connection, sql: &str, params: impl Params) -> Result<Vec<T>, Failure> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut entries = Vec::new();
    while let Some(found) = rows.next()? {
        entries.push(row::json(found.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
    }
    Ok(entries)
}
