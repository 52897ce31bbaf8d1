//! A campaign that breeds its designs: who does what in it, and who may look at the exam.

use ktrdr_domain::Timestamp;
use ktrdr_domain::evolution::{Evolution, Part};
use ktrdr_domain::job::DesignResult;
use ktrdr_domain::lesson::Reached;
use ktrdr_domain::research::ResearchSpec;
use ktrdr_research::{ChildEnd, Cycle, Decision, Stage, plan, step};
use serde::Deserialize;

use crate::fixture::{cycles, design, research, training, untalented, value};

fn evolving(mix: Option<&str>) -> ResearchSpec {
    let mix = mix.map(|mix| mix.parse().unwrap());
    let evolution = Some(Evolution { part: Part::Breeds, mix });
    ResearchSpec { agent: "evolve".parse().unwrap(), evolution, ..research() }
}

/// What becomes of a trained design.
fn trained(part: Part, champion: bool, report: ktrdr_domain::report::TrainingReport) -> Decision {
    let spec = ResearchSpec { evolution: Some(Evolution { part, mix: None }), ..research() };
    let stage = Stage::Training(Box::new(DesignResult { champion, ..design() }));
    let [cycle, ..] = cycles();
    step(&Cycle { spec, stage, ..cycle }, &ChildEnd::Completed(value(report)))
}

fn stopped(decision: Decision) -> (String, Reached, bool) {
    let Decision::Fail { fault, lesson, .. } = decision else { panic!("it looks at the exam: {decision:?}") };
    let lesson = lesson.unwrap();
    assert_eq!(lesson.stopped_by, Some(fault.stopped_by));
    (fault.error, lesson.reached, lesson.champion)
}

#[test]
fn only_a_champion_that_is_presented_looks_at_the_exam() {
    assert!(matches!(trained(Part::Presents, true, training()), Decision::Next { .. }));
    for (part, champion) in [(Part::Breeds, false), (Part::Breeds, true), (Part::Presents, false)] {
        let (error, reached, remembered) = stopped(trained(part, champion, training()));
        assert_eq!(error, "Champion gate failed: not_a_champion (bred on dev)");
        assert_eq!((reached, remembered), (Reached::Trained, champion));
    }
}

#[test]
fn the_gate_of_training_comes_first_for_champions_too() {
    let (error, reached, remembered) = stopped(trained(Part::Presents, true, untalented()));
    assert!(error.starts_with("Training gate failed: accuracy_below_threshold"), "{error}");
    assert_eq!((reached, remembered), (Reached::Designed, true));
}

/// Each cycle's designer and part.
fn parts(cycles: u32, template: &ResearchSpec) -> Vec<(String, Part)> {
    let roots = plan(&"night".parse().unwrap(), cycles, template, Timestamp(0), 1).unwrap();
    let told = |root: ktrdr_fabric::store::NewRoot| {
        let spec = ResearchSpec::deserialize(root.spec).unwrap();
        (spec.agent.to_string(), spec.evolution.unwrap().part)
    };
    roots.into_iter().map(told).collect()
}

#[test]
fn the_last_generation_presents_and_the_mix_designs_before_it() {
    let (own, theirs) = (("evolve".to_owned(), Part::Breeds), ("claude".to_owned(), Part::Breeds));
    let presents = ("evolve".to_owned(), Part::Presents);
    let found = parts(10, &evolving(Some("claude:1/4")));
    let bred = [own.clone(), own.clone(), own.clone(), theirs];
    assert_eq!(found, [&bred[..], &bred, &vec![presents.clone(); 2]].concat());
    // Cycles that are added begin a generation of their own.
    let more = ResearchSpec { index: 12, ..evolving(None) };
    assert_eq!(parts(8, &more), [vec![own; 4], vec![presents; 4]].concat());
}

#[test]
fn one_generation_breeds_nothing_that_could_be_presented() {
    let refused =
        plan(&"night".parse().unwrap(), 4, &evolving(None), Timestamp(0), 1).unwrap_err().to_string();
    assert!(refused.starts_with("4 cycles are one generation of 4"), "{refused}");
    assert!(plan(&"night".parse().unwrap(), 5, &evolving(None), Timestamp(0), 1).is_ok());
    assert!(plan(&"night".parse().unwrap(), 4, &research(), Timestamp(0), 1).is_ok());
}
