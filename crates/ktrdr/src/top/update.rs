//! A key or an answer changes what is shown, and says what is to be done.

use ktrdr_app::selection::Selection;
use ktrdr_domain::OperationId;
use ktrdr_domain::terms::Term;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::deed::Deed;
use super::model::{Cursor, Model, Page, Said, Table, Typed};
use super::sight::{Detail, Sight};

/// Rows of a screenful, for the keys that go by it.
const SCREENFUL: isize = 10;

/// Longest filter that is typed.
const FILTER_CHARACTERS: usize = 400;

/// Something that happened.
pub(crate) enum Event {
    Key(KeyEvent),
    /// Time passed: milliseconds since the beginning.
    Clock(i64),
    Looked(Result<Box<Sight>, String>),
    Opened(OperationId, Result<Box<Detail>, String>),
    /// Why there is nothing to retry, if so.
    Weighed(OperationId, Result<Option<String>, String>),
    Done(Result<String, String>),
}

/// Something to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Look at everything that is shown.
    Look,
    Open(OperationId),
    /// See whether there is anything to retry of it.
    Weigh(OperationId),
    CarryOut(Deed),
    /// Give the terminal back.
    Quit,
    /// The same, as whoever presses Ctrl-C wants it.
    Interrupt,
}

pub(crate) fn update(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        Event::Clock(ms) => model.clock_ms = ms,
        Event::Looked(Ok(sight)) => {
            model.saw(sight);
            return open_again(model);
        }
        Event::Looked(Err(why)) => model.trouble = Some(why),
        Event::Opened(id, answer) => opened(model, &id, answer),
        Event::Weighed(id, answer) => weighed(model, id, answer),
        Event::Done(answer) => {
            let is_trouble = answer.is_err();
            model.said = Some(Said { words: answer.unwrap_or_else(|why| why), is_trouble });
            return vec![Effect::Look];
        }
        Event::Key(key) => return pressed(model, key),
    }
    Vec::new()
}

/// What is open is as old as the rest.
fn open_again(model: &Model) -> Vec<Effect> {
    model.page.iter().map(|page| Effect::Open(page.id.clone())).collect()
}

fn opened(model: &mut Model, id: &OperationId, answer: Result<Box<Detail>, String>) {
    let Some(page) = model.page.as_mut().filter(|page| page.id == *id) else { return };
    match answer {
        Ok(detail) => page.detail = Some(detail),
        Err(words) => model.said = Some(Said { words, is_trouble: true }),
    }
}

/// Asks for a yes, or says at once why there is nothing to ask; nothing of what is no longer chosen.
fn weighed(model: &mut Model, id: OperationId, answer: Result<Option<String>, String>) {
    let is_chosen = model.operation().is_some_and(|row| row.id == id);
    match answer {
        Ok(None) if is_chosen && model.typed.is_none() => model.asked = Some(Deed::Retry(id)),
        Ok(None) => {}
        Ok(Some(words)) => model.said = Some(Said { words, is_trouble: false }),
        Err(words) => model.said = Some(Said { words, is_trouble: true }),
    }
}

fn pressed(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => vec![Effect::Interrupt],
            KeyCode::Char('l') => vec![Effect::Look],
            _ => Vec::new(),
        };
    }
    if key.modifiers.contains(KeyModifiers::ALT) {
        // A terminal that is asked through others can not tell Esc and a key from the two at once.
        let escaped = pressed(model, KeyCode::Esc.into());
        return escaped.into_iter().chain(pressed(model, key.code.into())).collect();
    }
    if model.typed.is_some() {
        return typing(model, key.code);
    }
    if let Some(deed) = model.asked.take() {
        // Whatever is no yes is a no.
        return match key.code {
            KeyCode::Char('y' | 'Y') => vec![Effect::CarryOut(deed)],
            _ => Vec::new(),
        };
    }
    if std::mem::take(&mut model.has_help) {
        return Vec::new();
    }
    model.said = None;
    if model.page.is_some() { on_page(model, key.code) } else { on_table(model, key.code) }
}

fn typing(model: &mut Model, key: KeyCode) -> Vec<Effect> {
    let Some(typed) = &mut model.typed else { return Vec::new() };
    match key {
        KeyCode::Esc => model.typed = None,
        KeyCode::Backspace => {
            typed.text.pop();
            typed.trouble = None;
        }
        KeyCode::Char(c) if typed.text.chars().count() < FILTER_CHARACTERS => {
            typed.text.push(c);
            typed.trouble = None;
        }
        KeyCode::Enter => match typed.text.parse::<Selection>() {
            Ok(selection) => {
                model.filter = selection.text().to_owned();
                (model.typed, model.table) = (None, Table::Operations);
                return vec![Effect::Look];
            }
            Err(why) => typed.trouble = Some(why.message),
        },
        _ => {}
    }
    Vec::new()
}

