//! Ends what nobody waits for any more: of an operation that was cancelled while its batch was under way nobody reads the
//! answer. The batch is cancelled, and what it cost is settled once it has ended.
//!
//! What is under way is what the budget holds something for: no list of its own has to be kept. Any number of keepers may run.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_agent::models::Models;
use ktrdr_agent::purse::Spent;
use ktrdr_domain::OperationId;
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::budget::{Budget, CallId};
use ktrdr_fabric::store::{OperationReader, StoreError};

use super::look::look;
use super::tickets::{Ticket, Tickets};
use crate::client::Client;

/// Calls that are looked at in one round, the oldest first.
const HELD_MAX: u32 = 1_000;

/// See the module.
pub struct Keeper {
    /// Asks the server.
    pub client: Client,
    /// What models cost.
    pub models: Models,
    /// Where tickets are.
    pub artifacts: Arc<dyn Artifacts>,
    /// Tells which operations have ended.
    pub operations: Arc<dyn OperationReader>,
    /// What is held, and who pays.
    pub budget: Arc<dyn Budget>,
    /// Time between rounds.
    pub every: Duration,
}

impl Keeper {
    /// Keeps on until it is dropped.
    pub async fn run(&self) {
        loop {
            if let Err(why) = self.round().await {
                tracing::warn!("batches that nobody waits for are looked at later: {why}");
            }
            tokio::time::sleep(self.every).await;
        }
    }

    async fn round(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        for call in self.budget.held(HELD_MAX).await? {
            let Some((operation, attempt)) = call.attempt() else { continue };
            if !self.has_ended(&operation).await? {
                continue;
            }
            let tickets = Tickets { artifacts: &*self.artifacts, operation: &operation };
            if let Some(ticket) = tickets.of(attempt).await? {
                self.end(&call, &tickets, ticket).await?;
            }
        }
        Ok(())
    }

    /// What is not there any more has ended.
    async fn has_ended(&self, operation: &OperationId) -> Result<bool, StoreError> {
        let row = self.operations.get(operation).await?;
        Ok(row.is_none_or(|row| row.status.is_terminal()))
    }

    async fn end(
        &self,
        call: &CallId,
        tickets: &Tickets<'_>,
        ticket: Ticket,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let Ticket { asked, answer } = ticket;
        let answer = match answer {
            Some(answer) => answer,
            None => match look(&self.client, &asked).await {
                Some(answer) => {
                    tickets.answer(&asked, &answer).await?;
                    answer
                }
                None => {
                    tracing::info!(operation = %tickets.operation, batch = %asked.batch, "cancelled: its operation has ended");
                    return Ok(self.client.cancel_batch(&asked.batch).await?);
                }
            },
        };
        let cost = match self.models.get(&asked.intent.model).map(|model| answer.spent(model)) {
            Ok(Spent::Counted(_, cost)) => cost,
            Ok(Spent::Unknown) | Err(_) => asked.intent.worst_case,
        };
        Ok(self.budget.settle(call, cost.into()).await?)
    }
}
