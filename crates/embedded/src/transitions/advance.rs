//! Advance: moves a research cycle, once per (root, phase), on what the child's row says.

use ktrdr_domain::{EndStatus, Phase, Status, Subject};

use super::end::{End, end};
use super::roots::insert_child;
use super::submit::words;
use crate::failure::Failure;
use crate::row::Head;
use crate::tx::Tx;
use ktrdr_fabric::history::Change;
use ktrdr_fabric::store::{Advance, AdvanceTo, Advanced, NewChild, StoreHint};

/// Compare-and-set on (root running, phase, waiting for this child); the event that woke the caller is only a hint.
pub(crate) fn advance(tx: &mut Tx<'_>, step: &Advance) -> Result<Advanced, Failure> {
    let Some(root) = tx.head(&step.root)?.filter(|root| awaits(root, step)) else {
        return Ok(Advanced::Stale);
    };
    let child = tx.head(&step.finished)?.ok_or_else(|| {
        Failure::corrupt(format!("{} waits for {}, which has no row", step.root, step.finished))
    })?;
    let Some(child_ended) = child.status.end() else { return Ok(Advanced::Early) };
    if root.is_cancel_requested {
        return close(tx, &root, &End::cancelled(None));
    }
    match (child_ended, &step.to) {
        (EndStatus::Cancelled, _) => {
            close(tx, &root, &End::cancelled(Some(format!("{} was cancelled", step.finished))))
        }
        (_, AdvanceTo::Failed { reason, error, stopped_by, result }) => {
            let failed = End::failed(reason.clone(), Some(error.clone()), Some(result));
            close(tx, &root, &End { stopped_by: Some(stopped_by.clone()), ..failed })
        }
        (EndStatus::Failed, AdvanceTo::Phase { .. } | AdvanceTo::Completed { .. }) => {
            Ok(Advanced::Mismatch(Status::Failed))
        }
        (EndStatus::Completed, AdvanceTo::Completed { result }) => close(tx, &root, &End::completed(result)),
        (EndStatus::Completed, AdvanceTo::Phase { phase, child }) => enter(tx, &root, *phase, child),
    }
}

fn awaits(root: &Head, step: &Advance) -> bool {
    root.status == Status::Running
        && root.waiting.as_ref() == Some(&step.finished)
        && root.phase.as_deref() == Some(step.expected_phase.as_str())
}

fn close(tx: &mut Tx<'_>, root: &Head, over: &End) -> Result<Advanced, Failure> {
    end(tx, root, over)?;
    Ok(Advanced::Closed(over.status.into()))
}

fn enter(tx: &mut Tx<'_>, root: &Head, phase: Phase, child: &NewChild) -> Result<Advanced, Failure> {
    insert_child(tx, &root.id, child)?;
    let designed = words(&Subject::of(&child.spec).strategy);
    tx.execute(
        "UPDATE operations SET phase = ?2, waiting = ?3, since_ms = ?4, strategy = coalesce(?5, strategy) WHERE seq = ?1",
        (root.seq, phase.as_str(), child.id.as_str(), tx.now.steady_ms, designed),
    )?;
    tx.record(root, Change::Advanced, Some(phase.as_str()))?;
    tx.hint(StoreHint::Changed(root.id.clone()));
    Ok(Advanced::Next(child.id.clone()))
}
