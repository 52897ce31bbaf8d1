//! The style sheet, the script and the icon: in the binary, under names that change with what is in them.

use std::sync::LazyLock;

use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use ktrdr_domain::Sha256;

const SCRIPT: &str = include_str!("../assets/script.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// Charts look here as they do in reports.
static STYLE: LazyLock<String> =
    LazyLock::new(|| format!("{}\n{}", ktrdr_chart::STYLE, include_str!("../assets/style.css")));

/// What their names change with.
pub(crate) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let all = [STYLE.as_str(), SCRIPT, ICON].concat();
    Sha256::of(all.as_bytes()).to_string()[..12].to_owned()
});

/// A file; browsers keep it for as long as they like.
pub(crate) fn answer(name: &str) -> Response<Vec<u8>> {
    let (media_type, text) = match name {
        "style.css" => ("text/css; charset=utf-8", STYLE.as_str()),
        "script.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => ("text/plain", ""),
    };
    let mut response = Response::new(text.as_bytes().to_vec());
    if text.is_empty() {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_script_is_small() {
        assert!(super::SCRIPT.len() <= 10_000, "{} bytes", super::SCRIPT.len());
    }
}
