//! Reading a part of a list. What is wanted is in a few stretches of an index, each in the order of creation: of each as many
//! rows are read as the part may have, so that a late part costs no more than an early one. Nothing is counted but by
//! the counts that the rows keep of themselves.

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{Kind, OperationId, Status};
use ktrdr_fabric::store::{Filter, Page};
use rusqlite::{Connection, params_from_iter};

use super::failure::Failure;
use super::row::{self, select_summary};
use super::tx::integer;

/// The statuses of what has not ended.
const ACTIVE: [Status; 2] = [Status::Pending, Status::Running];

/// As the counts call dead letters.
const DEAD: &str = "dead";

/// A part of a list, all numbers from one snapshot.
pub(super) fn list(db: &Connection, filter: &Filter, now_ms: i64) -> Result<Page, Failure> {
    let snapshot = db.unchecked_transaction()?;
    let total = total(&snapshot, filter)?;
    let everything = Filter { statuses: ACTIVE.to_vec(), ..Filter::default() };
    let active = counted(&snapshot, &everything)?;
    let rows = rows(&snapshot, filter)?;
    let mut read = snapshot.prepare_cached(select_summary!("WHERE seq = ?1"))?;
    let (mut operations, mut positions) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for seq in rows {
        let mut found = read.query([seq])?;
        if let Some(found) = found.next()? {
            operations.push(row::summary(found)?.without_trail());
            positions.push(u64::try_from(seq).unwrap_or_default());
        }
    }
    Ok(Page { operations, positions, total, active, now_ms })
}

/// How many match. A root has few children: those are counted.
fn total(db: &Connection, filter: &Filter) -> Result<u64, Failure> {
    if filter.root.is_none() {
        return counted(db, filter);
    }
    let all = Filter { before: None, offset: 0, limit: u32::MAX, ..filter.clone() };
    Ok(rows(db, &all)?.len() as u64)
}

/// How many there are by the counts.
fn counted(db: &Connection, filter: &Filter) -> Result<u64, Failure> {
    let statuses = match filter.dead {
        true if !filter.means(Status::Failed) => return Ok(0),
        true => vec![DEAD],
        false => statuses(filter).into_iter().map(Status::as_str).collect(),
    };
    let sql = format!(
        "SELECT coalesce(sum(rows), 0) FROM operation_counts WHERE campaign = ? AND status IN ({}) AND kind IN ({})",
        places(statuses.len()),
        places(kinds(filter).len())
    );
    let campaign = filter.campaign.as_ref().map(CampaignName::to_string).unwrap_or_default();
    let words = statuses.into_iter().chain(kinds(filter).into_iter().map(Kind::as_str)).map(str::to_owned);
    let values: Vec<String> = std::iter::once(campaign).chain(words).collect();
    let mut statement = db.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(values))?;
    found.next()?.map_or(Ok(0), |found| row::count(found, 0))
}

/// The numbers of the rows of this part, in its order.
fn rows(db: &Connection, filter: &Filter) -> Result<Vec<i64>, Failure> {
    let (stretches, values) = stretches(filter);
    let order = if filter.oldest_first { "ASC" } else { "DESC" };
    // The dead are few: they lead, and their rows are looked at.
    let (number, from) = match filter.dead {
        false => ("seq", "operations"),
        true => ("operation", "dead_letters CROSS JOIN operations ON seq = operation"),
    };
    let one = |stretch: &String| {
        format!(
            "SELECT {number} AS seq FROM {from} WHERE {stretch} AND {number} < ?1 ORDER BY {number} {order} LIMIT ?2"
        )
    };
    let union = stretches.iter().map(|stretch| format!("SELECT seq FROM ({})", one(stretch)));
    let union = union.collect::<Vec<_>>().join(" UNION ALL ");
    if union.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT seq FROM ({union}) ORDER BY seq {order} LIMIT ?3 OFFSET ?4");
    let mut statement = db.prepare_cached(&sql)?;
    let before = filter.before.map_or(i64::MAX, integer);
    let (limit, offset) = (i64::from(filter.limit), integer(filter.offset));
    for (place, number) in [before, limit.saturating_add(offset), limit, offset].into_iter().enumerate() {
        statement.raw_bind_parameter(place + 1, number)?;
    }
    for (place, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(place + 5, value)?;
    }
    let mut found = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(row.get(0)?);
    }
    Ok(rows)
}

/// Conditions, each of which one index answers in the order of creation, and their values, bound from the fifth on.
fn stretches(filter: &Filter) -> (Vec<String>, Vec<String>) {
    let mut values: Vec<String> = Vec::new();
    let mut bound = |value: &str| {
        let known = values.iter().position(|known| known == value);
        let place = known.unwrap_or_else(|| {
            values.push(value.to_owned());
            values.len() - 1
        });
        format!("?{}", place + 5)
    };
    let mut always = String::new();
    if let Some(root) = &filter.root {
        always += &format!(" AND root = {}", bound(OperationId::as_str(root)));
    }
    if let Some(campaign) = &filter.campaign {
        always += &format!(" AND campaign = {}", bound(campaign.as_str()));
    }
    let of_every_status =
        filter.statuses.is_empty() && !filter.active && (filter.campaign.is_none() || filter.dead);
    let of_every_kind = filter.kinds.is_empty() && (filter.campaign.is_none() || filter.dead);
    let of_status: Vec<Option<Status>> = match of_every_status {
        true => vec![None],
        false => statuses(filter).into_iter().map(Some).collect(),
    };
    let of_kind: Vec<Option<Kind>> = match of_every_kind {
        true => vec![None],
        false => kinds(filter).into_iter().map(Some).collect(),
    };
    let mut stretches = Vec::new();
    for status in &of_status {
        for kind in &of_kind {
            let status = status.map(|status| format!(" AND status = {}", bound(status.as_str())));
            let kind = kind.map(|kind| format!(" AND kind = {}", bound(kind.as_str())));
            stretches.push(format!("1{always}{}{}", status.unwrap_or_default(), kind.unwrap_or_default()));
        }
    }
    (stretches, values)
}

fn statuses(filter: &Filter) -> Vec<Status> {
    Status::ALL.into_iter().filter(|status| filter.means(*status)).collect()
}

fn kinds(filter: &Filter) -> Vec<Kind> {
    Kind::ALL.iter().copied().filter(|kind| filter.kinds.is_empty() || filter.kinds.contains(kind)).collect()
}

/// `?, ?, ?`
fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}
