//! Many followers of the stream of events: how long after a change each of them hears of it, and what that costs the server.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Response;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use super::server::{Server, answered, succeeded};
use super::submits::training;
use crate::cli::bench::ApiBench;
use crate::commands::bench::{Measured, percentiles};
use crate::exit::{CliError, Kind, OrExit};

/// Between two changes.
const EVERY: Duration = Duration::from_millis(100);

/// After the last change nobody waits longer for what is still on its way.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Seeds beyond those of the submits: no training is the same as another.
const FIRST_SEED: u32 = 1_000_000;

/// An operation that somebody heard of, and when.
type Heard = (Arc<str>, Instant);

pub(super) async fn measure(server: &Server, wanted: &ApiBench) -> Result<Vec<Measured>, CliError> {
    let (tell, mut heard) = unbounded_channel::<Heard>();
    let mut followers = JoinSet::new();
    for _ in 0..wanted.clients {
        let request = server.get("/events?topics=operations");
        let response = succeeded(request.send().await.or_exit(Kind::Unreachable)?).await?;
        followers.spawn(follow(response, tell.clone()));
    }
    drop(tell);
    let (began, before) = (Instant::now(), server.usage()?);
    let mut changed = HashMap::new();
    let mut ticks = interval(EVERY);
    for change in 0..wanted.changes {
        ticks.tick().await;
        let at = Instant::now();
        let job = answered(server.post("/trainings/start", &training(FIRST_SEED + change))).await?;
        changed.insert(job["operation"].as_str().unwrap_or_default().to_owned(), at);
    }
    sleep(EVERY).await;
    let (took, after) = (began.elapsed(), server.usage()?);
    let due = changed.len() * wanted.clients as usize;
    let mut delays = Vec::with_capacity(due);
    while delays.len() < due {
        let Ok(Some((id, at))) = timeout(LAST_WAIT, heard.recv()).await else { break };
        if let Some(changed) = changed.get(&*id) {
            delays.push(at.saturating_duration_since(*changed).as_secs_f64() * 1e3);
        }
    }
    followers.shutdown().await;
    if delays.len() < due {
        let message = format!("{} of {due} changes were not heard of", due - delays.len());
        return Err(CliError::new(Kind::OperationFailed, message));
    }
    let setting = format!("{} followers, a change every {} ms", wanted.clients, EVERY.as_millis());
    let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64() / took.as_secs_f64() * 100.0;
    let mut measured = Vec::from(percentiles("request to change heard", "ms", delays, &setting));
    measured.push(Measured::of("server with followers, of one core", "%", vec![cpu], setting));
    Ok(measured)
}

/// Reads a stream to its end, and tells of each operation when it is first heard of.
async fn follow(mut stream: Response, tell: UnboundedSender<Heard>) {
    let mut read = String::new();
    let mut known: Option<String> = None;
    while let Ok(Some(chunk)) = stream.chunk().await {
        let at = Instant::now();
        read.push_str(&String::from_utf8_lossy(&chunk));
        while let Some((event, rest)) = read.split_once("\n\n") {
            if let Some(id) = operation(event).filter(|id| known.as_deref() != Some(id)) {
                known = Some(id.to_owned());
                if tell.send((id.into(), at)).is_err() {
                    return;
                }
            }
            read = rest.to_owned();
        }
    }
}

/// The id in an event's row.
fn operation(event: &str) -> Option<&str> {
    let (_, from) = event.split_once("\"id\":\"")?;
    from.split_once('"').map(|(id, _)| id)
}
