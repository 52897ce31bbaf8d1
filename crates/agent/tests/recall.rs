//! What memory has to say: ranked, short, and nothing that must not be known yet.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use ktrdr_agent::recall::{Question, Recall, TOKENS_MAX, Why, recall};
use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::{Kind, OperationId, Timestamp};
use support::{Campaign, bars};

/// Lessons about what the local designer makes, newest first; all of them failed at training.
fn lessons(count: u32) -> Vec<Lesson> {
    let mut campaign = Campaign::new(vec![bars(2_000, 0.0, 21)], 3);
    for index in 0..count {
        let strategy = campaign.design(index).unwrap().strategy;
        campaign.learn(strategy, -1.0);
    }
    let mut lessons = campaign.lessons;
    for (n, lesson) in (1..).zip(&mut lessons) {
        lesson.cycle = OperationId::new(Kind::AgentResearch, Timestamp(0), n);
        (lesson.reached, lesson.stopped_by) = (Reached::Designed, Some("no_skill".to_owned()));
    }
    lessons
}

fn asked(lessons: &[Lesson]) -> Recall {
    recall(lessons, &Question::default(), TOKENS_MAX)
}

#[test]
fn the_nearest_comes_first_and_the_one_that_fared_differently_with_it() {
    let mut lessons = lessons(8);
    let like = lessons[5].strategy.clone();
    lessons[2].strategy = like.clone();
    (lessons[2].reached, lessons[2].stopped_by) = (Reached::Examined, None);
    let question = Question { like: Some(&like), until: None };
    let recall = recall(&lessons, &question, TOKENS_MAX);
    let first: Vec<_> = recall.items.iter().take(2).map(|item| &item.cycle).collect();
    assert!(first.contains(&&lessons[2].cycle) && first.contains(&&lessons[5].cycle), "{recall:#?}");
    assert_eq!((recall.items[0].why, recall.items[1].why), (Why::Alike, Why::Contrast));
    assert!(recall.items[0].says.contains("passed its exam"), "{}", recall.items[0].says);
}

#[test]
fn without_a_strategy_in_question_what_came_furthest_is_first() {
    let mut lessons = lessons(6);
    lessons[4].reached = Reached::Trained;
    assert_eq!(asked(&lessons).items[0].cycle, lessons[4].cycle);
}

#[test]
fn a_failure_that_few_ran_into_tells_more_than_the_usual_one() {
    let mut lessons = lessons(9);
    lessons[7].stopped_by = Some("collapsed_answers".to_owned());
    let recall = asked(&lessons);
    let telling = recall.items.iter().find(|item| item.why == Why::TellingFailure).unwrap();
    assert!(telling.cycle == lessons[7].cycle && telling.says.contains("collapsed_answers"), "{recall:#?}");
}

#[test]
fn nothing_is_recalled_that_depends_on_later_data_or_was_gone_on_with() {
    let mut lessons = lessons(4);
    let until = lessons[0].known_until;
    lessons[1].known_until = Timestamp(until.0 + 1);
    lessons[2].resumes = Some(lessons[3].cycle.clone());
    let recall = recall(&lessons, &Question { like: None, until: Some(until) }, TOKENS_MAX);
    let cycles: Vec<_> = recall.items.iter().map(|item| &item.cycle).collect();
    assert_eq!(recall.of, 2);
    assert!(!cycles.contains(&&lessons[1].cycle) && !cycles.contains(&&lessons[3].cycle), "{cycles:?}");
    assert!(recall.items.iter().all(|item| item.known_until <= until));
}

#[test]
fn it_fits_into_its_room_however_much_there_is_to_say() {
    let mut lessons = lessons(60);
    for lesson in &mut lessons {
        lesson.strategy.hypothesis = Some("markets\u{1b}[2J remember ".repeat(500));
    }
    let all = asked(&lessons);
    assert!(all.tokens <= TOKENS_MAX && all.items.len() < 60 && all.items.len() > 5, "{}", all.items.len());
    let bytes: usize = all.items.iter().map(|item| serde_json::to_string(item).unwrap().len()).sum();
    assert!(bytes <= all.tokens * 4, "{bytes} bytes are more than {} tokens", all.tokens);
    assert!(!all.items.iter().any(|item| item.says.contains('\u{1b}')), "an idea drives no terminal");
    assert_eq!(asked(&lessons), all, "the same question, the same answer");
    assert!(recall(&lessons, &Question::default(), 10).items.is_empty());
    assert_eq!(asked(&[]), Recall::default());
}

#[test]
fn each_lesson_is_told_once() {
    let recall = asked(&lessons(12));
    let mut cycles: Vec<_> = recall.items.iter().map(|item| &item.cycle).collect();
    let told = cycles.len();
    cycles.sort();
    cycles.dedup();
    assert_eq!(cycles.len(), told);
}
