//! The ledger.

use ktrdr_domain::hypothesis::{Answer, Approval, Decision, Hypothesis, HypothesisTest, Idea};
use ktrdr_domain::job::Origin;
use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::positions::Positions;
use ktrdr_domain::trial::{Conclusion, Look, Trial};
use ktrdr_domain::{Sha256, Span, Strategy, Timestamp, WindowKind};

use ktrdr_fabric::ledger::{Begun, Remarked, Stretch};

use crate::world::{World, id};

const DAY: i64 = 86_400;

pub(crate) fn look(name: &str, campaign: &str, days: std::ops::Range<i64>) -> Look {
    Look {
        operation: id(name),
        campaign: campaign.parse().unwrap(),
        subject_sha256: Sha256::of(name.as_bytes()),
        content_sha256: None,
        subject: name.to_owned(),
        symbol: "EURUSD".parse().unwrap(),
        timeframe: "1h".parse().unwrap(),
        data_sha256: Sha256::of(b"EURUSD_1h.csv"),
        span: span(days),
        windows: vec![WindowKind::Gate],
        origin: Origin::Research,
        author: None,
    }
}

fn span(days: std::ops::Range<i64>) -> Span {
    Span { start: Timestamp(days.start * DAY), end: Timestamp(days.end * DAY) }
}

fn conclusion(sharpe_daily: Option<f64>) -> Conclusion {
    let held = (0..300 * DAY).step_by(3_600).map(|time| (time, i8::from(time % DAY > 43_200)));
    Conclusion {
        sharpe_daily,
        days: 250,
        apart: None,
        positions: Some(Positions::sketch(span(0..300), held)),
        correlated: vec!["GBPUSD".parse().unwrap()],
    }
}

fn names(trials: &[Trial]) -> Vec<&str> {
    trials.iter().map(|trial| trial.look.subject.as_str()).collect()
}

async fn looks_at(w: &World, symbol: &str, days: std::ops::Range<i64>) -> Vec<Trial> {
    w.ledger.looks(&symbol.parse().unwrap(), span(days)).await.unwrap()
}

fn lesson(name: &str, campaign: &str) -> Lesson {
    let strategy = include_str!("../../../../strategies/equity_swing.yaml");
    let strategy = Strategy::from_yaml(strategy).unwrap().strategy;
    Lesson {
        cycle: id(name),
        resumes: None,
        campaign: campaign.parse().unwrap(),
        index: 3,
        author: None,
        tests: None,
        strategy_sha256: Sha256::of_json(&strategy).unwrap(),
        strategy,
        reached: Reached::Trained,
        stopped_by: Some("max_drawdown_above_threshold".into()),
        test: None,
        dev_backtest: None,
        dev_positions: None,
        champion: false,
        known_until: Timestamp(1_700_000_000),
    }
}

pub(crate) async fn a_look_counts_once_per_operation_and_before_it_showed_anything(w: World) {
    let first = look("a", "fx", 0..10);
    w.ledger.begin(&first).await.unwrap();
    let counted = Trial { look: first.clone(), conclusion: None };
    assert_eq!(looks_at(&w, "EURUSD", 0..10).await, std::slice::from_ref(&counted));
    let second_attempt = Look { campaign: "other".parse().unwrap(), span: span(5..90), ..first };
    w.ledger.begin(&second_attempt).await.unwrap();
    assert_eq!(
        looks_at(&w, "EURUSD", 0..100).await,
        std::slice::from_ref(&counted),
        "the first count stands"
    );
    assert_eq!(w.ledger.trials(None).await.unwrap(), [counted]);
}

pub(crate) async fn what_a_look_showed_is_written_down_once(w: World) {
    let (first, seen) = (look("a", "fx", 0..10), conclusion(Some(0.1 / 3.0)));
    w.ledger.begin(&first).await.unwrap();
    w.ledger.conclude(&first.operation, &seen).await.unwrap();
    w.ledger.conclude(&first.operation, &conclusion(Some(9.0))).await.unwrap();
    w.ledger.begin(&first).await.unwrap();
    let concluded = Trial { look: first, conclusion: Some(seen) };
    assert_eq!(looks_at(&w, "EURUSD", 0..10).await, std::slice::from_ref(&concluded), "to the last bit");
    assert_eq!(w.ledger.trials(Some(&"fx".parse().unwrap())).await.unwrap(), [concluded]);
    let never_begun = w.ledger.conclude(&id("b"), &conclusion(None)).await.unwrap_err();
    assert!(never_begun.to_string().contains("was never counted"), "{never_begun}");
    assert_eq!(w.ledger.trials(None).await.unwrap().len(), 1);
}

