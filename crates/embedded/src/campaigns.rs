//! Campaigns on SQLite: triggers count, this reads.

use async_trait::async_trait;
use ktrdr_domain::FailureReason;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::operation::CancelRequest;
use ktrdr_domain::phase::BadPhase;
use rusqlite::{Connection, Params, Row};

use super::failure::Failure;
use super::parts;
use super::row;
use super::store::SqliteStore;
use super::tx::integer;
use ktrdr_fabric::campaign::{Campaign, CampaignPage, Campaigns, Outcome};
use ktrdr_fabric::limits;
use ktrdr_fabric::store::StoreError;

/// Selects what [`some`] reads.
macro_rules! select {
    ($tail:expr) => {
        concat!(
            "SELECT name, begun_at_ms, cancel_at_ms, cancel_by, cancel_reason, cancel_upto IS NOT NULL, seq, forgotten FROM campaigns ",
            $tail
        )
    };
}

#[async_trait]
impl Campaigns for SqliteStore {
    async fn campaign(&self, name: &CampaignName) -> Result<Option<Campaign>, StoreError> {
        let name = name.clone();
        let read = move |db: &Connection| {
            let snapshot = db.unchecked_transaction()?;
            Ok(some(&snapshot, select!("WHERE name = ?1"), [name.as_str()])?
                .pop()
                .map(|(campaign, _)| campaign))
        };
        self.read_apart(read).await
    }

    async fn campaigns(&self, before: Option<u64>, limit: u32) -> Result<CampaignPage, StoreError> {
        limits::check_page(limit)?;
        let before = before.map_or(i64::MAX, integer);
        let read = move |db: &Connection| {
            let snapshot = db.unchecked_transaction()?;
            let sql = select!("WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2");
            let (campaigns, positions): (Vec<_>, Vec<_>) =
                some(&snapshot, sql, (before, limit))?.into_iter().unzip();
            let is_full = campaigns.len() == limit as usize;
            let next = positions.last().copied().filter(|&position| is_full && position > 1);
            Ok(CampaignPage { campaigns, next, total: parts::count(&snapshot, "campaigns", "")? })
        };
        self.read_apart(read).await
    }
}

/// Campaigns with their positions.
fn some(db: &Connection, sql: &str, params: impl Params) -> Result<Vec<(Campaign, u64)>, Failure> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut campaigns = Vec::new();
    while let Some(found) = rows.next()? {
        let name: CampaignName = row::word(found, 0)?;
        let outcomes = outcomes(db, &name)?;
        let campaign = Campaign {
            begun_at_ms: found.get(1)?,
            cycles: outcomes.iter().map(|outcome| outcome.cycles).sum(),
            forgotten: row::count(found, 7)?,
            cancel: cancel(found)?,
            is_cancelling: found.get(5)?,
            outcomes,
            name,
        };
        campaigns.push((campaign, row::count(found, 6)?));
    }
    Ok(campaigns)
}

fn cancel(found: &Row<'_>) -> Result<Option<CancelRequest>, Failure> {
    let Some(at_ms) = found.get(2)? else { return Ok(None) };
    Ok(Some(CancelRequest { at_ms, by: found.get(3)?, reason: found.get(4)?, too_late: false }))
}

fn outcomes(db: &Connection, name: &CampaignName) -> Result<Vec<Outcome>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT status, phase, reason, stopped_by, cycles FROM campaign_outcomes WHERE campaign = ?1 AND cycles > 0",
    )?;
    let mut rows = statement.query([name.as_str()])?;
    let mut outcomes = Vec::new();
    while let Some(found) = rows.next()? {
        let text =
            |column| Ok::<_, Failure>(Some(found.get::<_, String>(column)?).filter(|text| !text.is_empty()));
        outcomes.push(Outcome {
            status: row::word(found, 0)?,
            phase: text(1)?
                .map(|word| word.parse().map_err(|e: BadPhase| Failure::corrupt(e)))
                .transpose()?,
            reason: text(2)?.map(FailureReason::from),
            stopped_by: text(3)?,
            cycles: row::count(found, 4)?,
        });
    }
    outcomes.sort();
    Ok(outcomes)
}
