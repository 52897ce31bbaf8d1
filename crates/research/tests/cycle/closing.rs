//! The close of a campaign: the pure verdict, and orchestrators that come to it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ktrdr_domain::closing::{Candidate, DiscoveryTest, Sequence};
use ktrdr_domain::gate::{GatePolicy, GateProfile, GateVerdict};
use ktrdr_domain::job::Origin;
use ktrdr_domain::report::{BacktestSummary, DailyRecord, DevBacktest, NullRank, TrainingReport};
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::trial::{Conclusion, Look, Trial};
use ktrdr_domain::{FailureReason, Kind, OperationId, Phase, Sha256, Span, Status, Timestamp};
use ktrdr_embedded::{Engine, Role, SqliteOptions};
use ktrdr_fabric::ledger::LedgerReader;
use ktrdr_fabric::store::{Advance, AdvanceTo, Advanced, BootId, Claim, Finish, Pace, Store};
use ktrdr_quant::statistics::discovery::lond_dependent;
use ktrdr_research::closing::judge;
use ktrdr_research::{Orchestrator, plan};
use ktrdr_worker::{Job, Outcome};
use tokio_util::sync::CancellationToken;

use crate::fixture::{backtest, research, training, value};
use crate::world::{World, behave};

const YEAR: i64 = 260;

fn exam(n: u32) -> OperationId {
    OperationId::new(Kind::Backtesting, Timestamp(0), n)
}

/// With so high a daily Sharpe ratio over a year.
fn candidate(n: u32, sharpe: f64) -> Candidate {
    Candidate {
        exam: exam(n),
        cycle: OperationId::new(Kind::AgentResearch, Timestamp(0), n),
        campaign: "night".parse().unwrap(),
        strategy: format!("s{n}").parse().unwrap(),
        sequence: Sequence { symbol: "EURUSD".parse().unwrap(), gate: days(0..YEAR) },
        timeframe: "1h".parse().unwrap(),
        span: days(0..YEAR),
        daily: Some(DailyRecord { sharpe, days: YEAR as u64, skewness: 0.0, kurtosis: 3.0 }),
        deflated_sharpe_min: 0.95,
    }
}

fn days(days: std::ops::Range<i64>) -> Span {
    Span { start: Timestamp(days.start * 86_400), end: Timestamp(days.end * 86_400) }
}

fn trial(n: u32, symbol: &str, sharpe_daily: f64) -> Trial {
    let look = Look {
        operation: exam(n),
        campaign: "night".parse().unwrap(),
        subject_sha256: Sha256::of(&n.to_le_bytes()),
        content_sha256: None,
        subject: n.to_string(),
        symbol: symbol.parse().unwrap(),
        timeframe: "1h".parse().unwrap(),
        data_sha256: Sha256::of(b"data"),
        span: days(0..YEAR),
        windows: vec![],
        origin: Origin::Research,
        author: None,
    };
    let conclusion = Conclusion {
        sharpe_daily: Some(sharpe_daily),
        days: YEAR as u64,
        apart: None,
        positions: None,
        correlated: vec![],
    };
    Trial { look, conclusion: Some(conclusion) }
}

/// Looks at EURUSD without any merit.
fn trials(n: u32) -> Vec<Trial> {
    (0..n).map(|n| trial(n, "EURUSD", 0.0)).collect()
}

fn code(verdict: &GateVerdict) -> &str {
    match verdict {
        GateVerdict::Passed => "passed",
        GateVerdict::Failed { code, .. } => code,
    }
}

/// The tests of campaigns that come one after the other, each with one candidate of this Sharpe ratio.
fn one_after_the_other(sharpes: &[f64], trials: &[Trial]) -> Vec<(String, DiscoveryTest)> {
    let (mut said, mut before) = (Vec::new(), Vec::new());
    for (n, sharpe) in (0..).zip(sharpes) {
        let (verdicts, tests) = judge(&[candidate(n, *sharpe)], trials, &before);
        said.push((code(&verdicts[0].verdict).to_owned(), tests[0].clone()));
        before.extend(tests);
    }
    said
}

#[test]
fn a_candidate_is_judged_with_every_look_there_was_in_the_end() {
    let z = |sharpe: f64| sharpe * (YEAR as f64).sqrt();
    let one = candidate(0, 0.16);
    assert!(z(0.16) > 2.5);
    let (alone, _) = judge(std::slice::from_ref(&one), &trials(1), &[]);
    assert_eq!((code(&alone[0].verdict), alone[0].trials), ("passed", 1));
    let (among_many, tests) = judge(&[one], &trials(40), &[]);
    assert_eq!((code(&among_many[0].verdict), among_many[0].trials), ("deflated_sharpe_too_low", 40));
    assert!(among_many[0].deflated_sharpe.unwrap() < 0.7 && !tests[0].is_discovery);
}

