//! What is found, and what is said when it is not: callers branch on the variant, people read the words.

#![allow(clippy::unwrap_used)]

use ktrdr_catalog::series::{self, SeriesCache};
use ktrdr_catalog::{CatalogError, models, signals, strategies};
use ktrdr_domain::{Symbol, Timeframe, Timestamp};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::local::LocalArtifacts;
use ktrdr_quant::Bars;
use ktrdr_quant::data::generate::{Process, Recipe, Sessions, generate};
use tempfile::TempDir;

fn shelf() -> (TempDir, LocalArtifacts) {
    let folder = tempfile::tempdir().unwrap();
    let artifacts = LocalArtifacts::open(folder.path()).unwrap();
    (folder, artifacts)
}

fn series() -> (Symbol, Timeframe) {
    ("MINE".parse().unwrap(), "1h".parse().unwrap())
}

fn bars(seed: u64) -> Bars {
    let (symbol, timeframe) = series();
    let process = Process::from_name("random-walk").unwrap();
    let (sessions, start) = (Sessions::Always, Timestamp(0));
    generate(&Recipe { process, sessions, symbol, timeframe, start, bars: 100, start_price: 1.0, seed })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found_and_says_how_to_get_it() {
    let (_folder, artifacts) = shelf();
    let (symbol, timeframe) = series();
    let name = "mine".parse().unwrap();
    let missing = [
        (series::read_now(&artifacts, &symbol, timeframe).await.unwrap_err(), "ktrdr data import"),
        (models::find(&artifacts, &name, None).await.unwrap_err(), "ktrdr training run --strategy mine"),
        (strategies::load(&artifacts, &name).await.unwrap_err(), "ktrdr strategies list"),
    ];
    for (error, advice) in missing {
        assert!(matches!(error, CatalogError::NotFound(_)), "{error:?}");
        assert!(error.to_string().contains(advice), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bars_may_be_stored_again_and_others_only_to_replace_them() {
    let (_folder, artifacts) = shelf();
    let first = series::store(&artifacts, &bars(1), false).await.unwrap();
    assert_eq!(series::store(&artifacts, &bars(1), false).await.unwrap(), first);
    let refused = series::store(&artifacts, &bars(2), false).await.unwrap_err();
    assert!(matches!(refused, CatalogError::Exists(_)), "{refused:?}");
    let second = series::store(&artifacts, &bars(2), true).await.unwrap();
    assert_ne!(second.sha256, first.sha256);
    let (pinned, read) = series::read_now(&artifacts, &series().0, series().1).await.unwrap();
    assert_eq!((pinned, read), (second, bars(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_the_pinned_ones_are_told_apart_from_missing_ones() {
    let (_folder, artifacts) = shelf();
    let pinned = series::store(&artifacts, &bars(1), false).await.unwrap();
    series::store(&artifacts, &bars(2), true).await.unwrap();
    let changed = series::read_pinned(&artifacts, &SeriesCache::default(), &pinned).await.unwrap_err();
    assert!(matches!(changed, CatalogError::Changed(_)), "{changed:?}");

    let kept = signals::keep(&artifacts, b"timestamp,target\n").await.unwrap();
    artifacts.put(&format!("signals/{kept}.csv").parse().unwrap(), b"other").await.unwrap();
    let other = signals::read(&artifacts, &kept).await.unwrap_err();
    assert!(matches!(other, CatalogError::Invalid(_)), "{other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_holds_what_has_a_place_there_and_nothing_else() {
    let (folder, artifacts) = shelf();
    series::store(&artifacts, &bars(1), false).await.unwrap();
    for (file, text) in
        [("data/notes.txt", "x"), ("strategies/a.yaml", "x"), ("strategies/b/assessment.json", "{}")]
    {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let all = series::all(&artifacts).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].1.clone(), all[0].2), series());
    assert_eq!(strategies::names(&artifacts).await.unwrap(), ["a".parse().unwrap()]);
    assert!(models::all(&artifacts).await.unwrap().is_empty());
}
