//! What stands on the screen, character by character: `KTRDR_TEST_BLESS=1` writes it down anew.

use std::fs;
use std::path::PathBuf;

use ktrdr_domain::Status;
use ktrdr_fabric::registry::GpuSight;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::*;
use crate::times::TimeFormat;
use crate::top::deed::Deed;
use crate::top::model::{Page, Said, Typed};
use crate::top::sample;

fn buffer(model: &Model, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, model, Ink::plain())).unwrap();
    terminal.backend().buffer().clone()
}

fn drawn(model: &Model, width: u16, height: u16) -> String {
    let buffer = buffer(model, width, height);
    let lines = buffer.content.chunks(usize::from(width));
    let line = |cells: &[ratatui::buffer::Cell]| {
        let text: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        text.trim_end().to_owned() + "\n"
    };
    lines.map(line).collect()
}

fn seen() -> Model {
    let mut model = Model::new("/srv/lab");
    model.saw(Box::new(sample::sight()));
    model
}

fn is_golden(name: &str, model: &Model, width: u16, height: u16) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/top/view/golden").join(name);
    let now = drawn(model, width, height);
    if std::env::var_os("KTRDR_TEST_BLESS").is_some() {
        fs::write(&path, &now).unwrap();
    }
    assert!(!now.contains('\u{1b}'), "{now}");
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), now, "{name}");
}

#[test]
fn every_table_fits_a_small_screen() {
    for table in Table::ALL {
        let model = Model { table, ..seen() };
        is_golden(&format!("80x24_{}.txt", table.name().replace(' ', "_")), &model, 80, 24);
    }
}

#[test]
fn a_large_screen_shows_more_columns_and_queues_above_operations() {
    is_golden("120x40.txt", &seen(), 120, 40);
    is_golden("200x50.txt", &seen(), 200, 50);
}

#[test]
fn one_operation_is_shown_with_what_it_went_through() {
    let page = Page { id: sample::id(1), detail: Some(Box::new(sample::detail())), scrolled: 0 };
    is_golden("80x24_one.txt", &Model { page: Some(page), ..seen() }, 80, 24);
}

#[test]
fn a_question_shows_its_command_and_a_filter_why_it_is_none() {
    let asked = Some(Deed::Cancel(sample::id(1)));
    is_golden("80x24_question.txt", &Model { asked, ..seen() }, 80, 24);
    let typed = Typed { text: "colour=red".into(), trouble: Some("colour is no field".into()) };
    let shown = drawn(&Model { typed: Some(typed), ..seen() }, 80, 24);
    assert!(shown.contains("/colour=red") && shown.contains("colour is no field"), "{shown}");
    is_golden("80x24_keys.txt", &Model { has_help: true, ..seen() }, 80, 24);
}

#[test]
fn what_is_shown_says_how_old_it_is_and_why_nothing_newer_is() {
    let model = Model { clock_ms: 42_000, trouble: Some("nobody answers at http://fleet".into()), ..seen() };
    let shown = drawn(&model, 80, 24);
    assert!(shown.contains("42 s old; trying again") && shown.contains("nobody answers"), "{shown}");
    assert!(shown.contains("1,000,000"), "what was seen stays: {shown}");
    let hanging = drawn(&Model { clock_ms: 42_000, ..seen() }, 80, 24);
    assert!(hanging.contains("No answer for 42 s"), "{hanging}");
}

#[test]
fn text_from_outside_drives_no_terminal_and_no_size_is_too_small() {
    let mut sight = sample::sight();
    let mut row = sample::row(5, Status::Failed);
    row.error = Some("\u{1b}[2J\u{202e}evil \u{9b}1m".into());
    sight.operations.insert(0, row);
    let mut model = Model::new("\u{1b}]0;x\u{7}");
    model.saw(Box::new(sight));
    for (width, height) in [(80, 24), (300, 60), (20, 5), (1, 1), (0, 0)] {
        let shown = drawn(&model, width.max(1), height.max(1));
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{7}']), "{shown:?}");
    }
}

#[test]
fn times_say_when_where_somebody_wants_that() {
    for table in [Table::Operations, Table::DeadLetters] {
        let model = Model { table, times: Some(TimeFormat::Iso), ..seen() };
        is_golden(&format!("80x24_{}_iso.txt", table.name().replace(' ', "_")), &model, 80, 24);
    }
    let page = Page { id: sample::id(1), detail: Some(Box::new(sample::detail())), scrolled: 0 };
    let shown = drawn(&Model { page: Some(page), times: Some(TimeFormat::Iso), ..seen() }, 80, 24);
    assert!(shown.contains("begun     2026-11-18T") && !shown.contains(" ago"), "{shown}");
}

#[test]
fn a_gpu_is_told_of_where_somebody_has_one() {
    let mut sight = sample::sight();
    let gpu =
        GpuSight { memory_bytes: 80_000_000_000, memory_used_bytes: 3_100_000_000, busy_percent: Some(62) };
    sight.workers[0].worker.gpu = Some(gpu);
    let mut model = Model { table: Table::Workers, ..Model::new("/srv/lab") };
    model.saw(Box::new(sight));
    for width in [80, 120] {
        assert!(drawn(&model, width, 24).contains("62 % 3.1/80 GB"), "{}", drawn(&model, width, 24));
    }
    let without = drawn(&Model { table: Table::Workers, ..seen() }, 120, 24);
    assert!(!without.contains("GPU"), "{without}");
}

#[test]
fn a_long_answer_is_shown_whole_and_what_is_cut_says_so() {
    let words = "op_training_20261129_220001_99cb0f01 can not be retried: ".to_owned()
        + &"because ".repeat(20)
        + "END";
    let said = Some(Said { words, is_trouble: true });
    let shown = drawn(&Model { said, ..seen() }, 80, 24);
    assert!(shown.contains("END") && shown.contains("q quit"), "{shown}");
    let trouble = Some("colour is no field; ".repeat(6) + "END");
    let shown = drawn(&Model { typed: Some(Typed { text: "colour=red".into(), trouble }), ..seen() }, 80, 24);
    assert!(shown.contains("END"), "{shown}");
    let mut sight = sample::sight();
    sight.dead.dead_letters[0].operation.error = Some("no ".repeat(40) + "bars");
    let mut model = Model { table: Table::DeadLetters, ..Model::new("/srv/lab") };
    model.saw(Box::new(sight));
    assert!(drawn(&model, 80, 24).contains("…"), "{}", drawn(&model, 80, 24));
}
