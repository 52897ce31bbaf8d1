//! What many write at once about the windows of one instrument: they are fixed once, and each opening is counted once.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use ktrdr_catalog::{CatalogError, windows};
use ktrdr_domain::window::WindowPolicy;
use ktrdr_domain::window_history::{Occasion, OpenVault, WindowDates, WindowEvent, WindowsRolled};
use ktrdr_domain::{DataRef, OperationId, Sha256, Span, Symbol, Timestamp};
use ktrdr_fabric::local::LocalArtifacts;
use tempfile::TempDir;

fn shelf() -> (TempDir, Arc<LocalArtifacts>) {
    let folder = tempfile::tempdir().unwrap();
    let artifacts = Arc::new(LocalArtifacts::open(folder.path()).unwrap());
    (folder, artifacts)
}

fn mine() -> Symbol {
    "MINE".parse().unwrap()
}

fn days(symbol: &str, from: i64, to: i64) -> DataRef {
    let day = |n: i64| Timestamp(n * 86_400);
    let span = Span { start: day(from), end: day(to) };
    let (symbol, timeframe) = (symbol.parse().unwrap(), "1d".parse().unwrap());
    DataRef { symbol, timeframe, sha256: Sha256::of(b""), span, synthetic: true }
}

fn operation(number: u32) -> OperationId {
    format!("op_backtesting_20260101_000000_{number:08x}").parse().unwrap()
}

fn word() -> OpenVault {
    OpenVault { reason: "last check".parse().unwrap(), by: "me@here".into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_fix_windows_at_once_one_wins_and_all_get_the_same() {
    let (_folder, artifacts) = shelf();
    let tasks: Vec<_> = (1..=8)
        .map(|n| {
            let artifacts = Arc::clone(&artifacts);
            let data = [days("MINE", 0, 1_000 * n)];
            let policy = WindowPolicy::default();
            tokio::spawn(async move {
                windows::fixed(&*artifacts, &policy, &mine(), &data, Occasion::FirstUse).await.unwrap()
            })
        })
        .collect();
    let mut dates: Vec<WindowDates> = Vec::new();
    for task in tasks {
        dates.push(task.await.unwrap().dates());
    }
    assert!(dates.iter().all(|one| *one == dates[0]), "{dates:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_is_cut_at_its_first_gate_whatever_is_configured_by_then() {
    let (_folder, artifacts) = shelf();
    let (early, late) = (days("MINE", 0, 1_000), days("YOURS", 0, 2_000));
    let policy = WindowPolicy::default();
    let of_early = windows::of(&*artifacts, &policy, std::slice::from_ref(&early)).await.unwrap();
    windows::of(&*artifacts, &policy, std::slice::from_ref(&late)).await.unwrap();
    let other = WindowPolicy::Shares { dev: 0.9, gate: 0.05 };
    let pool = windows::of(&*artifacts, &other, &[late, early]).await.unwrap();
    assert_eq!(pool, of_early);
}

#[tokio::test(flavor = "multi_thread")]
async fn openings_at_the_same_time_are_all_counted_and_a_second_attempt_is_not() {
    let (_folder, artifacts) = shelf();
    let data = days("MINE", 0, 1_000);
    let policy = WindowPolicy::default();
    windows::of(&*artifacts, &policy, std::slice::from_ref(&data)).await.unwrap();
    let tasks: Vec<_> = [1, 2, 3, 4, 1, 2, 3, 4]
        .map(|number| {
            let (artifacts, span) = (Arc::clone(&artifacts), data.span);
            tokio::spawn(async move {
                windows::open_vault(&*artifacts, &mine(), &operation(number), span, &word()).await
            })
        })
        .into_iter()
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    windows::open_vault(&*artifacts, &mine(), &operation(1), data.span, &word()).await.unwrap();
    let known = windows::read(&*artifacts, &mine()).await.unwrap().unwrap();
    let mut counted: Vec<&str> = known.openings().map(|opening| opening.operation.as_str()).collect();
    counted.sort_unstable();
    let all: Vec<String> = (1..=4).map(|number| operation(number).to_string()).collect();
    assert_eq!(counted, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_that_did_not_see_the_last_opening_is_not_written() {
    let (_folder, artifacts) = shelf();
    let data = days("MINE", 0, 1_000);
    let policy = WindowPolicy::default();
    let data = [data];
    let before = windows::fixed(&*artifacts, &policy, &mine(), &data, Occasion::FirstBars).await.unwrap();
    windows::open_vault(&*artifacts, &mine(), &operation(1), data[0].span, &word()).await.unwrap();
    let (gate_from, vault_from) = (before.dates().vault_from, data[0].span.end);
    let rolled = |at| WindowsRolled {
        dates: WindowDates { gate_from, vault_from },
        gate: data[0].span,
        looks: 1,
        reason: "spent".parse().unwrap(),
        by: "me@here".into(),
        at,
    };
    let late = windows::roll(&*artifacts, &mine(), &before, rolled).await.unwrap_err();
    assert!(matches!(late, CatalogError::Exists(_)), "{late:?}");
    let now = windows::read(&*artifacts, &mine()).await.unwrap().unwrap();
    windows::roll(&*artifacts, &mine(), &now, rolled).await.unwrap();
    let after = windows::read(&*artifacts, &mine()).await.unwrap().unwrap();
    assert!(matches!(
        after.events(),
        [WindowEvent::Fixed(_), WindowEvent::Opened(_), WindowEvent::Rolled(_)]
    ));
    assert_eq!(after.dates(), WindowDates { gate_from, vault_from });
}