pub(crate) async fn looks_are_those_at_one_instrument_and_time_whoever_takes_them_and_at_whatever_file(
    w: World,
) {
    w.ledger.begin(&look("a", "fx", 0..10)).await.unwrap();
    w.ledger.begin(&look("b", "other", 9..20)).await.unwrap();
    w.ledger.begin(&look("c", "fx", 10..20)).await.unwrap();
    let daily = Look { timeframe: "1d".parse().unwrap(), ..look("d", "fx", 0..10) };
    w.ledger.begin(&Look { data_sha256: Sha256::of(b"one bar more"), ..daily }).await.unwrap();
    w.ledger.begin(&Look { symbol: "GBPUSD".parse().unwrap(), ..look("e", "fx", 0..20) }).await.unwrap();
    w.ledger.begin(&Look { origin: Origin::Person, ..look("f", "fx", 19..21) }).await.unwrap();
    w.ledger.conclude(&id("b"), &conclusion(None)).await.unwrap();
    assert_eq!(names(&looks_at(&w, "EURUSD", 9..10).await), ["a", "b", "d"], "c begins where this ends");
    assert_eq!(names(&looks_at(&w, "EURUSD", 10..20).await), ["b", "c", "f"], "a ends where this begins");
    assert_eq!(names(&looks_at(&w, "GBPUSD", 9..10).await), ["e"]);
    assert!(looks_at(&w, "USDJPY", 0..30).await.is_empty());
}

pub(crate) async fn a_replay_is_no_look(w: World) {
    w.ledger.begin(&look("a", "fx", 0..10)).await.unwrap();
    w.ledger.begin(&Look { origin: Origin::Replay, ..look("b", "fx", 0..10) }).await.unwrap();
    w.ledger.conclude(&id("b"), &conclusion(Some(0.01))).await.unwrap();
    assert_eq!(names(&looks_at(&w, "EURUSD", 0..10).await), ["a"]);
    assert_eq!(names(&w.ledger.trials(None).await.unwrap()), ["a", "b"], "but it is on record");
}

/// A look at a strategy of this content.
fn look_at(name: &str, content: &str) -> Look {
    Look { content_sha256: Some(Sha256::of(content.as_bytes())), ..look(name, "fx", 0..10) }
}

pub(crate) async fn a_look_that_is_to_repeat_none_is_counted_once_for_each_content_and_time(w: World) {
    let begin = async |look: Look| w.ledger.begin_unless_repeated(&look).await.unwrap();
    let repeats = |name| Begun::Repeats(id(name));
    assert_eq!(begin(look_at("a", "one")).await, Begun::Counted);
    assert_eq!(begin(look_at("a", "one")).await, Begun::Counted, "its second attempt is no repetition");
    let elsewhere =
        Look { campaign: "other".parse().unwrap(), subject: "renamed".into(), ..look_at("b", "one") };
    assert_eq!(begin(elsewhere).await, repeats("a"));
    assert_eq!(names(&looks_at(&w, "EURUSD", 0..10).await), ["a"], "nothing else was counted");
    for other in [
        look_at("c", "two"),
        Look { span: span(0..11), ..look_at("d", "one") },
        Look { symbol: "GBPUSD".parse().unwrap(), ..look_at("e", "one") },
        look("f", "fx", 0..10),
        look("g", "fx", 0..10),
    ] {
        assert_eq!(begin(other.clone()).await, Begun::Counted, "{other:?}");
    }
    // Who may repeat is counted, and is repeated by others.
    w.ledger.begin(&look_at("h", "one")).await.unwrap();
    w.ledger.begin(&look_at("i", "three")).await.unwrap();
    assert_eq!(begin(look_at("j", "three")).await, repeats("i"));
    assert_eq!(begin(look_at("h", "one")).await, Begun::Counted, "what is counted stays so");
    w.ledger.begin(&Look { origin: Origin::Replay, ..look_at("k", "four") }).await.unwrap();
    assert_eq!(begin(look_at("l", "four")).await, Begun::Counted, "a replay showed nothing new");
    assert_eq!(names(&looks_at(&w, "EURUSD", 0..10).await), ["a", "c", "d", "f", "g", "h", "i", "l"]);
}

