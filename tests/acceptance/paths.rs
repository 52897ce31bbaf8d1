//! A15: the paths of the system before this one, as the migration guide names them, asked of the API as it stands.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::book::{Chapter, Seen};
use super::lab::Lab;
use crate::api::client::answer;

const GUIDE: &str = include_str!("../../docs/migration.md");

/// One line of the guide's table.
struct Line<'a> {
    before: &'a str,
    /// `METHOD /path`, one or several; none where there is a reason instead.
    now: Vec<(Method, &'a str)>,
}

fn lines() -> Vec<Line<'static>> {
    let table = GUIDE.split("## Paths").nth(1).expect("the guide has a table of paths");
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    cells.map(|(before, now)| Line { before, now: asked(now) }).collect()
}

/// Requests named in backquotes.
fn asked(cell: &'static str) -> Vec<(Method, &'static str)> {
    let request = |words: &'static str| {
        let (method, path) = words.split_once(' ')?;
        Some((method.parse().ok().filter(|m| [Method::GET, Method::POST, Method::DELETE].contains(m))?, path))
    };
    cell.split('`').skip(1).step_by(2).filter_map(request).collect()
}

pub(super) fn row(chapter: &mut Chapter, lab: &Lab<'_>) {
    chapter.row("A15", |seen| every_path_is_answered(lab, seen));
}

fn every_path_is_answered(lab: &Lab<'_>, seen: &mut Seen) {
    let lines = lines();
    let (mut answered, mut same) = (0, 0);
    for (method, path) in lines.iter().flat_map(|line| &line.now) {
        let filled = path
            .replace("{operation}", "op_probe_20260101_000000_00000001")
            .replace("{symbol}", "NOBODY")
            .replace("{timeframe}", "1h")
            .replace("{name}", "nobody")
            .replace("{strategy}", "nobody");
        let (status, told) = lab
            .block_on(async { answer(lab.api.request(method.clone(), &filled).send().await.unwrap()).await });
        assert!(is_answered(status, &told), "{method} {path}: {status} {told}");
        answered += 1;
    }
    for line in &lines {
        let is_same = |(method, path): &(Method, &str)| line.before == format!("{method} {path}");
        same += usize::from(line.now.iter().any(is_same));
    }
    let left = lines.iter().filter(|line| line.now.is_empty()).count();
    assert!(lines.len() > 40 && answered > 40, "{} lines, {answered} requests", lines.len());
    seen.note(format!(
        "{} paths: {same} as before, {} by others, {left} that belong to something else",
        lines.len(),
        lines.len() - same - left
    ));
}

/// Somebody is there, whatever is said to a request without a body about things that do not exist.
fn is_answered(status: u16, told: &Value) -> bool {
    let known = StatusCode::from_u16(status).unwrap();
    known != StatusCode::METHOD_NOT_ALLOWED && told["code"] != "no_such_path" && !known.is_server_error()
}
