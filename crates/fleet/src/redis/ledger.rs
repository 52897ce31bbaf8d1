//! The ledger on Redis: each entry is written once, in the step that also counts it.

use async_trait::async_trait;
use ktrdr_domain::closing::{Candidate, Closing};
use ktrdr_domain::hypothesis::{Considered, Decision, Hypothesis, HypothesisTest};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::{CampaignName, HypothesisId, Symbol};
use ktrdr_domain::trial::{Conclusion, Look, Trial};
use ktrdr_domain::{OperationId, Span};

use super::row::json;
use super::store::RedisStore;
use ktrdr_fabric::ledger::{Begun, Closed, Ledger, LedgerReader, Part, Remarked, Stretch, never_counted};
use ktrdr_fabric::limits::{self, readable_json};
use ktrdr_fabric::store::StoreError;

/// Entries read at once.
const ENTRIES_MAX: usize = 500;

#[async_trait]
impl LedgerReader for RedisStore {
    async fn trials(&self, campaign: Option<&CampaignName>) -> Result<Vec<Trial>, StoreError> {
        self.trials_of(&list_of("trials", campaign)).await
    }

    async fn trials_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Trial>, StoreError> {
        self.part("trials", campaign, part, trial).await
    }

    async fn looks(&self, symbol: &Symbol, during: Span) -> Result<Vec<Trial>, StoreError> {
        let mut looks = self.trials_of(&format!("looks:of:{symbol}")).await?;
        looks.retain(|trial| trial.look.span.overlaps(&during));
        Ok(looks)
    }

    async fn candidates(&self, campaign: &CampaignName) -> Result<Vec<Candidate>, StoreError> {
        let list = list_of("candidates", Some(campaign));
        self.oldest("candidates", &list, |candidate, _| json(candidate)).await
    }

    async fn closings(&self, campaign: Option<&CampaignName>) -> Result<Vec<Closing>, StoreError> {
        self.oldest("closings", &list_of("closings", campaign), |closing, _| json(closing)).await
    }

    async fn closings_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Closing>, StoreError> {
        self.part("closings", campaign, part, |closing, _| json(closing)).await
    }

    async fn lessons_part(
        &self,
        campaign: Option<&CampaignName>,
        part: Stretch,
    ) -> Result<Part<Lesson>, StoreError> {
        self.part("lessons", campaign, part, |lesson, _| json(lesson)).await
    }

    async fn lessons(&self, campaign: Option<&CampaignName>, limit: u32) -> Result<Vec<Lesson>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.newest("lessons", &list_of("lessons", campaign), limit, |lesson, _| json(lesson)).await
    }

    async fn hypotheses(
        &self,
        campaign: Option<&CampaignName>,
        limit: u32,
    ) -> Result<Vec<Considered>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.considered(&list_of("hypotheses", campaign), limit).await
    }
}

/// The list of a campaign's entries, or of all.
fn list_of(what: &str, campaign: Option<&CampaignName>) -> String {
    campaign.map_or_else(|| format!("{what}:all"), |campaign| format!("{what}:of:{campaign}"))
}

#[async_trait]
impl Ledger for RedisStore {
    async fn begin(&self, look: &Look) -> Result<(), StoreError> {
        self.begin_as(look, Repeated::Counts).await.map(|_| ())
    }

    async fn begin_unless_repeated(&self, look: &Look) -> Result<Begun, StoreError> {
        self.begin_as(look, Repeated::IsRefused).await
    }

    async fn conclude(&self, operation: &OperationId, conclusion: &Conclusion) -> Result<(), StoreError> {
        let call = self.session.call(&self.session.scripts.conclude);
        let answer = call.arg(operation.as_str()).arg(readable_json(conclusion)?).answer().await?;
        match answer.at::<String>(0)?.as_str() {
            "unknown" => Err(never_counted(operation)),
            _ => Ok(()),
        }
    }

    async fn nominate(&self, candidate: &Candidate) -> Result<(), StoreError> {
        let call = self.session.call(&self.session.scripts.nominate);
        let call = call.arg(candidate.exam.as_str()).arg(candidate.campaign.as_str());
        call.arg(readable_json(candidate)?).value().await.map(|_| ())
    }

    async fn close(&self, closing: &Closing) -> Result<Closed, StoreError> {
        let call = self.session.call(&self.session.scripts.close);
        let call = call.arg(closing.campaign.as_str()).arg(closing.after).arg(closing.cycles);
        let mut call =
            call.arg(readable_json(closing)?).arg(closing.last.as_ref().map_or("", |last| last.as_str()));
        for test in &closing.tests {
            call = call.arg(test.sequence.key()).arg(test.number);
        }
        match call.answer().await?.at::<String>(0)?.as_str() {
            "closed" => Ok(Closed::Recorded),
            _ => Ok(Closed::TooLate),
        }
    }

