//! Campaigns on Redis: the scripts that change a cycle count it.

use ktrdr_domain::phase::BadPhase;
use std::collections::HashMap;
use std::error::Error;

use async_trait::async_trait;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::operation::CancelRequest;
use ktrdr_domain::{FailureReason, Kind, Status};
use redis::from_redis_value;

use super::call::Session;
use super::query::words;
use super::store::RedisStore;
use ktrdr_fabric::campaign::{Campaign, CampaignPage, Campaigns, Outcome};
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::limits;
use ktrdr_fabric::store::{GroupCancel, GroupCancelled, StoreError};

type Fields = HashMap<String, String>;

#[async_trait]
impl Campaigns for RedisStore {
    async fn campaign(&self, name: &CampaignName) -> Result<Option<Campaign>, StoreError> {
        let call = self.session.call(&self.session.scripts.campaign).arg(name.as_str());
        let fields: Fields = from_redis_value(call.value().await?).map_err(corrupt)?;
        if fields.is_empty() { Ok(None) } else { read(name.clone(), &fields).map(Some) }
    }

    async fn campaigns(&self, before: Option<u64>, limit: u32) -> Result<CampaignPage, StoreError> {
        limits::check_page(limit)?;
        let call = self.session.call(&self.session.scripts.campaigns);
        let call = call.arg(before.map_or_else(|| "+inf".to_owned(), |before| format!("({before}")));
        let mut answer = call.arg(limit).answer().await?;
        let (total, shown, last): (u64, usize, u64) = (answer.at(0)?, answer.at(1)?, answer.at(2)?);
        let mut campaigns = Vec::with_capacity(shown);
        for i in 3..3 + shown {
            let (name, fields): (String, Fields) = from_redis_value(answer.take(i)).map_err(corrupt)?;
            campaigns.push(read(name.parse().map_err(corrupt)?, &fields)?);
        }
        Ok(CampaignPage { campaigns, next: (shown == limit as usize).then_some(last), total })
    }
}

/// One batch.
pub(super) async fn cancel_matching(
    session: &Session,
    group: &GroupCancel,
) -> Result<GroupCancelled, StoreError> {
    let statuses = [Status::Pending, Status::Running].into_iter().filter(|status| group.means(*status));
    let kinds = Kind::ALL.iter().copied().filter(|kind| group.kind.is_none_or(|only| only == *kind));
    let call = session.call(&session.scripts.cancel_matching).arg(&group.by).arg(&group.reason);
    let call = call.arg(group.limit).arg(group.upto.map_or_else(String::new, |upto| upto.to_string()));
    let call = call.arg(group.campaign.as_ref().map_or("", |name| name.as_str()));
    let call = call.arg(words(statuses)).arg(words(kinds)).arg(group.whole_campaign().is_some());
    let call = call.arg(group.within.map_or_else(String::new, |within| within.to_string()));
    let answer = call.answer().await?;
    Ok(GroupCancelled {
        cancelled: answer.at(0)?,
        asked: answer.at(1)?,
        upto: answer.at(2)?,
        more: answer.at(3)?,
    })
}

fn read(name: CampaignName, fields: &Fields) -> Result<Campaign, StoreError> {
    let number = |field: &str| fields.get(field).map_or(Ok(0), |text| text.parse()).map_err(corrupt);
    let text = |field: &str| fields.get(field).cloned().unwrap_or_default();
    let cancel = |at_ms: &String| {
        let at_ms = at_ms.parse().map_err(corrupt)?;
        Ok::<_, StoreError>(CancelRequest {
            at_ms,
            by: text("cancel_by"),
            reason: text("cancel_reason"),
            too_late: false,
        })
    };
    let mut outcomes = fields.iter().filter_map(|(field, cycles)| Some((field.strip_prefix("is:")?, cycles)));
    let mut outcomes = outcomes.try_fold(Vec::new(), |mut all, (fate, cycles)| {
        all.push(outcome(fate, cycles)?);
        Ok::<_, StoreError>(all)
    })?;
    outcomes.retain(|outcome| outcome.cycles > 0);
    outcomes.sort();
    Ok(Campaign {
        name,
        begun_at_ms: i64::try_from(number("begun_at_ms")?).unwrap_or(i64::MAX),
        cycles: number("cycles")?,
        forgotten: number("forgotten")?,
        cancel: fields.get("cancel_at_ms").map(cancel).transpose()?,
        is_cancelling: fields.contains_key("cancel_upto"),
        outcomes,
    })
}

/// A status; of failed cycles phase, reason and what stopped them, each on a line.
fn outcome(fate: &str, cycles: &str) -> Result<Outcome, StoreError> {
    let mut lines = fate.split('\n');
    let status = lines.next().unwrap_or_default().parse().map_err(corrupt)?;
    let mut line = || lines.next().filter(|line| !line.is_empty()).map(str::to_owned);
    Ok(Outcome {
        status,
        phase: line().map(|word| word.parse()).transpose().map_err(|e: BadPhase| corrupt(e))?,
        reason: line().map(FailureReason::from),
        stopped_by: line(),
        cycles: cycles.parse().map_err(corrupt)?,
    })
}

fn corrupt(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Corrupt(Cause::because("what a campaign counts can not be read", error))
}
