//! What keys and answers do.

use ktrdr_app::flow::Rates;
use ktrdr_domain::{Kind, Status};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::deed::Deed;
use super::model::{Model, Table};
use super::sample;
use super::update::{Effect, Event, update};

fn seen() -> Model {
    let mut model = Model::new("/srv/lab");
    model.saw(Box::new(sample::sight()));
    model
}

fn press(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    update(model, Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn type_in(model: &mut Model, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| press(model, KeyCode::Char(c))).collect()
}

#[test]
fn nothing_is_done_before_somebody_says_yes() {
    let mut model = seen();
    assert_eq!(type_in(&mut model, "c"), []);
    assert_eq!(model.asked, Some(Deed::Cancel(sample::id(1))));
    assert_eq!(type_in(&mut model, "x"), [], "whatever is no yes is a no");
    assert_eq!(model.asked, None);
    assert_eq!(type_in(&mut model, "cy"), [Effect::CarryOut(Deed::Cancel(sample::id(1)))]);
    assert_eq!(type_in(&mut model, "y"), [], "and is done once");
}

#[test]
fn keys_are_about_what_stands_under_the_cursor() {
    let mut model = seen();
    assert_eq!(type_in(&mut model, "jjr"), [Effect::Weigh(sample::id(3))]);
    assert_eq!(model.asked, None, "nobody is asked before there is something to retry");
    update(&mut model, Event::Weighed(sample::id(3), Ok(None)));
    assert_eq!(model.asked, Some(Deed::Retry(sample::id(3))));
    type_in(&mut model, "n");
    type_in(&mut model, "c");
    assert!(model.said.as_ref().is_some_and(|said| said.words.contains("has ended")), "{:?}", model.said);
    assert_eq!(type_in(&mut model, "2jp"), [Effect::Look]);
    assert_eq!(model.asked, Some(Deed::Resume(Kind::Training)), "it is paused");
    type_in(&mut model, "nkp");
    assert_eq!(model.asked, Some(Deed::Pause(Kind::AgentDesign)));
    type_in(&mut model, "n3d");
    assert_eq!(model.asked, Some(Deed::Drain("lab-4711-1".into())));
    type_in(&mut model, "n5c");
    assert_eq!(model.asked, None);
}

#[test]
fn the_cursor_stays_with_its_row_and_within_the_table() {
    let mut model = seen();
    press(&mut model, KeyCode::Down);
    let mut sight = sample::sight();
    sight.operations.insert(0, sample::row(9, Status::Running));
    update(&mut model, Event::Looked(Ok(Box::new(sight.clone()))));
    assert_eq!((model.cursor().index, model.operation().map(|row| row.id.clone())), (2, Some(sample::id(2))));
    sight.operations.truncate(1);
    update(&mut model, Event::Looked(Ok(Box::new(sight))));
    assert_eq!(model.cursor().index, 0, "it has gone");
    press(&mut model, KeyCode::Char('G'));
    press(&mut model, KeyCode::PageDown);
    assert_eq!(model.cursor().index, 0);
    let mut nothing = Model::new("");
    for key in ["j", "k", "G", "g", "c", "r", "p", "d", "?", "x", "2", "j"] {
        assert!(!type_in(&mut nothing, key).contains(&Effect::Quit));
    }
    assert_eq!(press(&mut nothing, KeyCode::Enter), []);
}

#[test]
fn a_filter_is_that_of_the_command_line_and_a_wrong_one_says_why() {
    let mut model = seen();
    assert_eq!(type_in(&mut model, "/colour=red"), []);
    assert_eq!(press(&mut model, KeyCode::Enter), []);
    let trouble = model.typed.as_ref().and_then(|typed| typed.trouble.clone()).unwrap();
    assert!(trouble.contains("no field"), "{trouble}");
    press(&mut model, KeyCode::Esc);
    assert_eq!(type_in(&mut model, "/q&"), [], "keys are text while one types");
    press(&mut model, KeyCode::Esc);
    type_in(&mut model, "/status!=failed");
    assert_eq!(press(&mut model, KeyCode::Enter), [Effect::Look]);
    assert_eq!(model.filter, "status!=failed");
    assert_eq!(press(&mut model, KeyCode::Esc), [Effect::Look]);
    assert_eq!(model.filter, "");
}

#[test]
fn enter_opens_an_operation_and_lists_those_of_a_queue() {
    let mut model = seen();
    assert_eq!(press(&mut model, KeyCode::Enter), [Effect::Open(sample::id(1))]);
    update(&mut model, Event::Opened(sample::id(2), Ok(Box::new(sample::detail()))));
    assert!(model.page.as_ref().is_some_and(|page| page.detail.is_none()), "of another one");
    update(&mut model, Event::Opened(sample::id(1), Ok(Box::new(sample::detail()))));
    assert!(model.page.as_ref().is_some_and(|page| page.detail.is_some()));
    type_in(&mut model, "c");
    assert_eq!(model.asked, Some(Deed::Cancel(sample::id(1))));
    type_in(&mut model, "n");
    assert_eq!(type_in(&mut model, "q"), [], "back, not away");
    assert!(model.page.is_none());
    type_in(&mut model, "2j");
    assert_eq!(press(&mut model, KeyCode::Enter), [Effect::Look]);
    assert_eq!((model.filter.as_str(), model.table), ("type=training", Table::Operations));
}

#[test]
fn tables_follow_each_other_and_q_and_interrupts_end_it() {
    let mut model = seen();
    for table in [Table::Queues, Table::Workers, Table::DeadLetters, Table::Campaigns, Table::Operations] {
        press(&mut model, KeyCode::Tab);
        assert_eq!(model.table, table);
    }
    press(&mut model, KeyCode::BackTab);
    assert_eq!(model.table, Table::Campaigns);
    assert_eq!(type_in(&mut model, "q"), [Effect::Quit]);
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(update(&mut model, Event::Key(interrupt)), [Effect::Interrupt]);
}

#[test]
fn what_a_deed_came_to_is_said_and_looked_at() {
    let mut model = seen();
    assert_eq!(update(&mut model, Event::Done(Err("it is too late".into()))), [Effect::Look]);
    assert!(model.said.as_ref().is_some_and(|said| said.is_trouble));
    update(&mut model, Event::Clock(7_000));
    update(&mut model, Event::Looked(Err("nobody answers".into())));
    assert_eq!((model.age_ms(), model.trouble.as_deref()), (7_000, Some("nobody answers")));
    update(&mut model, Event::Looked(Ok(Box::new(sample::sight()))));
    assert_eq!((model.age_ms(), model.trouble.as_deref()), (0, None));
}

#[test]
fn what_comes_to_queues_and_goes_from_them_is_told_by_two_looks() {
    let mut model = seen();
    assert_eq!(model.rates(Kind::Training), None);
    let mut later = sample::sight();
    later.now_ms += 30_000;
    let training = later.queues.iter_mut().find(|queue| queue.kind == Kind::Training).unwrap();
    (training.pending, training.ended) = (training.pending - 4, training.ended + 6);
    model.saw(Box::new(later));
    assert_eq!(model.rates(Kind::Training), Some(Rates { comes: 4.0, goes: 12.0 }));
}

#[test]
fn where_there_is_nothing_to_retry_that_is_said_and_nothing_asked() {
    let mut model = seen();
    type_in(&mut model, "jjr");
    update(&mut model, Event::Weighed(sample::id(3), Ok(Some("it ended by its own merits".into()))));
    assert_eq!(model.asked, None);
    assert!(model.said.as_ref().is_some_and(|said| said.words.contains("own merits")), "{:?}", model.said);
    type_in(&mut model, "rk");
    update(&mut model, Event::Weighed(sample::id(3), Ok(None)));
    assert_eq!(model.asked, None, "another one is chosen by now");
}
