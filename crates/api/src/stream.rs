//! The one stream of events: operations, queues and logs, as server-sent events with resumption by `Last-Event-ID`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::stream;
use ktrdr_app::access::Caller;
use ktrdr_app::feed::{FeedEvent, FeedTopic, Following};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use crate::limits::HEARTBEAT;
use crate::service::Service;

/// A comment: it keeps proxies from closing the connection.
const ALIVE: &str = ": alive\n\n";

/// What one follower is sent.
struct Follower {
    service: Arc<Service>,
    caller: Caller,
    topics: Vec<FeedTopic>,
    following: Following,
    waiting: VecDeque<Arc<FeedEvent>>,
    has_begun: bool,
}

/// The stream for a caller, from behind the event of this id on.
pub(crate) fn events(
    service: Arc<Service>,
    caller: Caller,
    topics: Vec<FeedTopic>,
    since: Option<&str>,
) -> Body {
    let mut following = service.feed.follow(since);
    let waiting = std::mem::take(&mut following.missed).into();
    let follower = Follower { service, caller, topics, following, waiting, has_begun: false };
    Body::from_stream(stream::unfold(follower, |mut follower| async move {
        let sent = follower.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(sent)), follower))
    }))
}

impl Follower {
    /// What is sent next; `None` ends the stream.
    async fn next(&mut self) -> Option<String> {
        if !self.has_begun {
            self.has_begun = true;
            // Whoever waits for the head of the answer gets it at once.
            return Some("retry: 1000\n\n".into());
        }
        loop {
            while let Some(event) = self.waiting.pop_front() {
                if self.wants(event.topic) {
                    return Some(written(&event));
                }
            }
            let stop = self.service.stop.clone();
            let coming = tokio::select! {
                () = stop.cancelled() => return None,
                coming = timeout(HEARTBEAT, self.following.coming.recv()) => coming,
            };
            match coming {
                Ok(Ok(event)) => self.waiting.push_back(event),
                Ok(Err(RecvError::Lagged(_))) => self.waiting.push_back(self.service.feed.reset()),
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => return self.may_go_on().await.then(|| ALIVE.to_owned()),
            }
        }
    }

    fn wants(&self, topic: FeedTopic) -> bool {
        topic == FeedTopic::Reset || self.topics.contains(&topic)
    }

    /// A stream ends with its token.
    async fn may_go_on(&self) -> bool {
        match &self.caller.token {
            None => true,
            Some(id) => matches!(self.service.app.tokens.token(id).await, Ok(Some(_))),
        }
    }
}

/// JSON has no line breaks: one line of data is enough.
fn written(event: &FeedEvent) -> String {
    format!("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.topic.as_str(), event.data)
}
