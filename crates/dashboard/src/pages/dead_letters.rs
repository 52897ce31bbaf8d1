//! Dead letters, by what their errors have in common.

use std::collections::HashMap;

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::dead_letters::GivenUp;
use ktrdr_app::operations::PartRequest;
use ktrdr_chart::Markup;
use ktrdr_domain::scope::Scope;

use super::rows::{Row, first_line};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::button::Button;
use crate::markup;
use crate::shell::{Section, Shell};

/// Dead letters that are looked at for one page.
const LOOKED_AT: u32 = 500;

/// Rows that are shown of each group.
const SHOWN: usize = 5;

/// Those with one fate.
struct Group {
    fingerprint: String,
    example: String,
    count: usize,
    /// Of how many something was submitted in their place since.
    retried: usize,
    kinds: String,
    first: Markup,
    last: Markup,
    rows: Vec<Row>,
    button: String,
}

#[derive(Template)]
#[template(path = "dead_letters.html")]
struct DeadLettersPage {
    shell: Shell,
    total: u64,
    looked_at: usize,
    groups: Vec<Group>,
}

impl DeadLettersPage {
    fn is_cut(&self) -> bool {
        (self.looked_at as u64) < self.total
    }
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let list = ask.app.dead_letters(PartRequest { limit: LOOKED_AT, after: None }).await?;
    let looked_at = list.dead_letters.len();
    let mut order: Vec<String> = Vec::new();
    let mut alike: HashMap<String, Vec<GivenUp>> = HashMap::new();
    for dead in list.dead_letters {
        if !alike.contains_key(&dead.fingerprint) {
            order.push(dead.fingerprint.clone());
        }
        alike.entry(dead.fingerprint.clone()).or_default().push(dead);
    }
    let groups = order.into_iter().filter_map(|fingerprint| {
        let dead = alike.remove(&fingerprint)?;
        Some(group(ask, fingerprint, dead, list.now_ms))
    });
    let page = DeadLettersPage {
        shell: Shell::new(ask, Section::DeadLetters, "Dead letters"),
        total: list.total,
        looked_at,
        groups: groups.collect(),
    };
    Answer::page(&page)
}

/// Newest first, as they come.
fn group(ask: &Ask, fingerprint: String, dead: Vec<GivenUp>, now_ms: i64) -> Group {
    let ended =
        |dead: Option<&GivenUp>| markup::time_if(dead.and_then(|dead| dead.operation.finished_at_ms), now_ms);
    let mut kinds: Vec<String> = dead.iter().map(|dead| dead.operation.kind.to_string()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let example = dead[0].operation.error.as_deref().unwrap_or("no error was recorded");
    let button = Button::new("/dead-letters/retry", "Retry all of these", "ktrdr operations retry --dead")
        .about("They are counted and shown first; nothing is retried yet.")
        .with("fingerprint", &fingerprint)
        .back("/dead-letters");
    Group {
        example: first_line(example),
        count: dead.len(),
        retried: dead.iter().filter(|dead| dead.retried_as.is_some()).count(),
        kinds: kinds.join(", "),
        last: ended(dead.first()),
        first: ended(dead.last()),
        rows: Row::all(dead.into_iter().take(SHOWN).map(|dead| dead.operation).collect(), now_ms),
        button: if ask.may(Scope::Operator) { button.html().into_string() } else { String::new() },
        fingerprint,
    }
}