pub(crate) async fn of_many_who_look_at_the_same_at_once_one_is_counted(w: World) {
    let looks: Vec<_> = (0..20)
        .map(|n| {
            let ledger = w.ledger.clone();
            tokio::spawn(async move { ledger.begin_unless_repeated(&look_at(&format!("t{n}"), "one")).await })
        })
        .collect();
    let mut begun = Vec::new();
    for look in looks {
        begun.push(look.await.unwrap().unwrap());
    }
    let counted = w.ledger.trials(None).await.unwrap();
    let [first] = counted.as_slice() else { panic!("{counted:#?}") };
    let repeats = Begun::Repeats(first.look.operation.clone());
    assert_eq!(begun.iter().filter(|one| **one == Begun::Counted).count(), 1);
    assert_eq!(begun.iter().filter(|one| **one == repeats).count(), 19, "{begun:?}");
}

pub(crate) async fn trials_come_back_oldest_first(w: World) {
    for (name, campaign) in [("b", "fx"), ("a", "other"), ("c", "fx")] {
        w.ledger.begin(&look(name, campaign, 0..1)).await.unwrap();
    }
    w.ledger.conclude(&id("a"), &conclusion(Some(-0.5))).await.unwrap();
    assert_eq!(names(&w.ledger.trials(None).await.unwrap()), ["b", "a", "c"]);
    assert_eq!(names(&w.ledger.trials(Some(&"fx".parse().unwrap())).await.unwrap()), ["b", "c"]);
}

pub(crate) async fn parts_of_a_list_follow_each_other_whatever_is_added_meanwhile(w: World) {
    for name in ["a", "b", "c", "d", "e"] {
        w.ledger.begin(&look(name, if name == "b" { "other" } else { "mine" }, 0..9)).await.unwrap();
    }
    let mine = "mine".parse().unwrap();
    let part = |behind, offset, limit| Stretch { behind, offset, limit };
    let read = async |stretch| w.ledger.trials_part(Some(&mine), stretch).await.unwrap();
    let first = read(part(None, 0, 2)).await;
    assert_eq!((names(&first.entries), first.behind, first.total), (vec!["e", "d"], 2, 4));
    w.ledger.begin(&look("f", "mine", 0..9)).await.unwrap();
    let second = read(part(Some(first.behind), 0, 2)).await;
    assert_eq!((names(&second.entries), second.behind, second.total), (vec!["c", "a"], 0, 5));
    assert_eq!(names(&read(part(None, 3, 9)).await.entries), ["c", "a"]);
    assert_eq!(read(part(Some(0), 0, 9)).await.entries, []);
    assert_eq!(read(part(None, 99, 9)).await.entries, []);
    assert_eq!(w.ledger.trials_part(None, part(None, 0, 9)).await.unwrap().total, 6);
    assert!(w.ledger.trials_part(None, part(None, 0, 0)).await.is_err());
    for name in ["x", "y"] {
        w.ledger.remember(&lesson(name, "mine")).await.unwrap();
    }
    let lessons = w.ledger.lessons_part(Some(&mine), part(None, 0, 1)).await.unwrap();
    assert_eq!((lessons.entries[0].cycle.clone(), lessons.behind, lessons.total), (id("y"), 1, 2));
    let closings = w.ledger.closings_part(None, part(None, 0, 9)).await.unwrap();
    assert_eq!((closings.entries.len(), closings.behind, closings.total), (0, 0, 0));
}

pub(crate) async fn a_cycle_is_remembered_once(w: World) {
    let first = lesson("r1", "fx");
    w.ledger.remember(&first).await.unwrap();
    w.ledger.remember(&Lesson { reached: Reached::Examined, ..first.clone() }).await.unwrap();
    assert_eq!(w.ledger.lessons(None, 10).await.unwrap(), [first]);
}

pub(crate) async fn lessons_come_newest_first(w: World) {
    for (name, campaign) in [("r1", "fx"), ("r2", "other"), ("r3", "fx"), ("r4", "fx")] {
        w.ledger.remember(&lesson(name, campaign)).await.unwrap();
    }
    let cycles = |lessons: Vec<Lesson>| lessons.into_iter().map(|lesson| lesson.cycle).collect::<Vec<_>>();
    let of_fx = w.ledger.lessons(Some(&"fx".parse().unwrap()), 2).await.unwrap();
    assert_eq!(cycles(of_fx), [id("r4"), id("r3")]);
    assert_eq!(cycles(w.ledger.lessons(None, 3).await.unwrap()), [id("r4"), id("r3"), id("r2")]);
}