fn on_table(model: &mut Model, key: KeyCode) -> Vec<Effect> {
    match key {
        KeyCode::Char('q') => return vec![Effect::Quit],
        KeyCode::Esc if !model.filter.is_empty() => {
            model.filter.clear();
            return vec![Effect::Look];
        }
        KeyCode::Char('?') => model.has_help = true,
        KeyCode::Char('/') => model.typed = Some(Typed { text: model.filter.clone(), trouble: None }),
        KeyCode::Char(digit @ '1'..='5') => return turn_to(model, Table::ALL[digit as usize - '1' as usize]),
        KeyCode::Tab | KeyCode::Right | KeyCode::Char('l') => return turn_to(model, model.table.moved(1)),
        KeyCode::BackTab | KeyCode::Left | KeyCode::Char('h') => {
            return turn_to(model, model.table.moved(-1));
        }
        KeyCode::Down | KeyCode::Char('j') => model.move_cursor(1),
        KeyCode::Up | KeyCode::Char('k') => model.move_cursor(-1),
        KeyCode::PageDown | KeyCode::Char(' ') => model.move_cursor(SCREENFUL),
        KeyCode::PageUp => model.move_cursor(-SCREENFUL),
        KeyCode::Home | KeyCode::Char('g') => model.move_cursor(isize::MIN),
        KeyCode::End | KeyCode::Char('G') => model.move_cursor(isize::MAX),
        KeyCode::Enter => return enter(model),
        KeyCode::Char(c) => return ask(model, c),
        _ => {}
    }
    Vec::new()
}

fn on_page(model: &mut Model, key: KeyCode) -> Vec<Effect> {
    let Some(page) = &mut model.page else { return Vec::new() };
    match key {
        KeyCode::Char('q') | KeyCode::Esc | KeyCode::Enter | KeyCode::Backspace | KeyCode::Left => {
            model.page = None;
        }
        KeyCode::Char('?') => model.has_help = true,
        KeyCode::Down | KeyCode::Char('j') => page.scrolled = page.scrolled.saturating_add(1),
        KeyCode::Up | KeyCode::Char('k') => page.scrolled = page.scrolled.saturating_sub(1),
        KeyCode::Char(c) => return ask(model, c),
        _ => {}
    }
    Vec::new()
}

/// Another table: of what is not on the screen only the count is known.
fn turn_to(model: &mut Model, table: Table) -> Vec<Effect> {
    model.table = table;
    vec![Effect::Look]
}

/// Shows what stands under the cursor: an operation, or those of a queue, of a process, of a campaign.
fn enter(model: &mut Model) -> Vec<Effect> {
    if let Some(row) = model.operation() {
        let id = row.id.clone();
        model.page = Some(Page { id: id.clone(), detail: None, scrolled: 0 });
        return vec![Effect::Open(id)];
    }
    let Some(name) = model.names(model.table).get(model.cursor().index).cloned() else { return Vec::new() };
    let field = match model.table {
        Table::Queues => "type",
        Table::Workers => "worker",
        Table::Campaigns => "campaign",
        Table::Operations | Table::DeadLetters => return Vec::new(),
    };
    let term = Term { field: field.into(), is_negated: false, is_partial: false, values: vec![name] };
    model.filter = term.to_string();
    model.cursors[Table::Operations.index()] = Cursor::default();
    turn_to(model, Table::Operations)
}

/// Asks before anything is done; says why where nothing can be.
fn ask(model: &mut Model, key: char) -> Vec<Effect> {
    let operation = model.operation();
    let deed = match key {
        'c' => match operation {
            Some(row) if row.status.is_terminal() => Err("it has ended: there is nothing to cancel"),
            Some(row) => Ok(Deed::Cancel(row.id.clone())),
            None => Err("c cancels an operation: choose one"),
        },
        'r' => match operation {
            Some(row) if !row.status.is_terminal() => Err("it goes on: only what has ended is retried"),
            Some(row) => return vec![Effect::Weigh(row.id.clone())],
            None => Err("r retries an operation: choose one"),
        },
        'p' => match model.queue() {
            Some((kind, true)) => Ok(Deed::Resume(kind)),
            Some((kind, false)) => Ok(Deed::Pause(kind)),
            None => Err("p pauses a queue, or resumes it: choose one"),
        },
        'd' => match model.worker() {
            Some(boot) => Ok(Deed::Drain(boot)),
            None => Err("d drains a worker: choose one, or what it runs"),
        },
        _ => return Vec::new(),
    };
    match deed {
        Ok(deed) => model.asked = Some(deed),
        Err(words) => model.said = Some(Said { words: words.into(), is_trouble: false }),
    }
    Vec::new()
}
