//! The ledger on SQLite, in the store's file and through its writer.

use async_trait::async_trait;
use ktrdr_domain::closing::{Candidate, Closing};
use ktrdr_domain::hypothesis::{Considered, Decision, Hypothesis, HypothesisTest};
use ktrdr_domain::job::Origin;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::{CampaignName, HypothesisId, Symbol};
use ktrdr_domain::trial::{Conclusion, Look, Trial};
use ktrdr_domain::{OperationId, Span};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row};

use super::closings;
use super::failure::Failure;
use super::hypotheses::{self, Remark};
use super::parts::List;
use super::row;
use super::store::SqliteStore;
use super::tx::Tx;
use super::writer::Sync;
use ktrdr_fabric::ledger::{Begun, Closed, Ledger, LedgerReader, Part, Remarked, Stretch, never_counted};
use ktrdr_fabric::limits::readable_json;
use ktrdr_fabric::store::StoreError;

/// A look beside what it showed.
const TRIALS: &str = "SELECT trial, conclusion FROM trials LEFT JOIN conclusions USING (operation) ";

const LESSONS: &str = "SELECT lesson FROM lessons ";

#[async_trait]
impl LedgerReader for SqliteStore {
    async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, StoreError> {
        let campaign = campaign.map(CampaignName::to_string);
        let sql = format!("{TRIALS} WHERE ?1 IS NULL OR campaign = ?1 ORDER BY seq");
        self.read_apart(move |db| trials(db, &sql, [campaign])).await
    }

    async fn trials_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Trial>, StoreError> {
        self.part(List { table: "trials", select: TRIALS }, campaign, part, trial).await
    }

    async fn looks(&self, symbol: &Symbol, during: Span) -> Result<Vec<Trial>, StoreError> {
        let symbol = symbol.to_string();
        let sql = format!(
            "{TRIALS} WHERE json_extract(trial, '$.symbol') = ?1 AND span_start < ?3 AND ?2 < span_end AND NOT is_replay
             ORDER BY seq"
        );
        self.read_apart(move |db| trials(db, &sql, (symbol, during.start.0, during.end.0))).await
    }

    async fn candidates(&self, campaign: &CampaignName) -> Result<Vec<Candidate>, StoreError> {
        let campaign = campaign.to_string();
        let read = move |db: &Connection| {
            row::all(db, closings::CANDIDATES, [campaign], |found| row::json_at(found, 0))
        };
        self.read_apart(read).await
    }

    async fn closings(&self, campaign: Option<&CampaignName>) -> Result<Vec<Closing>, StoreError> {
        let campaign = campaign.map(CampaignName::to_string);
        self.read_apart(move |db| {
            row::all(db, closings::CLOSINGS, [campaign], |found| row::json_at(found, 0))
        })
        .await
    }

    async fn closings_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Closing>, StoreError> {
        let list = List { table: "closings", select: "SELECT closing FROM closings " };
        self.part(list, campaign, part, |found| row::json_at(found, 0)).await
    }

    async fn lessons_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Lesson>, StoreError> {
        let list = List { table: "lessons", select: LESSONS };
        self.part(list, campaign, part, |found| row::json_at(found, 0)).await
    }

    async fn lessons(&self, campaign: Option<&CampaignName>, limit: u32) -> Result<Vec<Lesson>, StoreError> {
        let campaign = campaign.map(CampaignName::to_string);
        let sql = format!("{LESSONS} WHERE ?1 IS NULL OR campaign = ?1 ORDER BY seq DESC LIMIT ?2");
        self.read_apart(move |db| row::all(db, &sql, (campaign, limit), |found| row::json_at(found, 0))).await
    }

    async fn hypotheses(
        &self,
        campaign: Option<&CampaignName>,
        limit: u32,
    ) -> Result<Vec<Considered>, StoreError> {
        let campaign = campaign.map(CampaignName::to_string);
        let read = move |db: &Connection| {
            row::all(db, hypotheses::HYPOTHESES, (campaign, limit), hypotheses::considered)
        };
        self.read_apart(read).await
    }
}

#[async_trait]
impl Ledger for SqliteStore {
    async fn begin(&self, look: &Look) -> Result<(), StoreError> {
        let (look, json) = (look.clone(), readable_json(look)?);
        self.writer.run(Sync::Now, move |tx| begin(tx, &look, &json)).await
    }