fn hypothesis(text: &str, campaign: &str) -> Hypothesis {
    let (campaign, symbol) = (campaign.parse().unwrap(), "EURUSD".parse().unwrap());
    let timeframe = "1h".parse().unwrap();
    Hypothesis {
        id: Hypothesis::id_of(&campaign, &symbol, timeframe, text),
        campaign,
        index: 2,
        symbol,
        timeframe,
        idea: Idea { text: text.to_owned(), rationale: "Whoever pushed is done.".into() },
        proposed_by: "a-model".into(),
        masked: false,
        operation: id("d"),
        proposed_at: Timestamp(5),
        known_until: Timestamp(4),
        approval: Some(Approval { deadline: Timestamp(9), default: Answer::Reject }),
    }
}

pub(crate) async fn a_hypothesis_is_written_once_and_so_is_each_word_on_it(w: World) {
    let first = hypothesis("It fades.", "fx");
    let decision =
        |answer, at| Decision { answer, reason: "a hunch".into(), by: "me".into(), at: Timestamp(at) };
    let test = HypothesisTest {
        cycle: id("r1"),
        reached: Reached::Trained,
        stopped_by: Some("no_net_profit".into()),
    };
    assert_eq!(w.ledger.decide(&first.id, &decision(Answer::Reject, 1)).await.unwrap(), Remarked::Unknown);
    w.ledger.propose(&first).await.unwrap();
    w.ledger.propose(&Hypothesis { index: 7, ..first.clone() }).await.unwrap();
    let known = w.ledger.hypotheses(None, 10).await.unwrap();
    assert_eq!((known.len(), &known[0].hypothesis), (1, &first), "the first stands");
    assert!(known[0].decision.is_none() && known[0].test.is_none());

    let approve = decision(Answer::Approve, 6);
    assert_eq!(w.ledger.decide(&first.id, &approve).await.unwrap(), Remarked::Recorded);
    assert_eq!(w.ledger.decide(&first.id, &decision(Answer::Reject, 7)).await.unwrap(), Remarked::TooLate);
    assert_eq!(w.ledger.tested(&first.id, &test).await.unwrap(), Remarked::Recorded);
    let other = HypothesisTest { cycle: id("r2"), ..test.clone() };
    assert_eq!(w.ledger.tested(&first.id, &other).await.unwrap(), Remarked::TooLate);
    let known = w.ledger.hypotheses(None, 10).await.unwrap().remove(0);
    assert_eq!((known.decision, known.test), (Some(approve), Some(test)));
}

pub(crate) async fn hypotheses_come_newest_first(w: World) {
    let proposed: Vec<Hypothesis> =
        (0..1_100).map(|n| hypothesis(&format!("idea {n}"), ["fx", "other"][n % 2])).collect();
    for hypothesis in &proposed {
        w.ledger.propose(hypothesis).await.unwrap();
    }
    let told = |known: Vec<ktrdr_domain::hypothesis::Considered>| {
        known.into_iter().map(|c| c.hypothesis).collect::<Vec<_>>()
    };
    let newest: Vec<Hypothesis> = proposed.iter().rev().cloned().collect();
    assert_eq!(told(w.ledger.hypotheses(None, u32::MAX).await.unwrap()), newest);
    let of_fx = told(w.ledger.hypotheses(Some(&"fx".parse().unwrap()), 2).await.unwrap());
    assert_eq!(of_fx, [newest[1].clone(), newest[3].clone()]);
}

pub(crate) async fn every_look_counts_however_many_there_are(w: World) {
    const LOOKS: usize = 1_100;
    let counted: Vec<_> = (0..LOOKS)
        .map(|i| {
            let (ledger, look) = (w.ledger.clone(), look(&format!("t{i}"), "c", 0..10));
            tokio::spawn(async move {
                ledger.begin(&look).await.unwrap();
                ledger.conclude(&look.operation, &conclusion(Some(0.01))).await.unwrap();
            })
        })
        .collect();
    for count in counted {
        count.await.unwrap();
    }
    let looks = looks_at(&w, "EURUSD", 0..10).await;
    assert!(looks.iter().all(|look| look.conclusion.is_some()));
    assert_eq!(looks.len(), LOOKS);
    assert_eq!(w.ledger.trials(None).await.unwrap(), looks);
}
