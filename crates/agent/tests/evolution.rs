//! What campaigns that evolve promise: designs that keep the rules whatever lessons say, an archive of different ideas, and
//! champions of dev alone.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use ktrdr_domain::evolution::Part;
use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::positions::Positions;
use ktrdr_domain::report::DevBacktest;
use ktrdr_domain::strategy::label::Labels;
use ktrdr_domain::{Author, Sha256, Span, Strategy, Timestamp};
use proptest::prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;
use support::{Campaign, bars, windows};

/// A campaign with bars of a quarter of a year and designs of nine cycles that told nothing yet.
fn campaign(seed: u64) -> Campaign {
    static LESSONS: OnceLock<Vec<Lesson>> = OnceLock::new();
    let mut campaign = Campaign::new(vec![bars(2_400, 0.02, 3)], seed);
    campaign.lessons.clone_from(LESSONS.get_or_init(|| {
        let mut first = Campaign::new(campaign.dev.clone(), 5);
        for index in 0..9 {
            let strategy = first.design(index).unwrap().strategy;
            first.learn(strategy, -1.0);
        }
        first.lessons
    }));
    campaign.generation = 4;
    campaign
}

/// Positions that are long in every `every`-th part of dev.
fn positions(every: i64) -> Positions {
    let stretch = Span { start: Timestamp(0), end: Timestamp(2_560) };
    Positions::sketch(stretch, (0..2_560).map(|t| (t, i8::from(t / 10 % every == 0))))
}

/// A lesson that passed the gate of training with these figures of dev.
fn did(lesson: &mut Lesson, sharpe: f64, held: f64, trend: f64, every: i64) {
    lesson.reached = Reached::Trained;
    lesson.stopped_by = Some("not_a_champion".to_owned());
    lesson.dev_positions = Some(positions(every));
    lesson.dev_backtest = Some(DevBacktest {
        blocks: 3,
        bars: 1_440,
        total_return_pct: Some(0.1),
        sharpe_ratio: Some(sharpe),
        active_sharpe_ratio: Some(sharpe),
        null_p: Some(0.01),
        total_trades: 200,
        holding_bars: Some(held),
        trend_following: Some(trend),
        ..DevBacktest::default()
    });
}

/// The names of the champions that four cycles present.
fn champions(campaign: &Campaign) -> Vec<String> {
    let designs = (12..16).map(|index| campaign.evolve(index, Part::Presents).unwrap());
    designs.filter(|design| design.champion).map(|design| design.strategy.name.to_string()).collect()
}

/// A campaign with an archive: four that traded, in three niches, of two ideas.
fn with_archive() -> (Campaign, [String; 4]) {
    let mut campaign = campaign(5);
    did(&mut campaign.lessons[1], 9.0, 10.0, 0.0, 2);
    did(&mut campaign.lessons[4], 8.0, 10.0, 0.05, 3);
    did(&mut campaign.lessons[6], 10.0, 50.0, 0.4, 5);
    did(&mut campaign.lessons[7], 7.0, 2.0, -0.4, 5);
    let names = [6, 1, 4, 7].map(|at: usize| campaign.lessons[at].strategy.name.to_string());
    (campaign, names)
}

#[test]
fn champions_are_the_best_of_their_niches_and_each_another_idea() {
    let (campaign, [best, second, same_niche, same_idea]) = with_archive();
    let found = champions(&campaign);
    assert_eq!(found, [best, second]);
    assert!(!found.contains(&same_niche) && !found.contains(&same_idea));
    let design = campaign.evolve(12, Part::Presents).unwrap();
    assert_eq!(design.strategy, campaign.lessons[6].strategy, "as it was bred");
    assert!(
        design.origin.starts_with("champion 1 of 2: bred by cycle 1, trend-following"),
        "{}",
        design.origin
    );
}

#[test]
fn who_presents_without_a_champion_breeds() {
    let (campaign, _) = with_archive();
    let design = campaign.evolve(14, Part::Presents).unwrap();
    assert!(!design.champion && design.designer == "evolve");
    assert!(campaign.lessons.iter().all(|lesson| lesson.strategy != design.strategy));
}

#[test]
fn a_champion_is_presented_once_passed_the_gate_of_training_and_is_better_than_luck() {
    let (mut campaign, [best, second, ..]) = with_archive();
    campaign.lessons[6].reached = Reached::Designed;
    let third = campaign.lessons[7].strategy.name.to_string();
    assert_eq!(champions(&campaign), [second.as_str(), &third], "what the gate of training stopped is none");
    campaign.lessons[6].reached = Reached::Trained;
    let presented = Lesson { champion: true, ..campaign.lessons[6].clone() };
    campaign.lessons.insert(0, presented);
    assert_eq!(champions(&campaign), [second.as_str()], "its idea was looked at, whoever has it");
    campaign.lessons.remove(0);
    // Of nine worthless designs the best shows a Sharpe ratio of over 3 on two months.
    for lesson in &mut campaign.lessons {
        let dev = lesson.dev_backtest.as_mut().unwrap();
        dev.holding_bars = Some(10.0);
        dev.active_sharpe_ratio = dev.active_sharpe_ratio.map(|sharpe| sharpe / 4.0);
    }
    assert!(champions(&campaign).is_empty(), "{best}");
}

