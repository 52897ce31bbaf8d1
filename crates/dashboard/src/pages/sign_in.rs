//! The page for whoever is not let in yet: a token is exchanged for a session of this browser.

use askama::Template;
use http::{Response, StatusCode, Uri};
use ktrdr_app::AppError;

use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::assets;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    version: &'static str,
    next: String,
}

/// The page, instead of what was asked for.
pub(crate) fn answer(asked: &Uri, is_read: bool) -> Response<Vec<u8>> {
    let place = asked.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let next = if is_read && asked.path() != "/sign-in" { place } else { "/" };
    answer::stranger(StatusCode::UNAUTHORIZED, &page(next))
}

/// The page for whoever is let in and wants another token.
pub(crate) fn again(_: &Ask) -> Result<Answer, AppError> {
    Answer::page(&page("/"))
}

fn page(next: &str) -> SignInPage {
    SignInPage { version: &assets::VERSION, next: next.to_owned() }
}