    async fn remember(&self, lesson: &Lesson) -> Result<(), StoreError> {
        let call = self.session.call(&self.session.scripts.remember);
        let call = call.arg(lesson.cycle.as_str()).arg(lesson.campaign.as_str());
        call.arg(readable_json(lesson)?).value().await.map(|_| ())
    }

    async fn propose(&self, hypothesis: &Hypothesis) -> Result<(), StoreError> {
        let call = self.session.call(&self.session.scripts.propose);
        let call = call.arg(hypothesis.id.as_str()).arg(hypothesis.campaign.as_str());
        call.arg(readable_json(hypothesis)?).value().await.map(|_| ())
    }

    async fn decide(&self, hypothesis: &HypothesisId, decision: &Decision) -> Result<Remarked, StoreError> {
        self.remark(hypothesis, "decisions", readable_json(decision)?).await
    }

    async fn tested(&self, hypothesis: &HypothesisId, test: &HypothesisTest) -> Result<Remarked, StoreError> {
        self.remark(hypothesis, "tests", readable_json(test)?).await
    }
}

/// What becomes of a look that shows what another one did.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeated {
    Counts,
    IsRefused,
}

impl RedisStore {
    async fn begin_as(&self, look: &Look, repeated: Repeated) -> Result<Begun, StoreError> {
        let call = self.session.call(&self.session.scripts.begin);
        let call = call.arg(look.operation.as_str()).arg(look.campaign.as_str()).arg(readable_json(look)?);
        let call = call.arg(look.shows().unwrap_or_default());
        let answer = call.arg(u8::from(repeated == Repeated::IsRefused)).answer().await?;
        match answer.at::<String>(0)?.as_str() {
            "repeats" => Ok(Begun::Repeats(answer.parsed(1)?)),
            _ => Ok(Begun::Counted),
        }
    }

    /// A part of a list of a campaign or of all, newest first. `read` as for [`Self::newest`].
    async fn part<T: Send>(
        &self,
        of: &str,
        campaign: Option<&CampaignName>,
        part: Stretch,
        read: impl Fn(&str, &str) -> Result<T, StoreError> + Send,
    ) -> Result<Part<T>, StoreError> {
        limits::check_page(part.limit)?;
        let upto = part.behind.map(|behind| behind.to_string()).unwrap_or_default();
        // Positions in Redis are signed.
        let offset = part.offset.min(1 << 52);
        let call = self.session.call(&self.session.scripts.entries).arg(of).arg(list_of(of, campaign));
        let answer = call.arg(upto).arg(part.limit).arg(offset).answer().await?;
        let (entries, concluded): (Vec<String>, Vec<String>) = (answer.at(1)?, answer.at(2)?);
        let newest_first = entries.iter().zip(&concluded).rev().map(|(entry, with)| read(entry, with));
        let entries = newest_first.collect::<Result<Vec<T>, StoreError>>()?;
        Ok(Part { entries, behind: answer.at(0)?, total: answer.at(3)? })
    }

    /// Trials of a list, oldest first.
    async fn trials_of(&self, list: &str) -> Result<Vec<Trial>, StoreError> {
        self.oldest("trials", list, trial).await
    }

    /// All entries of a list, oldest first, read as by [`Self::newest`].
    async fn oldest<T: Send>(
        &self,
        of: &str,
        list: &str,
        read: impl Fn(&str, &str) -> Result<T, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError> {
        let mut entries = self.newest(of, list, usize::MAX, read).await?;
        entries.reverse();
        Ok(entries)
    }

    /// Entries of a list, newest first, read part by part. `read` gets an entry, and what it was concluded with or nothing.
    async fn newest<T>(
        &self,
        of: &str,
        list: &str,
        limit: usize,
        read: impl Fn(&str, &str) -> Result<T, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError>
    where
        T: Send,
    {
        let mut entries = Vec::new();
        let mut upto = String::new();
        while entries.len() < limit {
            let wanted = ENTRIES_MAX.min(limit - entries.len());
            let call = self.session.call(&self.session.scripts.entries);
            let answer = call.arg(of).arg(list).arg(&upto).arg(wanted).arg(0).answer().await?;
            let (from, found): (u64, Vec<String>) = (answer.at(0)?, answer.at(1)?);
            let concluded: Vec<String> = answer.at(2)?;
            for (entry, conclusion) in found.iter().zip(&concluded).rev() {
                entries.push(read(entry, conclusion)?);
            }
            if from == 0 {
                break;
            }
            upto = from.to_string();
        }
        Ok(entries)
    }
}

/// A look beside what it showed. Older programs wrote both as one.
fn trial(look: &str, conclusion: &str) -> Result<Trial, StoreError> {
    let mut trial: Trial = json(look)?;
    if trial.conclusion.is_none() && !conclusion.is_empty() {
        trial.conclusion = Some(json(conclusion)?);
    }
    Ok(trial)
}
