//! An answer as the events of a stream.

use serde_json::{Value, json};

use crate::tokens::{Counted, tokens, usage};

/// What is answered: the blocks, and why it ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) blocks: Vec<Value>,
    pub(crate) stop: &'static str,
}

/// Longest piece of a block in one event, in characters.
const PIECE_CHARS: usize = 4_000;

/// The events, in order.
pub(crate) fn events(model: &str, answer: &Answer, counted: Counted) -> Vec<String> {
    let output = output_tokens(answer);
    let opening = json!({"id": "msg_fake", "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(counted, 1)});
    let mut all = vec![event("message_start", &json!({"message": opening})), event("ping", &json!({}))];
    for (index, block) in answer.blocks.iter().enumerate() {
        all.extend(block_events(index, block));
    }
    let closing = json!({"delta": {"stop_reason": answer.stop, "stop_sequence": null}, "usage": {"output_tokens": output}});
    all.push(event("message_delta", &closing));
    all.push(event("message_stop", &json!({})));
    all
}

/// The same as one message.
pub(crate) fn message(model: &str, answer: &Answer, counted: Counted) -> Value {
    json!({"id": "msg_fake", "type": "message", "role": "assistant", "model": model, "content": answer.blocks,
        "stop_reason": answer.stop, "stop_sequence": null, "usage": usage(counted, output_tokens(answer))})
}

fn output_tokens(answer: &Answer) -> u64 {
    tokens(answer.blocks.iter().map(|b| b.to_string().len()).sum())
}

/// One event.
pub(crate) fn event(kind: &str, rest: &Value) -> String {
    let mut data = json!({ "type": kind });
    if let (Some(data), Some(rest)) = (data.as_object_mut(), rest.as_object()) {
        data.extend(rest.clone());
    }
    format!("event: {kind}\ndata: {data}\n\n")
}

fn block_events(index: usize, block: &Value) -> Vec<String> {
    let (empty, pieces) = pieces(block);
    let mut all = vec![event("content_block_start", &json!({"index": index, "content_block": empty}))];
    all.extend(
        pieces.iter().map(|delta| event("content_block_delta", &json!({"index": index, "delta": delta}))),
    );
    all.push(event("content_block_stop", &json!({"index": index})));
    all
}

/// The block as it begins, and the pieces that fill it.
fn pieces(block: &Value) -> (Value, Vec<Value>) {
    let text = |key: &str| block[key].as_str().unwrap_or_default();
    match block["type"].as_str() {
        Some("text") => (
            json!({"type": "text", "text": ""}),
            parts(text("text")).iter().map(|p| json!({"type": "text_delta", "text": p})).collect(),
        ),
        Some("thinking") => {
            let thought = parts(text("thinking"));
            let mut all: Vec<Value> =
                thought.iter().map(|p| json!({"type": "thinking_delta", "thinking": p})).collect();
            all.push(json!({"type": "signature_delta", "signature": text("signature")}));
            (json!({"type": "thinking", "thinking": "", "signature": ""}), all)
        }
        Some("tool_use") => {
            // A string stands for input that is sent as it is, JSON or not.
            let input = block["input"].as_str().map_or_else(|| block["input"].to_string(), str::to_owned);
            (
                json!({"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}}),
                parts(&input)
                    .iter()
                    .map(|p| json!({"type": "input_json_delta", "partial_json": p}))
                    .collect(),
            )
        }
        _ => (block.clone(), Vec::new()),
    }
}

fn parts(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(PIECE_CHARS).map(|chunk| chunk.iter().collect()).collect()
}
