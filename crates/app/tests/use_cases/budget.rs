//! What work costs, and what a campaign could find at all.

use ktrdr_app::engine::Opening;
use ktrdr_app::{App, ErrorKind, Policy};
use ktrdr_domain::budget::{BudgetPolicy, Cost, Limit, Limits};
use ktrdr_domain::job::Origin;
use ktrdr_domain::trial::Look;
use ktrdr_domain::{Sha256, WindowKind};
use ktrdr_fabric::budget::{CallId, Payers};
use serde_json::json;

use crate::{Desk, campaign, request};

/// The same desk, with limits.
async fn with_limits(desk: &Desk, limits: Limits) -> App {
    let policy =
        Policy { budget: BudgetPolicy { limits, ..BudgetPolicy::default() }, ..desk.opening.policy.clone() };
    Opening { policy, ..desk.opening.clone() }.beside().await.unwrap().app
}

#[tokio::test]
async fn a_campaign_for_which_nothing_is_left_is_refused_with_the_limit_in_its_way() {
    let desk = Desk::with_bars().await;
    let limit = Limit { machine_ms: Some(1_000), ..Limit::default() };
    let app = with_limits(&desk, Limits { campaign: limit, ..Limits::default() }).await;
    let night = campaign(&json!({ "campaign": "night", "budget": "2usd" }));
    let started = app.start_campaign(&night).await.unwrap();

    let payers = Payers { campaign: Some("night".parse().unwrap()), ..Payers::default() };
    let spent = Cost { money: "$0.30".parse().unwrap(), tokens: 0, machine_ms: 1_000 };
    app.budget.charge(&CallId::machine_time(&started.cycles[0], 1), &payers, spent).await.unwrap();
    let more = campaign(&json!({ "campaign": "night", "budget": "2usd", "seed": 9 }));
    let refused = app.start_campaign(&more).await.unwrap_err();
    assert_eq!((refused.kind, refused.code.as_deref()), (ErrorKind::Refused, Some("budget_exhausted")));
    assert!(refused.message.contains("campaign night is 1 s of machine time; 1 s"), "{refused}");
    let told = app.explain(&started.cycles[0]).await.unwrap();
    let unpaid = told.reasons.iter().find(|reason| reason.why == "budget").unwrap();
    assert!(unpaid.message.contains("budget exhausted") && unpaid.run == "ktrdr agent budget", "{told:?}");
    assert!(app.start_campaign(&campaign(&json!({ "campaign": "other" }))).await.is_ok());

    let statement = app.budget(&request(json!({ "days": 2 }))).await.unwrap();
    assert_eq!((statement.days.len(), statement.days[0].spent), (2, spent));
    let accounts: Vec<_> =
        statement.campaigns.iter().map(|account| (account.scope.to_string(), account.left.money)).collect();
    let left = Some("$1.70".parse().unwrap());
    assert_eq!(accounts, [("campaign other".to_owned(), None), ("campaign night".to_owned(), left)]);
    let shown = serde_json::to_value(&statement.campaigns[1]).unwrap();
    assert_eq!((&shown["campaign"], &shown["spent"]["money"]), (&json!("night"), &json!("$0.30")));

    let missing = app.budget(&request(json!({ "campaign": "nobody" }))).await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
    assert_eq!(app.budget(&request(json!({ "days": 0 }))).await.unwrap_err().kind, ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn what_was_looked_at_before_makes_a_plan_harder() {
    let desk = Desk::with_bars().await;
    let plan = async || {
        let wish = json!({ "symbol": "MINE", "timeframe": "1h", "cycles": 100, "anyway": "to see" });
        desk.app.plan_campaign(&request(wish)).await.unwrap()
    };
    let before = plan().await;
    assert_eq!((before.looks_so_far, before.looks_expected, before.look_rate.seen_here), (0, 10, false));
    for name in ["a", "b", "c"] {
        let look = Look {
            operation: format!("op_{name}").parse().unwrap(),
            campaign: "earlier".parse().unwrap(),
            subject_sha256: Sha256::of(name.as_bytes()),
            content_sha256: None,
            subject: name.into(),
            symbol: "MINE".parse().unwrap(),
            timeframe: "1h".parse().unwrap(),
            data_sha256: Sha256::of(b""),
            span: before.gate,
            windows: vec![WindowKind::Gate],
            origin: Origin::Person,
            author: None,
        };
        desk.app.ledger.begin(&look).await.unwrap();
    }
    let after = plan().await;
    assert_eq!(after.looks_so_far, 3);
    assert!(after.smallest_sharpe.at_the_end > before.smallest_sharpe.at_the_end);
    assert!(after.smallest_sharpe.at_the_next_look > before.smallest_sharpe.at_the_next_look);

    let wish = json!({ "symbol": "MINE", "timeframe": "1h", "cycles": 100, "gates": "parity" });
    let parity = desk.app.plan_campaign(&request(wish)).await.unwrap();
    assert_eq!(parity.verdict, None, "gates that deflate nothing find whatever luck gives");
    for wrong in [json!({ "cycles": 0 }), json!({ "cycles": 5, "anyway": " " })] {
        let mut wish = json!({ "symbol": "MINE", "timeframe": "1h" });
        wish.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let refused = desk.app.plan_campaign(&request(wish)).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::InvalidRequest, "{refused}");
    }
}
