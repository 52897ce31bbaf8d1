//! What the keyboard does.

use askama::Template;
use ktrdr_app::AppError;

use crate::answer::Answer;
use crate::ask::Ask;
use crate::shell::{PLACES, Section, Shell};

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage {
    shell: Shell,
    places: Vec<(char, &'static str)>,
}

pub(crate) fn page(ask: &Ask) -> Result<Answer, AppError> {
    let places = PLACES.iter().flat_map(|(_, places)| *places).map(|place| (place.key, place.name)).collect();
    Answer::page(&KeysPage { shell: Shell::new(ask, Section::None, "Keys"), places })
}
