//! Nobody waits for what can not happen without being told: why nothing happens, and which command changes that.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ktrdr_app::UseCases;
use ktrdr_app::diagnosis::Reason;
use ktrdr_app::waiting::StandstillRequest;
use ktrdr_domain::{Operation, OperationId, Status};
use serde::Serialize;

use crate::exit::CliError;

/// How long something waits before anybody asks why. With the second that a look may come late, whoever waits is told
/// within three.
const SAID_AFTER: Duration = Duration::from_millis(1500);

/// How often it is asked again while it goes on waiting.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What whoever waits is told.
#[derive(Debug, Serialize)]
pub(super) struct Notice {
    /// What waits.
    pub(super) operations: Vec<OperationId>,
    /// Why, and what to run.
    pub(super) reasons: Vec<Reason>,
}

/// What is followed, and what of it stands still.
pub(super) struct Waiting<'a> {
    app: &'a dyn UseCases,
    /// Since when we see these wait.
    since: HashMap<OperationId, Instant>,
    asked: Option<Instant>,
    told: Vec<Reason>,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(app: &'a dyn UseCases) -> Self {
        Self { app, since: HashMap::new(), asked: None, told: Vec::new() }
    }

    /// Looks at the rows that are followed, each with the child it waits for; news only.
    pub(super) async fn look(
        &mut self,
        rows: &[Operation],
        children: &[Option<Operation>],
    ) -> Result<Option<Notice>, CliError> {
        let still: Vec<&Operation> = rows
            .iter()
            .zip(children)
            .filter_map(|(row, child)| standing_still(row, child.as_ref()))
            .collect();
        self.since.retain(|id, _| still.iter().any(|row| row.id == *id));
        let now = Instant::now();
        for row in &still {
            self.since.entry(row.id.clone()).or_insert(now);
        }
        let waits_long =
            |row: &&&Operation| self.since.get(&row.id).is_some_and(|at| now - *at >= SAID_AFTER);
        let stuck: Vec<&Operation> = still.iter().filter(waits_long).copied().collect();
        if stuck.is_empty() {
            (self.asked, self.told) = (None, Vec::new());
            return Ok(None);
        }
        if self.asked.is_some_and(|at| now - at < ASK_AGAIN) {
            return Ok(None);
        }
        let is_first = self.asked.replace(now).is_none();
        let operations: Vec<OperationId> = stuck.iter().map(|row| row.id.clone()).collect();
        let request = StandstillRequest { operations, long: !is_first };
        let reasons = self.app.why_standing_still(&request).await?;
        let is_like = |(one, other): (&Reason, &Reason)| one.is_like(other);
        let is_told = reasons.len() == self.told.len() && reasons.iter().zip(&self.told).all(is_like);
        if reasons.is_empty() || is_told {
            return Ok(None);
        }
        self.told.clone_from(&reasons);
        Ok(Some(Notice { operations: request.operations, reasons }))
    }
}

/// What of a row stands still: a job that nobody has taken, or a cycle whose child has ended. Cycles that wait in their lane
/// are not meant: whatever is before them there is looked at.
fn standing_still<'o>(row: &'o Operation, child: Option<&'o Operation>) -> Option<&'o Operation> {
    match (row.kind.is_root(), row.status, child) {
        (false, Status::Pending, _) => Some(row),
        (true, Status::Running, Some(child)) if child.status == Status::Pending => Some(child),
        (true, Status::Running, Some(child)) if child.status.is_terminal() => Some(row),
        _ => None,
    }
}
