//! Handing work over: a row and its message in one step, under an id of its own.

use ktrdr_domain::{DeviceClass, DeviceRequest, JobSpec, Kind, OperationId, Priority};
use ktrdr_fabric::store::{NewOperation, Submitted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{App, AppError, ErrorKind, IdempotencyKey, Labour, OrKind, ids};

/// A job that was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct SubmittedJob {
    /// Its operation.
    pub operation: OperationId,
    /// Whether this request created it, and not an earlier one with the same idempotency key.
    pub created: bool,
}

impl App {
    /// Submits one job that was asked for like this.
    pub(crate) async fn submit_job<T: Serialize>(
        &self,
        spec: &JobSpec,
        key: Option<&IdempotencyKey>,
        asked: &T,
    ) -> Result<SubmittedJob, AppError> {
        let value = spec.to_value().or_kind(ErrorKind::InvalidInput)?;
        self.hand_over(self.new_job(spec.kind(), value)?, key, asked).await
    }

    /// Submits one job under a key, if there is one: whoever says it again is given the operation of the first time, and whoever
    /// asks for something else under the same key is refused.
    pub(crate) async fn hand_over<T: Serialize>(
        &self,
        job: NewOperation,
        key: Option<&IdempotencyKey>,
        asked: &T,
    ) -> Result<SubmittedJob, AppError> {
        if let Some(key) = key {
            self.expect_same(key, asked).await?;
        }
        let (operation, kind) = (job.id.clone(), job.kind);
        let job = NewOperation { idempotency_key: key.map(IdempotencyKey::in_store), ..job };
        match self.store.submit(job).await? {
            Submitted::Created => Ok(SubmittedJob { operation, created: true }),
            Submitted::Duplicate(earlier) if earlier.is_of(kind) => {
                Ok(SubmittedJob { operation: earlier, created: false })
            }
            Submitted::Duplicate(other) => {
                let message = format!("the idempotency key came with another request before, as {other}");
                Err(AppError::new(ErrorKind::Conflict, message).coded("idempotency_key_reused"))
            }
        }
    }

    /// A job as people start it, with as many tries as are configured.
    pub(crate) fn new_job(&self, kind: Kind, spec: Value) -> Result<NewOperation, AppError> {
        let (id, tries_max) = (ids::operation(kind)?, self.policy.tries_max);
        Ok(NewOperation { id, kind, spec, tries_max, priority: Priority::Normal, idempotency_key: None })
    }

    /// Nobody should wait for a GPU that can never come: where one process does everything, that has one or not.
    pub(crate) async fn admit(&self, request: DeviceRequest) -> Result<(), AppError> {
        if request != DeviceRequest::Gpu || self.labour != Labour::OneProcess {
            return Ok(());
        }
        let engines = self.registry.workers().await?;
        if engines.iter().any(|seen| seen.worker.class == DeviceClass::Gpu) {
            return Ok(());
        }
        let message = "no engine with a GPU runs on this workspace: start it with `ktrdr up --device cuda:0`, use a \
                       fleet with a GPU worker, or leave --device out";
        Err(AppError::new(ErrorKind::Refused, message))
    }
}
