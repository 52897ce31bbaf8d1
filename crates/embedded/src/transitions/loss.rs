//! The loss of a worker: what it costs the operation that it held ([`ktrdr_fabric::losses`]), and how that comes back.

use std::time::Duration;

use ktrdr_domain::{EndStatus, FailureReason};

use super::end::{End, end};
use crate::failure::Failure;
use crate::row::Head;
use crate::tx::Tx;
use ktrdr_fabric::history::Change;
use ktrdr_fabric::losses::{self, COST_A_TRY, CULPRIT_KEPT, TRY_GIVEN_BACK};
use ktrdr_fabric::store::StoreHint;

/// What a loss leads to.
pub(super) enum Lost {
    /// A cancel, or the last try, came before.
    Ended(EndStatus),
    /// It may run again after this wait; perhaps at once.
    GoesOn(Duration),
}

/// Counts the loss of a running operation's worker.
pub(super) fn lose(tx: &mut Tx<'_>, head: &mut Head) -> Result<Lost, Failure> {
    let is_suspect = suspect_of(tx, head)? == head.seq;
    head.rescues += 1;
    let costs = is_suspect && losses::costs_a_try(head.rescues);
    head.tries -= u32::from(!costs && head.tries > 0);
    let error = format!("its worker {} was lost", head.worker.as_deref().unwrap_or("(unknown)"));
    tx.execute(
        "UPDATE operations SET rescues = ?2, tries = ?3, error = ?4 WHERE seq = ?1",
        (head.seq, head.rescues, head.tries, &error),
    )?;
    tx.record(head, Change::LeaseLapsed, Some(if costs { COST_A_TRY } else { TRY_GIVEN_BACK }))?;
    let over = if head.is_cancel_requested {
        End::cancelled(Some(error))
    } else if head.tries >= head.tries_max {
        End::failed(FailureReason::AttemptsExhausted, Some(error), None)
    } else {
        return Ok(Lost::GoesOn(losses::back_off(head.rescues)));
    };
    end(tx, head, &over)?;
    Ok(Lost::Ended(over.status))
}

/// Whom the loss of this process is put down to: named when it is first noticed, because the leases of one process do not
/// all lapse at once.
fn suspect_of(tx: &Tx<'_>, head: &Head) -> Result<i64, Failure> {
    let since_ms = tx.now.minus(CULPRIT_KEPT);
    let sql = "SELECT operation FROM culprits WHERE boot = ?1 AND named_ms > ?2";
    if let Some(named) = tx.first(sql, (&head.worker, since_ms), |found| Ok(found.get(0)?))? {
        return Ok(named);
    }
    let worst = "SELECT seq FROM operations WHERE lease_until_ms IS NOT NULL AND worker = ?1
                 ORDER BY rescues DESC, lease_until_ms, id LIMIT 1";
    let culprit = tx.first(worst, [&head.worker], |found| Ok(found.get(0)?))?.unwrap_or(head.seq);
    tx.execute(
        "INSERT OR REPLACE INTO culprits (boot, operation, named_ms) VALUES (?1, ?2, ?3)",
        (&head.worker, culprit, tx.now.steady_ms),
    )?;
    Ok(culprit)
}

/// Pending again: after a wait the sweep writes its message, without one it is written now.
pub(super) fn come_back(tx: &mut Tx<'_>, head: &Head, wait: Duration) -> Result<(), Failure> {
    let (now_ms, is_due) = (tx.now.steady_ms, wait.is_zero());
    tx.execute(
        "UPDATE operations SET status = 'pending', published_at_ms = ?2, due_at_ms = ?3, worker = NULL,
           lease_until_ms = NULL
         WHERE seq = ?1",
        (head.seq, is_due.then_some(now_ms), (!is_due).then(|| tx.now.plus(wait))),
    )?;
    if is_due {
        tx.post_job(head.seq)?;
    }
    tx.hint(StoreHint::Changed(head.id.clone()));
    Ok(())
}
