//! Batches over HTTP: hand over, look, cancel, read the result.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::contract::{Batch, BatchId, Create, Entry, Line, Outcome, Processing};
use crate::client::Client;
use crate::error::CallError;
use crate::sse::STREAM_BYTES_MAX;

/// Most bytes that say how a batch stands.
const STATUS_BYTES_MAX: usize = 64 << 10;

impl Client {
    /// Hands one request over, as a batch of its own.
    pub(crate) async fn create_batch(&self, custom_id: &str, params: &Value) -> Result<BatchId, CallError> {
        let body = serde_json::to_vec(&Create { requests: [Entry { custom_id, params }] })
            .map_err(|e| CallError::Nonsense(e.to_string()))?;
        let batch: Batch = self.batch_call(Method::POST, "", Some(body)).await?;
        Ok(batch.id)
    }

    /// How far a batch is.
    pub(crate) async fn batch_status(&self, id: &BatchId) -> Result<Processing, CallError> {
        let batch: Batch = self.batch_call(Method::GET, &format!("/{id}"), None).await?;
        Ok(batch.processing_status)
    }

    /// Asks for a batch's end. What is under way may be answered still.
    pub(crate) async fn cancel_batch(&self, id: &BatchId) -> Result<(), CallError> {
        let _: Batch = self.batch_call(Method::POST, &format!("/{id}/cancel"), None).await?;
        Ok(())
    }

    /// What became of the request of that name in a batch that has ended.
    pub(crate) async fn batch_result(&self, id: &BatchId, custom_id: &str) -> Result<Outcome, CallError> {
        let url = self.endpoint.batches_url(&format!("/{id}/results"));
        let answer = self.send(Method::GET, url, None).await?;
        let bytes = self.whole(answer, STREAM_BYTES_MAX).await?;
        for line in bytes.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            let line: Line = read(line)?;
            if line.custom_id == custom_id {
                return Ok(line.result);
            }
        }
        Err(CallError::Nonsense(format!(
            "the results of {id} do not name {custom_id}, which was asked in it"
        )))
    }

    async fn batch_call<T: DeserializeOwned>(
        &self,
        method: Method,
        rest: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, CallError> {
        let answer = self.send(method, self.endpoint.batches_url(rest), body).await?;
        read(&self.whole(answer, STATUS_BYTES_MAX).await?)
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(bytes).map_err(|e| CallError::Nonsense(format!("what it says of a batch: {e}")))
}
