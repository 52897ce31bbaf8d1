//! Designs and assessments go through the provider that a specification names, whatever stands behind the name.
//!
//! The roles run in this process, as `ktrdr up` wires them, so that they can be given a provider of the test's own.

mod designers;
mod roles;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ktrdr_agent::models::Usage;
use ktrdr_agent::purse::{Cost, Spent};
use ktrdr_agent::{AgentError, Provider, Providers};
use ktrdr_domain::budget::{self, Balance, BudgetPolicy, Scope};
use ktrdr_domain::job::DesignResult;
use ktrdr_domain::report::{AssessmentReport, Verdict};
use ktrdr_domain::{FailureReason, Kind, Status, Timestamp};
use ktrdr_fabric::budget::{Budget, BudgetReader};
use ktrdr_fabric::store::{Pace, Store};
use ktrdr_research::{CycleSummary, plan};
use serde::Deserialize;

use crate::world::World;
use designers::{Paid, Scripted, Silent, design};
use roles::Fleet;

#[tokio::test(flavor = "multi_thread")]
async fn a_scripted_provider_designs_and_assesses_a_whole_cycle() {
    let busy = AgentError::Unavailable { provider: "scripted-7b".into(), source: "overloaded".into() };
    let (scripted, asked) = Scripted::new(vec![Err(busy), Ok(design())]);
    let fleet =
        Fleet::with(Providers::default().with("scripted".parse().unwrap(), Provider::of(scripted))).await;
    let root = fleet.cycle("scripted").await;
    let cycle = fleet.ended(&root).await;
    assert_eq!(cycle.status, Status::Completed, "{:?}", cycle.error);
    assert_eq!(CycleSummary::deserialize(cycle.result.unwrap()).unwrap().verdict, Some(Verdict::Mediocre));

    let children = fleet.children(&root).await;
    let child = |kind| children.iter().find(|c| c.kind == kind).unwrap();
    let designed = DesignResult::deserialize(child(Kind::AgentDesign).result.as_ref().unwrap()).unwrap();
    assert_eq!((designed.designer.as_str(), designed.origin.as_str()), ("scripted-7b", "from the script"));
    let assessment = std::fs::read(fleet.world.path("strategies/fx_pullback/assessment.json")).unwrap();
    let assessment: AssessmentReport = serde_json::from_slice(&assessment).unwrap();
    assert_eq!(assessment.assessor, "scripted-7b");

    let attempts = [(Kind::AgentDesign, 1), (Kind::AgentDesign, 2), (Kind::AgentAssessment, 1)];
    let attempts = attempts.map(|(kind, attempt)| (child(kind).id.clone(), attempt));
    assert_eq!(*asked.lock().unwrap(), attempts, "who had no time is asked again, as another attempt");
}

fn cost(micro_dollars: u64, tokens: u64) -> Cost {
    Cost { micro_dollars, tokens }
}

/// A fleet whose day may cost a dollar, each campaign 50 cents, and whose provider `paid` asks for 30 at worst.
async fn with_paid(spent: Spent) -> Fleet {
    let provider =
        Provider { designer: Arc::new(Paid { worst_case: cost(300_000, 900), spent }), ..Provider::local() };
    let mut policy = BudgetPolicy::default();
    policy.limits.day.money = Some("$1".parse().unwrap());
    policy.limits.campaign.money = Some("$0.50".parse().unwrap());
    policy.prices.cpu_hour = "$0.036".parse().unwrap();
    Fleet::with_budget(Providers::default().with("paid".parse().unwrap(), provider), policy).await
}

