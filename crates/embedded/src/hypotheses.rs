//! Hypotheses on SQLite, and what was said of them since.

use ktrdr_domain::hypothesis::{Considered, Hypothesis};
use ktrdr_domain::name::HypothesisId;
use ktrdr_fabric::ledger::Remarked;
use rusqlite::Row;

use super::failure::Failure;
use super::row;
use super::tx::Tx;

/// Newest first.
pub(super) const HYPOTHESES: &str = "SELECT hypothesis,
     (SELECT remark FROM hypothesis_remarks r WHERE r.id = h.id AND what = 'decision'),
     (SELECT remark FROM hypothesis_remarks r WHERE r.id = h.id AND what = 'test')
   FROM hypotheses h WHERE ?1 IS NULL OR campaign = ?1 ORDER BY seq DESC LIMIT ?2";

/// What can be said of a hypothesis, once each.
#[derive(Debug, Clone, Copy)]
pub(super) enum Remark {
    Decision,
    Test,
}

pub(super) fn considered(found: &Row<'_>) -> Result<Considered, Failure> {
    let remark = |column| found.get::<_, Option<String>>(column);
    Ok(Considered {
        hypothesis: row::json(&found.get::<_, String>(0)?)?,
        decision: remark(1)?.as_deref().map(row::json).transpose()?,
        test: remark(2)?.as_deref().map(row::json).transpose()?,
    })
}

pub(super) fn propose(tx: &mut Tx<'_>, hypothesis: &Hypothesis, json: &str) -> Result<(), Failure> {
    let insert =
        "INSERT INTO hypotheses (id, campaign, hypothesis) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    tx.execute(insert, (hypothesis.id.as_str(), hypothesis.campaign.as_str(), json)).map(|_| ())
}

pub(super) fn remark(
    tx: &mut Tx<'_>,
    id: &HypothesisId,
    what: Remark,
    json: &str,
) -> Result<Remarked, Failure> {
    let known = tx.first("SELECT 1 FROM hypotheses WHERE id = ?1", [id.as_str()], |_| Ok(()))?;
    if known.is_none() {
        return Ok(Remarked::Unknown);
    }
    let what = match what {
        Remark::Decision => "decision",
        Remark::Test => "test",
    };
    let insert =
        "INSERT INTO hypothesis_remarks (id, what, remark) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    Ok(match tx.execute(insert, (id.as_str(), what, json))? {
        0 => Remarked::TooLate,
        _ => Remarked::Recorded,
    })
}
