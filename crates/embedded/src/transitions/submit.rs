//! Submit: idempotency key, row and job message in one step.

use ktrdr_domain::{Kind, OperationId, Priority, Subject};
use serde_json::Value;

use crate::failure::Failure;
use crate::row::{self, pinned};
use crate::tx::Tx;
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::store::{NewOperation, StoreHint, Submitted};

/// Creates a leaf, or tells whose key (or id) it is.
pub(crate) fn submit(tx: &mut Tx<'_>, new: &NewOperation) -> Result<Submitted, Failure> {
    let owner = tx.first(
        "SELECT id FROM operations WHERE idempotency_key = ?1
         UNION ALL SELECT id FROM operations WHERE id = ?2 LIMIT 1",
        (&new.idempotency_key, new.id.as_str()),
        |row| row::word(row, 0),
    )?;
    if let Some(owner) = owner {
        return Ok(Submitted::Duplicate(owner));
    }
    let leaf = Leaf {
        id: &new.id,
        kind: new.kind,
        spec: &new.spec,
        tries_max: new.tries_max,
        priority: new.priority,
        root: None,
        idempotency_key: new.idempotency_key.as_deref(),
    };
    leaf.insert(tx)?;
    Ok(Submitted::Created)
}

/// As a column holds it.
pub(super) fn words(name: &Option<impl ToString>) -> Option<String> {
    name.as_ref().map(ToString::to_string)
}

/// A pending leaf, about to exist.
pub(super) struct Leaf<'a> {
    pub(super) id: &'a OperationId,
    pub(super) kind: Kind,
    pub(super) spec: &'a Value,
    pub(super) tries_max: u32,
    pub(super) priority: Priority,
    pub(super) root: Option<&'a OperationId>,
    pub(super) idempotency_key: Option<&'a str>,
}

impl Leaf<'_> {
    /// Writes the row and its job message.
    pub(super) fn insert(&self, tx: &mut Tx<'_>) -> Result<(), Failure> {
        let about = Subject::of(self.spec);
        tx.execute(
            "INSERT INTO operations (id, kind, status, tries_max, priority, root, idempotency_key, created_at_ms,
               published_at_ms, pinned, strategy, symbol, timeframe, campaign)
             VALUES (?1, ?2, 'pending', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
                     (SELECT campaign FROM operations WHERE id = ?5))",
            (
                self.id.as_str(),
                self.kind.as_str(),
                self.tries_max,
                u8::from(self.priority),
                self.root.map(OperationId::as_str),
                self.idempotency_key,
                tx.now.wall_ms,
                tx.now.steady_ms,
                pinned(Queue::of_job(self.kind, self.spec)),
                words(&about.strategy),
                words(&about.symbol),
                words(&about.timeframe),
            ),
        )?;
        let seq = tx.inserted();
        tx.keep_spec(seq, self.spec)?;
        tx.post_job(seq)?;
        tx.hint(StoreHint::Changed(self.id.clone()));
        Ok(())
    }
}