impl Fleet {
    /// What the campaign of the cycles here has paid and set aside.
    async fn account(&self) -> Balance {
        let campaign = Scope::Campaign("scripted".parse().unwrap());
        self.engine.store.balances(&[campaign]).await.unwrap()[0]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_design_is_paid_for_what_it_cost_and_every_job_for_how_long_it_ran() {
    let fleet = with_paid(Spent::Counted(Usage::default(), cost(120_000, 400))).await;
    let root = fleet.cycle("paid").await;
    let cycle = fleet.ended(&root).await;
    assert_eq!(cycle.status, Status::Completed, "{:?}", cycle.error);
    let Balance { spent, reserved, .. } = fleet.account().await;
    assert_eq!((spent.tokens, reserved), (400, budget::Cost::ZERO));
    // Each job costs a cent of a cent for every second, rounded up for itself.
    let machine = spent.money.in_micro_dollars() - 120_000;
    assert!(spent.machine_ms > 0 && (0..=4).contains(&(machine - spent.machine_ms / 100)), "{spent:?}");
    let scopes = [Scope::Cycle(root), Scope::Day(fleet.engine.store.today(0).await.unwrap())];
    for (scope, paid) in scopes.iter().zip(fleet.engine.store.balances(&scopes).await.unwrap()) {
        assert_eq!((paid.spent, paid.reserved), (spent, reserved), "the same for {scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_that_would_pass_a_limit_ends_with_budget_exhausted_and_costs_nothing_more() {
    // Nobody knows what the calls cost: the worst case is taken.
    let fleet = with_paid(Spent::Unknown).await;
    assert_eq!(fleet.ended(&fleet.cycle("paid").await).await.status, Status::Completed);
    let before = fleet.account().await;
    let second = plan(&fleet.template.campaign, 1, &fleet.template_of("paid"), Timestamp(0), 2).unwrap();
    let id = second[0].id.clone();
    fleet.engine.store.submit_roots(second, Pace::free(1)).await.unwrap();
    let cycle = fleet.ended(&id).await;
    assert_eq!(
        (cycle.status, cycle.reason.as_ref()),
        (Status::Failed, Some(&FailureReason::BudgetExhausted))
    );
    let error = cycle.summary.error.unwrap();
    assert!(error.contains("the limit of the campaign scripted is $0.50; $0.30"), "{error}");
    assert!(error.contains("leave no room for $0.30"), "{error}");
    let after = fleet.account().await;
    let more = after.spent.less(before.spent);
    assert!(more.tokens == 0 && after.reserved == budget::Cost::ZERO, "{after:?}");
    assert_eq!(more, policy_prices(more.machine_ms), "only the design's own machine time was paid");
}

fn policy_prices(machine_ms: u64) -> budget::Cost {
    let prices = budget::MachinePrices { cpu_hour: "$0.036".parse().unwrap(), ..Default::default() };
    prices.cost(machine_ms, false)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_was_allowed_an_amount_of_its_own_may_spend_that() {
    let fleet = with_paid(Spent::Unknown).await;
    fleet.engine.store.allow(&"scripted".parse().unwrap(), "$0.05".parse().unwrap()).await.unwrap();
    let cycle = fleet.ended(&fleet.cycle("paid").await).await;
    assert_eq!(cycle.reason, Some(FailureReason::BudgetExhausted));
    assert!(cycle.error.as_ref().unwrap().contains("campaign scripted is $0.05"), "{:?}", cycle.error);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_wants_any_more_is_given_up() {
    let silent = Silent::default();
    let (asked, given_up) = (Arc::clone(&silent.asked), Arc::clone(&silent.given_up));
    let provider = Provider { designer: Arc::new(silent), ..Provider::local() };
    let fleet = Fleet::with(Providers::default().with("silent".parse().unwrap(), provider)).await;
    let root = fleet.cycle("silent").await;
    asked.notified().await;
    fleet.engine.store.cancel(&root, "test", "enough").await.unwrap();
    assert_eq!(fleet.ended(&root).await.status, Status::Cancelled);
    assert!(given_up.load(Ordering::Acquire));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_the_provider_refuses_the_design_and_names_those_it_has() {
    let fleet = Fleet::with(Providers::default()).await;
    let cycle = fleet.ended(&fleet.cycle("nobody").await).await;
    assert_eq!((cycle.status, cycle.reason.as_ref()), (Status::Failed, Some(&FailureReason::Refused)));
    let error = cycle.summary.error.unwrap();
    assert!(error.contains("no provider of designs is called nobody; there is local"), "{error}");
}

#[test]
fn a_campaign_of_an_unknown_provider_is_refused_before_anything_is_submitted() {
    let run = ["research", "run", "--local", "--symbol", "EURUSD", "--timeframe", "1h"];
    let words = ["called nobody", "there is local", "--agent or research.agent"];
    let world = World::new();
    world.generate("EURUSD", "random-walk", 2_000, 1);
    world.refused_with(3, &[&run[..], &["--agent", "nobody"]].concat(), &words);
    let world = world.with_setting("KTRDR_RESEARCH__AGENT", "nobody");
    world.refused_with(3, &run, &words);
    assert!(world.operations().is_empty());
}
