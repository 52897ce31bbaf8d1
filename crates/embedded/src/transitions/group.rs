//! Cancelling a group, one batch of it: what waits first, so that nothing of it starts meanwhile.

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, Status};

use super::cancel::{cancel, cancel_waiting};
use crate::failure::Failure;
use crate::row::{self, Head, select_head};
use crate::tx::{Tx, integer};
use ktrdr_fabric::store::{GroupCancel, GroupCancelled};

/// One batch. The first of a whole campaign stops its lanes, the last one lets go of them.
pub(crate) fn cancel_matching(tx: &mut Tx<'_>, group: &GroupCancel) -> Result<GroupCancelled, Failure> {
    let upto = match group.upto {
        Some(upto) => upto,
        None => group.within.unwrap_or(u64::MAX).min(newest(tx)?),
    };
    if let Some(campaign) = group.whole_campaign().filter(|_| group.upto.is_none()) {
        hold_lanes(tx, campaign, group, upto)?;
    }
    let cancelled = cancel_pending(tx, group, upto)?;
    let left = group.limit.saturating_sub(cancelled);
    let asked = ask_running(tx, group, upto, left)?;
    let more = cancelled + asked >= group.limit;
    if let Some(campaign) = group.whole_campaign().filter(|_| !more) {
        let free = "UPDATE campaigns SET cancel_upto = NULL WHERE name = ?1 AND cancel_upto <= ?2";
        tx.execute(free, (campaign.as_str(), integer(upto)))?;
    }
    Ok(GroupCancelled { cancelled: cancelled.into(), asked: asked.into(), upto, more })
}

/// Goes on with what nobody else may be going on with.
pub(super) fn go_on(tx: &mut Tx<'_>, limit: u32) -> Result<(), Failure> {
    let begun = tx.all(
        "SELECT name, cancel_by, cancel_reason, cancel_upto FROM campaigns WHERE cancel_upto IS NOT NULL",
        (),
        |found| {
            Ok(GroupCancel {
                campaign: Some(row::word(found, 0)?),
                kind: Kind::roots().next(),
                status: None,
                by: found.get(1)?,
                reason: found.get(2)?,
                upto: Some(row::count(found, 3)?),
                within: None,
                limit,
            })
        },
    )?;
    begun.iter().try_for_each(|group| cancel_matching(tx, group).map(|_| ()))
}

fn newest(tx: &Tx<'_>) -> Result<u64, Failure> {
    let newest =
        tx.first("SELECT coalesce(max(seq), 0) FROM operations", (), |found| row::count(found, 0))?;
    Ok(newest.unwrap_or_default())
}

fn hold_lanes(tx: &Tx<'_>, campaign: &CampaignName, group: &GroupCancel, upto: u64) -> Result<(), Failure> {
    tx.execute(
        "UPDATE campaigns SET cancel_at_ms = ?2, cancel_by = ?3, cancel_reason = ?4, cancel_upto = ?5 WHERE name = ?1",
        (campaign.as_str(), tx.now.wall_ms, &group.by, &group.reason, integer(upto)),
    )?;
    Ok(())
}

/// Oldest first; how many.
fn cancel_pending(tx: &mut Tx<'_>, group: &GroupCancel, upto: u64) -> Result<u32, Failure> {
    let waiting = matching(tx, group, Status::Pending, upto, group.limit)?;
    for head in &waiting {
        cancel_waiting(tx, head, &group.by, &group.reason)?;
    }
    Ok(counted(&waiting))
}

/// Those that nobody has asked yet; how many.
fn ask_running(tx: &mut Tx<'_>, group: &GroupCancel, upto: u64, limit: u32) -> Result<u32, Failure> {
    let running = matching(tx, group, Status::Running, upto, limit)?;
    for head in &running {
        // By its id: it may have been asked just now, as the child of one before it.
        cancel(tx, &head.id, &group.by, &group.reason)?;
    }
    Ok(counted(&running))
}

fn matching(
    tx: &Tx<'_>,
    group: &GroupCancel,
    status: Status,
    upto: u64,
    limit: u32,
) -> Result<Vec<Head>, Failure> {
    if !group.means(status) {
        return Ok(Vec::new());
    }
    let (status, upto) = (status.as_str(), integer(upto));
    let kind = group.kind.map(Kind::as_str);
    // One statement for each, so that it goes through an index in the order it asks for, and stops where it has enough.
    match (group.campaign.as_ref().map(CampaignName::as_str), kind) {
        (Some(campaign), Some(kind)) => tx.all(
            select_head!(
                "WHERE status = ?1 AND seq <= ?2 AND cancel_at_ms IS NULL AND campaign = ?4 AND kind = ?5
                 ORDER BY seq LIMIT ?3"
            ),
            (status, upto, limit, campaign, kind),
            Head::read,
        ),
        (Some(campaign), None) => tx.all(
            select_head!(
                "WHERE status = ?1 AND seq <= ?2 AND cancel_at_ms IS NULL AND campaign = ?4
                 ORDER BY kind, seq LIMIT ?3"
            ),
            (status, upto, limit, campaign),
            Head::read,
        ),
        (None, kind) => tx.all(
            select_head!(
                "WHERE status = ?1 AND seq <= ?2 AND cancel_at_ms IS NULL AND (?4 IS NULL OR kind = ?4)
                 ORDER BY seq LIMIT ?3"
            ),
            (status, upto, limit, kind),
            Head::read,
        ),
    }
}

fn counted(rows: &[Head]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}
