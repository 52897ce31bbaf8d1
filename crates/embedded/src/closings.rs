//! The close of campaigns on SQLite: candidates, and what they came to.

use ktrdr_domain::closing::{Candidate, Closing};
use ktrdr_fabric::ledger::Closed;
use ktrdr_fabric::store::StoreHint;

use super::failure::Failure;
use super::tx::{Tx, integer};

pub(super) const CANDIDATES: &str = "SELECT candidate FROM candidates WHERE campaign = ?1 ORDER BY seq";
pub(super) const CLOSINGS: &str =
    "SELECT closing FROM closings WHERE ?1 IS NULL OR campaign = ?1 ORDER BY seq";

pub(super) fn nominate(tx: &mut Tx<'_>, candidate: &Candidate, json: &str) -> Result<(), Failure> {
    let insert =
        "INSERT INTO candidates (exam, campaign, candidate) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    tx.execute(insert, (candidate.exam.as_str(), candidate.campaign.as_str(), json)).map(|_| ())
}

/// Compare-and-set on what was closed of the campaign before, and on the length of each sequence.
pub(super) fn close(tx: &mut Tx<'_>, closing: &Closing, json: &str) -> Result<Closed, Failure> {
    let count = |found: &rusqlite::Row<'_>| Ok(found.get::<_, i64>(0)?);
    let closed = "SELECT coalesce(max(cycles), 0) FROM closings WHERE campaign = ?1";
    if tx.first(closed, [closing.campaign.as_str()], count)? != Some(integer(closing.after)) {
        return Ok(Closed::TooLate);
    }
    for test in &closing.tests {
        let tests = "SELECT count(*) + 1 FROM discovery_tests WHERE sequence = ?1";
        if tx.first(tests, [test.sequence.key()], count)? != Some(integer(test.number)) {
            return Ok(Closed::TooLate);
        }
    }
    let insert = "INSERT INTO closings (campaign, cycles, closing) VALUES (?1, ?2, ?3)";
    tx.execute(insert, (closing.campaign.as_str(), integer(closing.cycles), json))?;
    let written = tx.inserted();
    for test in &closing.tests {
        let insert = "INSERT INTO discovery_tests (sequence, number, closing) VALUES (?1, ?2, ?3)";
        tx.execute(insert, (test.sequence.key(), integer(test.number), written))?;
    }
    closing.last.iter().for_each(|last| tx.hint(StoreHint::Changed(last.clone())));
    Ok(Closed::Recorded)
}
