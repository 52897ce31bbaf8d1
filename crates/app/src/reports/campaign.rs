//! The page on a campaign, from what the store counts of it, its cycles' rows, its lessons and its closings.

use std::collections::{BTreeMap, HashMap};

use ktrdr_domain::budget::Measure;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::refusal::{REPETITION, Refusal};
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::{FailureReason, Operation, OperationId, Phase, Status, Timestamp};
use ktrdr_fabric::campaign::{Campaign, Outcome};
use ktrdr_report::campaign::{CampaignPage, Design, ExamWindow, FunnelStep, Spent};
use serde::Deserialize;

use crate::budget::CampaignCosts;
use crate::operations::{PART_MAX, PartRequest};
use crate::{App, AppError, verdicts};

impl App {
    pub(super) async fn campaign_page(&self, name: &CampaignName) -> Result<CampaignPage, AppError> {
        let detail = self.campaign(name, PartRequest::default()).await?;
        let lessons = self.lessons(Some(name), PART_MAX).await?;
        let costs = self.costs(&detail.campaign).await?;
        let campaign = &detail.campaign;
        let accepted = verdicts::accepted(campaign, &detail.closings);
        Ok(CampaignPage {
            campaign: name.clone(),
            begun_at: Timestamp::of_ms(campaign.begun_at_ms),
            cycles: campaign.cycles,
            unfinished: campaign.with_status(Status::Pending) + campaign.with_status(Status::Running),
            funnel: funnel(campaign, accepted),
            stopped_by: stopped_by(campaign),
            exam: self.exam_of(detail.cycles.first()).await?,
            designs: designs(&lessons, &detail.cycles),
            growth: self.growth(name).await?,
            choice: self.choice(name).await?,
            closings: detail.closings,
            spent: spent(&costs),
        })
    }

    async fn exam_of(&self, cycle: Option<&Operation>) -> Result<Option<ExamWindow>, AppError> {
        let told = cycle.and_then(|cycle| ResearchSpec::deserialize(&cycle.spec).ok());
        let Some(ResearchSpec { symbol, windows, .. }) = told else { return Ok(None) };
        let (gate, looks_max) = (windows.gate, self.policy.looks_max);
        let looks = self.looks(&symbol, gate).await?;
        Ok(Some(ExamWindow { symbol, gate, looks, looks_max }))
    }
}

/// How far the cycles came; a step counts everybody who came at least so far.
fn funnel(campaign: &Campaign, accepted: Option<u64>) -> Vec<FunnelStep> {
    let failed_at = |o: &Outcome, phase| o.status == Status::Failed && o.phase == Some(phase);
    let at_gate = |o: &Outcome, phase| failed_at(o, phase) && o.reason == Some(FailureReason::Gate);
    let survived = |o: &Outcome| o.status == Status::Completed;
    let examined = |o: &Outcome| {
        let repeats = o.stopped_by.as_deref() == Some(REPETITION);
        survived(o) || failed_at(o, Phase::Assessing) || (at_gate(o, Phase::Backtesting) && !repeats)
    };
    let passed = |o: &Outcome| examined(o) || failed_at(o, Phase::Backtesting);
    let trained = |o: &Outcome| passed(o) || at_gate(o, Phase::Training);
    let step = |step: &str, cycles| FunnelStep { step: step.to_owned(), cycles };
    let mut steps = vec![
        step("submitted", campaign.cycles),
        step("designed and trained", campaign.count(trained)),
        step("passed the training gate", campaign.count(passed)),
        step("examined", campaign.count(examined)),
        step("survived the exam", campaign.count(survived)),
    ];
    steps.extend(accepted.map(|accepted| step("accepted at the close", accepted)));
    steps
}

/// The commonest first.
fn stopped_by(campaign: &Campaign) -> Vec<(String, u64)> {
    let mut by_code: BTreeMap<&str, u64> = BTreeMap::new();
    for outcome in &campaign.outcomes {
        if let Some(code) = &outcome.stopped_by {
            *by_code.entry(code).or_default() += outcome.cycles;
        }
    }
    let mut codes: Vec<(String, u64)> = by_code.into_iter().map(|(code, n)| (code.to_owned(), n)).collect();
    codes.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    codes
}

/// Dev figures stand in the lessons, what stopped a cycle in its row.
fn designs(lessons: &[Lesson], cycles: &[Operation]) -> Vec<Design> {
    let rows: HashMap<&OperationId, &Operation> = cycles.iter().map(|cycle| (&cycle.id, cycle)).collect();
    let mut designs: Vec<Design> = lessons
        .iter()
        .map(|lesson| Design {
            cycle: lesson.cycle.clone(),
            number: lesson.index,
            strategy: lesson.strategy.name.clone(),
            dev_return: lesson.dev_backtest.and_then(|dev| dev.total_return_pct),
            dev_active_sharpe: lesson.dev_backtest.and_then(|dev| dev.active_sharpe_ratio),
            dev_null_p: lesson.dev_backtest.and_then(|dev| dev.null_p),
            stopped_by: rows.get(&lesson.cycle).map_or_else(|| lesson.stopped_by.clone(), |row| fate(row)),
        })
        .collect();
    designs.sort_by_key(|design| design.number);
    designs
}

/// The code of what stopped a cycle; `None` where nothing did.
fn fate(cycle: &Operation) -> Option<String> {
    let code = cycle.error.as_deref().and_then(Refusal::read).map(|refusal| refusal.code.to_owned());
    code.or_else(|| (cycle.status != Status::Completed).then(|| cycle.status.to_string()))
}

fn spent(costs: &CampaignCosts) -> Vec<Spent> {
    let all = Measure::ALL.into_iter().filter_map(|measure| {
        let quantity = costs.account.spent.of(measure);
        let name = match measure {
            Measure::Money => "money",
            Measure::Tokens => "tokens",
            Measure::MachineTime => "machine time",
        };
        (quantity > 0).then(|| Spent { name: name.to_owned(), amount: measure.words(quantity) })
    });
    let each = [
        ("money per cycle", costs.per_cycle),
        ("money per exam", costs.per_gate_pass),
        ("money per survivor", costs.per_survivor),
    ];
    let each = each.into_iter().filter_map(|(name, money)| {
        let money = money.filter(|money| *money > ktrdr_domain::Money::ZERO)?;
        Some(Spent { name: name.to_owned(), amount: money.to_string() })
    });
    all.chain(each).collect()
}
