//! What the local designer takes from lessons, and what it must not take.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use ktrdr_agent::Design;
use ktrdr_domain::lesson::{Lesson, Reached};
use support::{Campaign, bars};

/// A campaign with six lessons, of which the third from last is by far the best on dev.
fn campaign() -> Campaign {
    let mut campaign = Campaign::new(vec![bars(2_000, 0.0, 21)], 3);
    for (index, sharpe) in [-1.0, -2.0, -0.5, 4.0, -1.5, -1.0].into_iter().enumerate() {
        let strategy = campaign.design(index as u32).unwrap().strategy;
        campaign.learn(strategy, sharpe);
    }
    campaign
}

fn designs(campaign: &Campaign) -> Vec<Design> {
    (50..80).map(|index| campaign.design(index).unwrap()).collect()
}

fn with_lessons(change: impl Fn(&mut Lesson)) -> Vec<Design> {
    let mut campaign = campaign();
    campaign.lessons.iter_mut().for_each(change);
    designs(&campaign)
}

#[test]
fn the_best_on_dev_is_varied_most() {
    let campaign = campaign();
    let best = campaign.lessons[2].strategy.name.clone();
    let varied: Vec<String> =
        designs(&campaign).into_iter().map(|d| d.origin).filter(|o| !o.starts_with("exploration")).collect();
    let of_best = varied.iter().filter(|o| o.contains(best.as_str())).count();
    assert!(varied.len() >= 5 && 2 * of_best > varied.len(), "{of_best} of {}: {varied:#?}", varied.len());
}

#[test]
fn the_word_of_a_gate_changes_nothing_and_a_passed_exam_does() {
    let plain = with_lessons(|_| ());
    assert_eq!(plain, with_lessons(|lesson| lesson.stopped_by = Some("within_null".to_owned())));
    assert_ne!(plain, with_lessons(|lesson| lesson.reached = Reached::Examined));
}

#[test]
fn undefined_figures_are_no_merit_and_no_fault_of_the_search() {
    let designs = with_lessons(|lesson| {
        lesson.test = None;
        lesson.dev_backtest = None;
    });
    assert_eq!(designs.len(), 30);
    let wild = with_lessons(|lesson| {
        if let (Some(test), Some(traded)) = (&mut lesson.test, &mut lesson.dev_backtest) {
            (test.loss, test.baseline_loss) = (Some(f64::NAN), Some(f64::INFINITY));
            traded.active_sharpe_ratio = Some(f64::NAN);
        }
    });
    assert_eq!(wild.len(), 30);
}

#[test]
fn too_few_trades_are_answered_by_looser_settings() {
    let designs = with_lessons(|lesson| {
        if let (Some(test), Some(traded)) = (&mut lesson.test, &mut lesson.dev_backtest) {
            // Class shares far below the confidence asked for leave room to loosen it.
            test.label_shares = [0.3, 0.4, 0.3];
            traded.total_trades = 2;
        }
    });
    let mutations: Vec<&Design> = designs.iter().filter(|d| d.origin.starts_with("mutation of")).collect();
    assert!(!mutations.is_empty());
    assert!(mutations.iter().all(|d| d.origin.contains(": looser")), "{mutations:#?}");
}