    async fn begin_unless_repeated(&self, look: &Look) -> Result<Begun, StoreError> {
        let (look, json) = (look.clone(), readable_json(look)?);
        let unless_repeated = move |tx: &mut Tx<'_>| match twin(tx, &look)? {
            Some(twin) => Ok(Begun::Repeats(twin)),
            None => begin(tx, &look, &json).map(|()| Begun::Counted),
        };
        self.writer.run(Sync::Now, unless_repeated).await
    }

    async fn conclude(&self, operation: &OperationId, conclusion: &Conclusion) -> Result<(), StoreError> {
        let (operation, json) = (operation.clone(), readable_json(conclusion)?);
        self.writer.run(Sync::Now, move |tx| conclude(tx, &operation, &json)).await
    }

    async fn nominate(&self, candidate: &Candidate) -> Result<(), StoreError> {
        let (candidate, json) = (candidate.clone(), readable_json(candidate)?);
        self.writer.run(Sync::Now, move |tx| closings::nominate(tx, &candidate, &json)).await
    }

    async fn close(&self, closing: &Closing) -> Result<Closed, StoreError> {
        let (closing, json) = (closing.clone(), readable_json(closing)?);
        self.writer.run(Sync::Now, move |tx| closings::close(tx, &closing, &json)).await
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

    async fn propose(&self, hypothesis: &Hypothesis) -> Result<(), StoreError> {
        let (hypothesis, json) = (hypothesis.clone(), readable_json(hypothesis)?);
        self.writer.run(Sync::Now, move |tx| hypotheses::propose(tx, &hypothesis, &json)).await
    }

    async fn decide(&self, hypothesis: &HypothesisId, decision: &Decision) -> Result<Remarked, StoreError> {
        let (id, json) = (hypothesis.clone(), readable_json(decision)?);
        self.writer.run(Sync::Now, move |tx| hypotheses::remark(tx, &id, Remark::Decision, &json)).await
    }

    async fn tested(&self, hypothesis: &HypothesisId, test: &HypothesisTest) -> Result<Remarked, StoreError> {
        let (id, json) = (hypothesis.clone(), readable_json(test)?);
        self.writer.run(Sync::Now, move |tx| hypotheses::remark(tx, &id, Remark::Test, &json)).await
    }
}

fn begin(tx: &mut Tx<'_>, look: &Look, json: &str) -> Result<(), Failure> {
    let insert =
        "INSERT INTO trials (operation, campaign, is_replay, data_sha256, span_start, span_end, trial)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    let is_replay = look.origin == Origin::Replay;
    let (data, span, campaign) = (look.data_sha256.to_string(), look.span, look.campaign.as_str());
    let values = (look.operation.as_str(), campaign, is_replay, &data, span.start.0, span.end.0, json);
    tx.execute(insert, values).map(|_| ())
}

/// The first operation that shows the same, unless this one is counted already.
fn twin(tx: &mut Tx<'_>, look: &Look) -> Result<Option<OperationId>, Failure> {
    let counted = "SELECT 1 FROM trials WHERE operation = ?1";
    let Some(content) = look.content_sha256.filter(|_| look.shows().is_some()) else { return Ok(None) };
    if tx.first(counted, [look.operation.as_str()], |_| Ok(()))?.is_some() {
        return Ok(None);
    }
    let twin = "SELECT operation FROM trials WHERE json_extract(trial, '$.symbol') = ?1 AND span_start = ?2 AND span_end = ?3
                AND NOT is_replay AND json_extract(trial, '$.content_sha256') = ?4 ORDER BY seq LIMIT 1";
    let values = (look.symbol.as_str(), look.span.start.0, look.span.end.0, content.to_string());
    tx.first(twin, values, |found| row::word(found, 0))
}

fn conclude(tx: &mut Tx<'_>, operation: &OperationId, json: &str) -> Result<(), Failure> {
    let counted = "SELECT 1 FROM trials WHERE operation = ?1";
    if tx.first(counted, [operation.as_str()], |_| Ok(()))?.is_none() {
        return Err(never_counted(operation).into());
    }
    let insert = "INSERT INTO conclusions (operation, conclusion) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    tx.execute(insert, (operation.as_str(), json)).map(|_| ())
}

fn trials(db: &Connection, sql: &str, params: impl Params) -> Result<Vec<Trial>, Failure> {
    row::all(db, sql, params, trial)
}

fn trial(found: &Row<'_>) -> Result<Trial, Failure> {
    let mut trial: Trial = row::json_at(found, 0)?;
    if trial.conclusion.is_none() && found.get_ref(1)? != ValueRef::Null {
        trial.conclusion = Some(row::json_at(found, 1)?);
    }
    Ok(trial)
}