#[test]
fn a_candidate_that_the_count_had_stopped_may_stand_in_the_end() {
    // A single wild look widens what luck is judged by; many tame ones beside it narrow that again.
    let wild = trial(0, "EURUSD", 0.9);
    let few = vec![wild.clone(), trial(1, "EURUSD", 0.0)];
    let mut many = trials(200);
    many[0] = wild;
    let luck = |trials: &[Trial]| judge(&[candidate(1, 0.42)], trials, &[]).0.remove(0);
    assert_eq!(code(&luck(&few).verdict), "deflated_sharpe_too_low");
    assert_eq!(code(&luck(&many).verdict), "passed");
}

#[test]
fn looks_at_other_times_and_replays_do_not_count_and_correlated_instruments_do_whoever_came_first() {
    let mut all = trials(1);
    all.push(trial(1, "GBPUSD", 0.0));
    let mut theirs = trial(2, "USDCHF", 0.0);
    theirs.conclusion.as_mut().unwrap().correlated = vec!["EURUSD".parse().unwrap()];
    all.push(theirs);
    let mut own = trial(3, "EURUSD", 0.0);
    own.conclusion.as_mut().unwrap().correlated = vec!["AUDUSD".parse().unwrap()];
    all.extend([own, trial(4, "AUDUSD", 0.0)]);
    let mut replay = trial(5, "EURUSD", 0.0);
    replay.look.origin = Origin::Replay;
    let mut later = trial(6, "EURUSD", 0.0);
    later.look.span = days(YEAR..2 * YEAR);
    all.extend([replay, later]);
    let (verdicts, _) = judge(&[candidate(0, 0.2)], &all, &[]);
    let correlated: Vec<&str> = verdicts[0].correlated.iter().map(ktrdr_domain::Symbol::as_str).collect();
    assert_eq!((verdicts[0].trials, correlated), (4, vec!["AUDUSD", "USDCHF"]));
}

