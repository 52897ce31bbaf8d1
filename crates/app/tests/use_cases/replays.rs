//! A backtest that is done again, and compared.

use ktrdr_app::ErrorKind;
use ktrdr_app::replay::ReplayRequest;
use ktrdr_domain::job::{BacktestSpec, Origin};
use ktrdr_domain::{Kind, Operation};
use serde::Deserialize;

use crate::{Desk, complete};

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_the_same_look_at_the_same_inputs_and_compares_its_trades() {
    let desk = Desk::with_bars().await;
    let (app, id) = (&desk.app, desk.submit_signals().await);
    complete(app, &id, b"one list").await;
    assert_eq!(app.report(&id).await.unwrap().summary.metrics.total_trades, 1);

    let replay = ReplayRequest { operation: id.clone(), idempotency_key: Some("r".parse().unwrap()) };
    let again = app.submit_replay(&replay).await.unwrap().operation;
    assert_eq!(app.submit_replay(&replay).await.unwrap().operation, again);
    let told = |row: Operation| BacktestSpec::deserialize(&row.spec).unwrap();
    let (first, second) = (told(app.row(&id).await.unwrap()), told(app.row(&again).await.unwrap()));
    assert_eq!((first.origin, second.origin), (Origin::Person, Origin::Replay));
    assert_eq!(BacktestSpec { origin: first.origin, ..second }, first);

    let early = app.compare_replay(&id, &again).await.unwrap_err();
    assert_eq!(early.kind, ErrorKind::OperationFailed, "{early}");
    complete(app, &again, b"another list").await;
    let compared = app.compare_replay(&id, &again).await.unwrap();
    assert!(!compared.same && compared.replayed_as == again, "{compared:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_completed_backtest_is_replayed() {
    let desk = Desk::with_bars().await;
    let id = desk.submit_signals().await;
    let replay = ReplayRequest { operation: id, idempotency_key: None };
    let refused = desk.app.submit_replay(&replay).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::OperationFailed, "{refused}");
    let queues = desk.app.queues().await.unwrap();
    let backtests = queues.iter().find(|queue| queue.kind == Kind::Backtesting).unwrap();
    assert_eq!((backtests.pending, backtests.workers), (1, 0));
}
