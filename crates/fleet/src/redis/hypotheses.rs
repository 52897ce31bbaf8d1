//! Hypotheses on Redis, and what was said of them since.

use ktrdr_domain::hypothesis::Considered;
use ktrdr_domain::name::HypothesisId;
use ktrdr_fabric::ledger::Remarked;
use ktrdr_fabric::store::StoreError;
use serde::de::DeserializeOwned;

use super::row::json;
use super::store::RedisStore;

/// Hypotheses read at once.
const READ_MAX: usize = 500;

impl RedisStore {
    /// Those of a list, newest first, read part by part.
    pub(super) async fn considered(&self, list: &str, limit: usize) -> Result<Vec<Considered>, StoreError> {
        let mut considered = Vec::new();
        let mut upto = String::new();
        while considered.len() < limit {
            let wanted = READ_MAX.min(limit - considered.len());
            let call = self.session.call(&self.session.scripts.hypotheses);
            let answer = call.arg(list).arg(&upto).arg(wanted).answer().await?;
            let (from, ideas): (u64, Vec<String>) = (answer.at(0)?, answer.at(1)?);
            let (decisions, tests): (Vec<String>, Vec<String>) = (answer.at(2)?, answer.at(3)?);
            for ((idea, decision), test) in ideas.iter().zip(&decisions).zip(&tests).rev() {
                let (hypothesis, decision, test) = (json(idea)?, said(decision)?, said(test)?);
                considered.push(Considered { hypothesis, decision, test });
            }
            if from == 0 {
                break;
            }
            upto = from.to_string();
        }
        Ok(considered)
    }

    /// Writes down a remark of a sort.
    pub(super) async fn remark(
        &self,
        id: &HypothesisId,
        sort: &str,
        what: String,
    ) -> Result<Remarked, StoreError> {
        let call = self.session.call(&self.session.scripts.remark);
        let answer = call.arg(id.as_str()).arg(sort).arg(what).answer().await?;
        Ok(match answer.at::<String>(0)?.as_str() {
            "recorded" => Remarked::Recorded,
            "late" => Remarked::TooLate,
            _ => Remarked::Unknown,
        })
    }
}

fn said<T: DeserializeOwned>(remark: &str) -> Result<Option<T>, StoreError> {
    if remark.is_empty() { Ok(None) } else { json(remark).map(Some) }
}