#[test]
fn each_campaign_needs_a_smaller_p_value_than_the_one_before_until_there_is_a_discovery() {
    let weak = 0.125;
    let said = one_after_the_other(&[weak, weak, weak, 0.5, weak], &trials(1));
    let codes: Vec<&str> = said.iter().map(|(code, _)| code.as_str()).collect();
    let lost = "not_a_discovery";
    assert_eq!(codes, ["passed", lost, lost, "passed", lost]);
    let tests: Vec<&DiscoveryTest> = said.iter().map(|(_, test)| test).collect();
    assert_eq!(tests.iter().map(|test| test.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(tests.iter().map(|test| test.discoveries).collect::<Vec<_>>(), [1, 1, 1, 2, 2]);
    for test in &tests[1..] {
        let before = &tests[usize::try_from(test.number).unwrap() - 2];
        assert_eq!(test.level, before.next_level);
        assert!(test.alpha_left < before.alpha_left);
    }
    assert_eq!(tests[4].level, lond_dependent(0.05, 5, 2));
}

#[test]
fn a_campaign_is_one_test_by_its_best_candidate_and_each_window_of_each_instrument_counts_for_itself() {
    let mut pound = candidate(2, 0.5);
    pound.sequence.symbol = "GBPUSD".parse().unwrap();
    let mut later = candidate(3, 0.5);
    later.sequence.gate = days(1..YEAR);
    let two = [candidate(0, 0.125), candidate(1, 0.5)];
    let (verdicts, tests) = judge(&[&two[..], &[pound, later]].concat(), &trials(1), &[]);
    assert_eq!(verdicts.len(), 4);
    assert_eq!(tests.iter().map(|test| test.number).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(tests[0].best, exam(1), "the better one");
    let (verdicts, next) = judge(&two, &trials(1), &tests);
    assert_eq!(next[0].number, 2);
    let codes: Vec<&str> = verdicts.iter().map(|verdict| code(&verdict.verdict)).collect();
    assert_eq!(codes, ["not_a_discovery", "passed"], "the level is that of each candidate");
}

#[test]
fn a_record_that_says_nothing_is_no_discovery() {
    let silent = Candidate { daily: None, ..candidate(0, 0.5) };
    let (verdicts, tests) = judge(&[silent], &trials(1), &[]);
    assert_eq!((code(&verdicts[0].verdict), verdicts[0].p_value), ("metric_missing", 1.0));
    assert!(!tests[0].is_discovery);
}

/// A trained network that passes `honest`.
fn skilled() -> TrainingReport {
    let dev = DevBacktest {
        blocks: 4,
        bars: 5_000,
        total_return_pct: Some(0.1),
        sharpe_ratio: Some(1.0),
        beta: Some(0.0),
        active_return_per_year: Some(0.1),
        active_sharpe_ratio: Some(1.0),
        null_p: Some(0.01),
        null_draws: 200,
        total_trades: 60,
        ..DevBacktest::default()
    };
    TrainingReport { dev_backtest: Some(dev), ..training() }
}

/// An exam of this job that passes everything by itself.
fn passed(job: &Job) -> BacktestSummary {
    let mut exam = backtest();
    exam.operation = job.id.clone();
    exam.metrics.total_return_pct = Some(0.2);
    exam.evidence.random_entries = Some(NullRank { p: 0.01, draws: 1000 });
    exam.evidence.daily = candidate(0, 0.3).daily;
    exam.evidence.deflated_sharpe = Some(0.999);
    exam
}

fn world() -> World {
    World::new(|phase, job| match phase {
        Phase::Training => Outcome::Completed(value(skilled())),
        Phase::Backtesting => Outcome::Completed(value(passed(job))),
        _ => behave(phase),
    })
}

async fn submit(world: &World, cycles: u32, nonce: u32) -> Vec<OperationId> {
    let gates = GatePolicy { profile: GateProfile::Honest, ..GatePolicy::DEFAULT };
    let honest = ResearchSpec { gates, ..research() };
    let roots = plan(&"night".parse().unwrap(), cycles, &honest, Timestamp(0), nonce).unwrap();
    let ids = roots.iter().map(|root| root.id.clone()).collect();
    world.engine.store.submit_roots(roots, Pace::free(2)).await.unwrap();
    ids
}

#[tokio::test]
async fn a_campaign_is_closed_by_the_end_of_its_last_cycle_however_many_orchestrators_hear_of_it() {
    let world = world();
    world.add_orchestrator();
    let cycles = submit(&world, 5, 1).await;
    let closing = world.closings(1).await.remove(0);
    assert_eq!((closing.cycles, closing.after, closing.verdicts.len()), (5, 0, 5));
    for cycle in &cycles {
        assert_eq!(world.row(cycle).await.status, Status::Completed, "closed too early");
        assert!(closing.verdicts.iter().any(|verdict| verdict.cycle == *cycle));
    }
    assert_eq!((closing.tests.len(), closing.tests[0].number), (1, 1));

    submit(&world, 2, 100).await;
    let closings = world.closings(2).await;
    assert_eq!(
        (closings[1].cycles, closings[1].after, closings[1].verdicts.len()),
        (7, 5, 2),
        "the new ones"
    );
    assert_eq!(closings[1].tests[0].number, 2);
    assert_eq!(closings.len(), 2);
}

#[tokio::test]
async fn a_close_that_failed_is_tried_again() {
    let world = world();
    world.ledger.closings_to_fail.store(3, Ordering::Release);
    submit(&world, 1, 1).await;
    assert_eq!(world.closings(1).await.len(), 1);
    assert_eq!(world.ledger.closings_to_fail.load(Ordering::Acquire), 0);
}

#[tokio::test]
async fn what_ended_while_nobody_heard_is_closed_by_the_next_orchestrator() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open_with(folder.path(), Role::Runner, SqliteOptions::default()).unwrap();
    let root = plan(&"night".parse().unwrap(), 1, &research(), Timestamp(0), 1).unwrap().remove(0);
    let (id, design) = (root.id.clone(), root.first.id.clone());
    engine.store.submit_roots(vec![root], Pace::free(1)).await.unwrap();
    let boot = BootId("here-1-1".into());
    let Claim::Run { attempt, .. } =
        engine.store.claim(&design, &boot, Duration::from_secs(30)).await.unwrap()
    else {
        panic!("it waits for a worker")
    };
    engine.store.finish(&attempt, Finish::Cancelled).await.unwrap();
    let to = AdvanceTo::Failed {
        reason: FailureReason::Cancelled,
        error: "design was cancelled".into(),
        stopped_by: "cancelled".into(),
        result: serde_json::json!({}),
    };
    let step = Advance { root: id, finished: design, expected_phase: Phase::Designing, to };
    assert_eq!(engine.store.advance(step).await.unwrap(), Advanced::Closed(Status::Cancelled));
    // Without a relay the event of that end stays where it is.
    let store = engine.store.clone();
    let stop = CancellationToken::new();
    let orchestrator = Orchestrator::new(store.clone(), store.clone(), store.clone(), engine.broker.clone());
    let running = tokio::spawn(orchestrator.run(stop.clone()));
    let closing = async {
        loop {
            if let Some(closing) = store.closings(None).await.unwrap().pop() {
                return closing;
            }
            tokio::task::yield_now().await;
        }
    };
    let closing = tokio::time::timeout(Duration::from_secs(60), closing).await.expect("a closing");
    assert_eq!((closing.cycles, closing.last, closing.verdicts), (1, None, vec![]));
    stop.cancel();
    running.await.unwrap();
}
