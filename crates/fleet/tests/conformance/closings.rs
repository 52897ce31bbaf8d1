//! Candidates, and what they come to when their campaign closes.

use ktrdr_domain::closing::{Candidate, Closing, DiscoveryTest, FinalVerdict, Sequence};
use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::report::DailyRecord;
use ktrdr_domain::{Span, Timestamp};
use ktrdr_fabric::ledger::Closed;
use ktrdr_fabric::store::StoreHint;
use tokio::task::JoinSet;

use crate::world::{World, id};

fn sequence(symbol: &str, from: i64) -> Sequence {
    Sequence {
        symbol: symbol.parse().unwrap(),
        gate: Span { start: Timestamp(from), end: Timestamp(from + 9) },
    }
}

pub(crate) fn candidate(exam: &str, campaign: &str) -> Candidate {
    Candidate {
        exam: id(exam),
        cycle: id("cycle"),
        campaign: campaign.parse().unwrap(),
        strategy: "trend".parse().unwrap(),
        sequence: sequence("EURUSD", 0),
        timeframe: "1h".parse().unwrap(),
        span: Span { start: Timestamp(1), end: Timestamp(8) },
        daily: Some(DailyRecord { sharpe: 0.1 / 3.0, days: 700, skewness: -0.1, kurtosis: 4.2 }),
        deflated_sharpe_min: 0.95,
    }
}

fn test(sequence: Sequence, number: u64) -> DiscoveryTest {
    DiscoveryTest {
        sequence,
        number,
        level: 0.03 / number as f64,
        best: id("exam"),
        p_value: 0.1 / 7.0,
        is_discovery: true,
        discoveries: 1,
        alpha_left: 0.02,
        next_level: 0.005,
    }
}

pub(crate) fn closing(campaign: &str, after: u64, cycles: u64, tests: Vec<DiscoveryTest>) -> Closing {
    let verdict = FinalVerdict {
        exam: id("exam"),
        cycle: id("cycle"),
        strategy: "trend".parse().unwrap(),
        verdict: GateVerdict::Failed { code: "not_a_discovery".into(), figures: "p 0.1 > 0.03".into() },
        trials: 12,
        different_trials: 5,
        correlated: vec!["GBPUSD".parse().unwrap()],
        luck_sharpe_daily: Some(0.1 / 7.0),
        deflated_sharpe: Some(0.9),
        p_value: 1.0 - 0.9,
    };
    Closing {
        campaign: campaign.parse().unwrap(),
        cycles,
        after,
        last: Some(id("cycle")),
        closed_at: Timestamp(5),
        verdicts: vec![verdict],
        tests,
    }
}

async fn close(w: &World, closing: &Closing) -> Closed {
    w.ledger.close(closing).await.unwrap()
}

pub(crate) async fn an_exam_is_a_candidate_once_and_candidates_come_back_oldest_first(w: World) {
    let (first, second) = (candidate("b", "fx"), candidate("a", "fx"));
    w.ledger.nominate(&first).await.unwrap();
    w.ledger.nominate(&second).await.unwrap();
    w.ledger.nominate(&candidate("c", "other")).await.unwrap();
    w.ledger.nominate(&Candidate { cycle: id("retried"), daily: None, ..first.clone() }).await.unwrap();
    assert_eq!(
        w.ledger.candidates(&"fx".parse().unwrap()).await.unwrap(),
        [first, second],
        "to the last bit"
    );
    assert!(w.ledger.candidates(&"none".parse().unwrap()).await.unwrap().is_empty());
}

pub(crate) async fn a_campaign_is_closed_once_and_again_only_after_its_last_closing(w: World) {
    let first = closing("fx", 0, 3, vec![test(sequence("EURUSD", 0), 1)]);
    assert_eq!(close(&w, &first).await, Closed::Recorded);
    assert_eq!(close(&w, &closing("fx", 0, 3, vec![])).await, Closed::TooLate, "somebody did");
    assert_eq!(
        close(&w, &closing("fx", 0, 5, vec![])).await,
        Closed::TooLate,
        "it has not read the first one"
    );
    let second = closing("fx", 3, 5, vec![]);
    assert_eq!(close(&w, &second).await, Closed::Recorded);
    let other = closing("other", 0, 1, vec![]);
    assert_eq!(close(&w, &other).await, Closed::Recorded);
    let of = async |name: Option<&str>| {
        w.ledger.closings(name.map(|name| name.parse().unwrap()).as_ref()).await.unwrap()
    };
    assert_eq!(of(Some("fx")).await, [first.clone(), second.clone()], "to the last bit");
    assert_eq!(of(None).await, [first, second, other]);
    assert!(of(Some("none")).await.is_empty());
}

pub(crate) async fn tests_of_a_sequence_follow_each_other_without_a_gap(w: World) {
    let (euro, later, pound) = (sequence("EURUSD", 0), sequence("EURUSD", 9), sequence("GBPUSD", 0));
    assert_eq!(close(&w, &closing("a", 0, 1, vec![test(euro.clone(), 1)])).await, Closed::Recorded);
    for number in [1, 3] {
        let wrong = closing("b", 0, 1, vec![test(pound.clone(), 1), test(euro.clone(), number)]);
        assert_eq!(close(&w, &wrong).await, Closed::TooLate, "{number} is not next");
    }
    let right = closing("b", 0, 1, vec![test(pound.clone(), 1), test(euro, 2)]);
    assert_eq!(close(&w, &right).await, Closed::Recorded, "nothing was taken of what was too late");
    assert_eq!(close(&w, &closing("c", 0, 1, vec![test(later, 1)])).await, Closed::Recorded, "a new window");
    assert_eq!(close(&w, &closing("d", 0, 1, vec![test(pound, 2)])).await, Closed::Recorded);
}

pub(crate) async fn of_many_who_close_at_once_one_does_and_tests_are_numbered_in_the_order_they_are_written(
    w: World,
) {
    const CAMPAIGNS: u64 = 8;
    // Each campaign is closed by two at once, who read the sequence again for as long as they come too late.
    let mut closers = JoinSet::new();
    for n in 0..2 * CAMPAIGNS {
        let ledger = w.ledger.clone();
        let campaign = format!("c{}", n / 2);
        closers.spawn(async move {
            let mut recorded = 0;
            while ledger.closings(Some(&campaign.parse().unwrap())).await.unwrap().is_empty() {
                let number = ledger.closings(None).await.unwrap().len() as u64 + 1;
                let closing = closing(&campaign, 0, 1, vec![test(sequence("EURUSD", 0), number)]);
                recorded += u64::from(ledger.close(&closing).await.unwrap() == Closed::Recorded);
            }
            recorded
        });
    }
    assert_eq!(closers.join_all().await.iter().sum::<u64>(), CAMPAIGNS);
    let closings = w.ledger.closings(None).await.unwrap();
    let numbers: Vec<u64> = closings.iter().map(|closing| closing.tests[0].number).collect();
    assert_eq!(numbers, (1..=CAMPAIGNS).collect::<Vec<_>>());
}

pub(crate) async fn a_closing_is_hinted(w: World) {
    let mut hints = w.store.hints();
    close(&w, &closing("fx", 0, 1, vec![])).await;
    let hinted = async {
        loop {
            if let Ok(StoreHint::Changed(changed)) = hints.recv().await
                && changed == id("cycle")
            {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), hinted).await.expect("a hint");
}
