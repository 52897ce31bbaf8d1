//! What the server remembers, and what it answers.

use std::collections::VecDeque;

use hyper::Response;
use serde_json::{Value, json};

use crate::batches::{Batches, Results, errored};
use crate::fault::Fault;
use crate::mind::Mind;
use crate::respond::{Pieces, cut, no, plain};
use crate::route::Route;
use crate::rules::{self, Thoughts};
use crate::stream::{self, Answer};
use crate::tokens::Cache;

/// See the module.
pub(crate) struct State {
    pub(crate) mind: Mind,
    pub(crate) key: Option<String>,
    pub(crate) faults: VecDeque<Option<Fault>>,
    pub(crate) always: Option<Fault>,
    pub(crate) seen: Vec<Value>,
    pub(crate) dropped: usize,
    pub(crate) cache: Cache,
    pub(crate) thoughts: Thoughts,
    pub(crate) batches: Batches,
}

impl State {
    /// Everything about batches.
    pub(crate) fn of_batches(&mut self, route: &Route, request: &Value) -> Response<Pieces> {
        let mut batches = std::mem::take(&mut self.batches);
        let shown = match route {
            Route::Create => match batches.create(request) {
                Ok(shown) => Some(shown),
                Err(words) => {
                    self.batches = batches;
                    return no(400, &words, None);
                }
            },
            Route::Look(id) => batches.look(id, |params| self.result(params)),
            Route::Cancel(id) => batches.cancel(id),
            Route::Results(id) => {
                let results = batches.results(id);
                self.batches = batches;
                return match results {
                    Some(Results::Whole(text)) => plain(200, &text),
                    Some(Results::Cut(text)) => cut(&text),
                    None => no(404, "there are no such results", None),
                };
            }
            Route::Messages | Route::Nowhere => None,
        };
        self.batches = batches;
        shown.map_or_else(|| no(404, "there is no such batch", None), |shown| plain(200, &shown.to_string()))
    }

    /// What one request of a batch comes to.
    fn result(&mut self, params: &Value) -> Value {
        if params.get("stream").is_some() {
            return errored("invalid_request_error", "stream: not supported in a batch");
        }
        if let Err((_, words)) = rules::check(params, &self.thoughts) {
            return errored("invalid_request_error", &words);
        }
        let counted = self.cache.take(params);
        let answer = self.mind.answer(params);
        let answer = self.with_thought(answer);
        let model = params["model"].as_str().unwrap_or_default();
        json!({"type": "succeeded", "message": stream::message(model, &answer, counted)})
    }

    /// The answer behind a thought that is remembered.
    fn with_thought(&mut self, answer: Answer) -> Answer {
        let number = self.thoughts.len() + 1;
        let (words, signature) = (format!("thought {number}"), format!("signature-{number}"));
        let thought = json!({"type": "thinking", "thinking": words, "signature": signature});
        self.thoughts.insert(signature, words);
        Answer { blocks: std::iter::once(thought).chain(answer.blocks).collect(), stop: answer.stop }
    }

    /// The events of the answer, and what is remembered of it.
    pub(crate) fn plan(&mut self, request: &Value, fault: Option<&Fault>) -> Vec<String> {
        let counted = self.cache.take(request);
        let model = request["model"].as_str().unwrap_or_default();
        let answer = match fault {
            Some(Fault::Refusal) => Answer { blocks: Vec::new(), stop: "refusal" },
            Some(Fault::MaxTokens) => Answer { blocks: vec![text("I would begin with")], stop: "max_tokens" },
            Some(Fault::Huge(bytes)) => {
                Answer { blocks: vec![text(&"word ".repeat(bytes / 5))], stop: "end_turn" }
            }
            Some(Fault::BadInput) => {
                let call = json!({"type": "tool_use", "id": "toolu_bad", "name": "save_strategy_config", "input": "{\"a\": "});
                Answer { blocks: vec![call], stop: "tool_use" }
            }
            Some(Fault::BadEvent) => {
                return vec!["event: message_start\ndata: {\"type\": oh no}\n\n".to_owned()];
            }
            Some(Fault::Endless) => return vec![format!("data: {}", "x".repeat(4 << 20))],
            _ => self.mind.answer(request),
        };
        let answer = self.with_thought(answer);
        stream::events(model, &answer, counted)
    }
}

fn text(words: &str) -> Value {
    json!({"type": "text", "text": words})
}
