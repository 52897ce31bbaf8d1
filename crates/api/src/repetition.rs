//! A request that came with an idempotency key is carried out once: whoever sends it again is given its first answer.

use ktrdr_app::Begun;
use ktrdr_app::idempotency::reused;
use ktrdr_domain::Sha256;
use serde_json::Value;

use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::reply::Reply;

/// Carries a request out, or gives the answer that it had before.
///
/// One that was cut short before it was answered is carried out again: what begins work knows its key by itself, what sets a
/// state sets it again, and a group is what it was when the request came first. A request that was refused changed nothing,
/// and is looked at anew.
pub(crate) async fn once(endpoint: &Endpoint, mut ask: Ask) -> Answered {
    let Some(key) = ask.key.clone().filter(|_| endpoint.keeps_answer()) else {
        return (endpoint.run)(ask).await;
    };
    let app = ask.app.clone();
    match app.begin_request(&key, &fingerprint(endpoint, &ask)).await? {
        Begun::Answered(answer) => Reply::again(&answer),
        Begun::Taken => Err(reused(&key)),
        Begun::Unanswered(mark) => {
            ask.within = Some(mark);
            let reply = (endpoint.run)(ask).await?;
            let Some(answer) = reply.kept() else { return Ok(reply) };
            match app.keep_answer(&key, &answer).await {
                // Somebody who sent it at the same time was answered before.
                Ok(first) if first != answer => Reply::again(&first),
                Ok(_) => Ok(reply),
                Err(why) => {
                    tracing::warn!(%why, "an answer was not kept: its request would be carried out again");
                    Ok(reply)
                }
            }
        }
    }
}

/// What tells this request from others: all of it but the key.
fn fingerprint(endpoint: &Endpoint, ask: &Ask) -> Sha256 {
    let mut body = ask.json.clone();
    if let Value::Object(fields) = &mut body {
        fields.remove("idempotency_key");
    }
    let place = ask.uri.path_and_query().map_or("", |place| place.as_str());
    let file = Sha256::of(&ask.file);
    Sha256::of(format!("{} {place}\n{body}\n{file}", endpoint.method).as_bytes())
}
