//! Lists of operations: the first page, the last one, and one that is filtered.

use super::server::{Server, answered, timed};
use crate::commands::bench::{Measured, percentiles};
use crate::exit::CliError;

/// Operations on a page, and on the longest there is.
const PAGE: u32 = 50;
const PAGE_MAX: u32 = 1000;

/// Lists that are asked for, by name. A filter that leaves all but few rows out has the most to look at.
const LISTS: [(&str, &str); 3] = [
    ("first page", "limit=50"),
    ("filtered page", "limit=50&status=completed&type=probe"),
    ("page of what there is none of", "limit=50&status=failed&type=training"),
];

pub(super) async fn measure(
    server: &Server,
    requests: u32,
    setting: &str,
) -> Result<Vec<Measured>, CliError> {
    let mut measured = Vec::new();
    for (name, query) in LISTS {
        measured.extend(list(server, requests, name, query, setting).await?);
    }
    if let Some(query) = last_page(server).await? {
        measured.extend(list(server, requests, "last page", &query, setting).await?);
    }
    Ok(measured)
}

async fn list(
    server: &Server,
    requests: u32,
    name: &str,
    query: &str,
    setting: &str,
) -> Result<[Measured; 2], CliError> {
    let path = format!("/operations?{query}");
    let mut took = Vec::with_capacity(requests as usize);
    for _ in 0..requests {
        took.push(timed(server.get(&path)).await?);
    }
    Ok(percentiles(&format!("list, {name}"), "ms", took, setting))
}

/// The query of a page at the end of the list: pages of the greatest size are read until none follows.
async fn last_page(server: &Server) -> Result<Option<String>, CliError> {
    let mut last = None;
    let mut cursor = None;
    loop {
        let from = cursor.iter().map(|cursor| format!("&cursor={cursor}")).collect::<String>();
        let page = answered(server.get(&format!("/operations?limit={PAGE_MAX}{from}"))).await?;
        if page["operations"].as_array().is_none_or(Vec::is_empty) {
            return Ok(last);
        }
        last = cursor.as_ref().map(|cursor| format!("limit={PAGE}&cursor={cursor}"));
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(last),
        }
    }
}
