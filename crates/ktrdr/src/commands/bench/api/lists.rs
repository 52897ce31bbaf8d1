//! Lists of operations: the first page, the last one, and one that is filtered.

use std::time::Instant;

use super::server::{Server, answered};
use crate::commands::bench::{Measured, percentiles};
use crate::exit::CliError;

/// Operations on a page.
const PAGE: u32 = 50;

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
        let started = Instant::now();
        answered(server.get(&path)).await?;
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(percentiles(&format!("list, {name}"), "ms", took, setting))
}

/// The query of the last page: pages of the greatest size are read until none follows.
async fn last_page(server: &Server) -> Result<Option<String>, CliError> {
    let mut last = None;
    let mut query = "limit=1000".to_owned();
    loop {
        let page = answered(server.get(&format!("/operations?{query}"))).await?;
        let Some(next) = page["next"].as_str().filter(|next| !next.is_empty()) else { return Ok(last) };
        last = Some(format!("limit={PAGE}&cursor={next}"));
        query = format!("limit=1000&cursor={next}");
    }
}
