//! Keys of requests on Redis.

use std::time::Duration;

use async_trait::async_trait;
use ktrdr_domain::Sha256;
use ktrdr_fabric::limits;
use ktrdr_fabric::requests::{Begun, FORGOTTEN_AT_ONCE, Mark, Requests};
use ktrdr_fabric::store::StoreError;

use super::store::{RedisStore, whole_ms};

#[async_trait]
impl Requests for RedisStore {
    async fn begin(&self, key: &Sha256, request: &Sha256, lasts: Duration) -> Result<Begun, StoreError> {
        let call = self.session.call(&self.session.scripts.request_begin).arg(key.to_string());
        let call = call.arg(request.to_string()).arg(whole_ms(lasts)).arg(FORGOTTEN_AT_ONCE);
        let answer = call.answer().await?;
        match answer.word()?.as_str() {
            "unanswered" => {
                Ok(Begun::Unanswered(Mark { at_ms: answer.parsed(1)?, newest: answer.parsed(2)? }))
            }
            "answered" => Ok(Begun::Answered(answer.at(1)?)),
            "taken" => Ok(Begun::Taken),
            _ => Err(answer.unexpected()),
        }
    }

    async fn answered(&self, key: &Sha256, answer: &str) -> Result<String, StoreError> {
        limits::check_answer(answer)?;
        let call = self.session.call(&self.session.scripts.request_answer).arg(key.to_string()).arg(answer);
        let kept: String = call.answer().await?.at(0)?;
        Ok(if kept.is_empty() { answer.to_owned() } else { kept })
    }
}