#[test]
fn what_is_bred_from_a_models_design_may_remember_what_the_model_does() {
    let (mut campaign, _) = with_archive();
    assert_eq!(campaign.evolve(12, Part::Breeds).unwrap().author, None);
    let written = |model: &str, cutoff: &str| {
        Some(Author { model: model.into(), training_cutoff: cutoff.parse().unwrap(), masked: false })
    };
    campaign.lessons[2].author = written("old", "2024-03");
    campaign.lessons[6].author = written("young", "2026-06");
    campaign.lessons[4].author = written("middle", "2025-01");
    assert_eq!(campaign.evolve(12, Part::Breeds).unwrap().author, written("young", "2026-06"));
    let presented: Vec<_> = (12..14).map(|index| campaign.evolve(index, Part::Presents).unwrap()).collect();
    assert!(presented.iter().all(|design| design.champion));
    for design in presented {
        let bred = campaign.lessons.iter().find(|lesson| lesson.strategy == design.strategy).unwrap();
        assert_eq!(design.author, bred.author, "a champion has its own author");
    }
}

#[test]
fn what_an_exam_said_is_not_heard() {
    let (mut campaign, _) = with_archive();
    let designs = |campaign: &Campaign| -> Vec<Strategy> {
        let bred = (12..16).map(|index| campaign.evolve(index, Part::Breeds).unwrap().strategy);
        bred.chain((12..16).map(|index| campaign.evolve(index, Part::Presents).unwrap().strategy)).collect()
    };
    let before = designs(&campaign);
    for at in [1, 4, 6, 7] {
        campaign.lessons[at].reached = Reached::Examined;
        campaign.lessons[at].stopped_by = Some("within_null".to_owned());
    }
    assert_eq!(designs(&campaign), before);
}

#[test]
fn parents_are_the_elites_and_a_generation_repeats_nothing() {
    let (campaign, [best, second, _, same_idea]) = with_archive();
    let designs: Vec<_> = (40..72).map(|index| campaign.evolve(index, Part::Breeds).unwrap()).collect();
    let of = |name: &str| designs.iter().filter(|design| design.origin.contains(name)).count();
    assert!(of(&best) >= 8 && of(&best) > of(&second), "{} {}", of(&best), of(&second));
    assert_eq!(of(&same_idea), 0, "a near-copy of a better one is no parent");
    assert!(designs.iter().any(|design| design.origin.starts_with("exploration")));
    for generation in designs.chunks(4) {
        let contents: BTreeSet<Sha256> = generation.iter().map(|d| d.strategy.content_sha256()).collect();
        assert_eq!(contents.len(), 4);
    }
}

/// What a lesson may say, wild figures among it.
#[derive(Debug, Clone)]
struct Told {
    sharpe: Option<f64>,
    held: Option<f64>,
    trend: Option<f64>,
    trades: u64,
    bars: u64,
    every: Option<i64>,
    harm: u8,
}

fn told() -> impl proptest::strategy::Strategy<Value = Told> {
    let figure = || prop_oneof![Just(None), (-5.0..9.0f64).prop_map(Some), any::<f64>().prop_map(Some)];
    let trades = prop_oneof![0..500u64, any::<u64>()];
    let bars = prop_oneof![Just(0u64), Just(1_440), any::<u64>()];
    (figure(), figure(), figure(), trades, bars, proptest::option::of(1..9i64), 0..12u8).prop_map(
        |(sharpe, held, trend, trades, bars, every, harm)| Told {
            sharpe,
            held,
            trend,
            trades,
            bars,
            every,
            harm,
        },
    )
}

impl Told {
    fn teach(&self, lesson: &mut Lesson) {
        did(lesson, 0.0, 1.0, 0.0, 2);
        lesson.dev_positions = self.every.map(positions);
        if let Some(dev) = &mut lesson.dev_backtest {
            (dev.active_sharpe_ratio, dev.holding_bars, dev.trend_following) =
                (self.sharpe, self.held, self.trend);
            (dev.total_trades, dev.bars) = (self.trades, self.bars);
        }
        let strategy = &mut lesson.strategy;
        match self.harm {
            0 => strategy.nn_inputs.clear(),
            1 => strategy.training.labels = Labels::ForwardReturn { horizon: u32::MAX, threshold: f64::NAN },
            2 => strategy.model.hidden_layers = vec![usize::MAX; 40],
            3 => strategy.decisions.min_signal_separation = u32::MAX,
            4 => strategy.risk.exits.max_holding_bars = Some(u32::MAX),
            5 => strategy.indicators.clear(),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn whatever_lessons_say_designs_keep_the_rules_and_are_the_same_again(
        lessons in proptest::collection::vec(told(), 9),
        index in 9..400u32,
        presents: bool,
        seed in 0..3u64,
    ) {
        let mut campaign = campaign(seed);
        for (lesson, told) in campaign.lessons.iter_mut().zip(&lessons) {
            told.teach(lesson);
        }
        let part = if presents { Part::Presents } else { Part::Breeds };
        let design = campaign.evolve(index, part).unwrap();
        prop_assert!(design.strategy.check().is_ok());
        let read = Strategy::from_yaml(&design.strategy.to_yaml()).unwrap();
        prop_assert_eq!(&read.strategy, &design.strategy);
        if !design.champion {
            let dev = &campaign.dev;
            let findings = ktrdr_agent::lint::lint(&design.strategy, dev, &windows(dev), &campaign.account).unwrap();
            prop_assert!(findings.iter().all(|f| f.severity < ktrdr_domain::Severity::Error), "{:?}", findings);
            prop_assert!(campaign.lessons.iter().all(|l| l.strategy.content_sha256() != design.strategy.content_sha256()));
        }
        prop_assert_eq!(campaign.evolve(index, part).unwrap(), design);
    }
}
