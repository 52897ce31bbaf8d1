//! Tokens, four bytes each, and what a cache kept of a prompt.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

/// Shorter prefixes are silently not kept.
const PREFIX_TOKENS_MIN: u64 = 512;

/// Prefixes that were kept.
#[derive(Debug, Default)]
pub(crate) struct Cache(HashSet<u64>);

/// Tokens of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) input: u64,
    pub(crate) read: u64,
    pub(crate) written: u64,
}

impl Cache {
    /// What of this request was read from the cache, and what is kept from now on.
    pub(crate) fn take(&mut self, request: &Value) -> Counted {
        let (mut text, mut known, mut kept) = (String::new(), 0, 0);
        for block in blocks(request) {
            text.push_str(&without_mark(block).to_string());
            if block.get("cache_control").is_none() || tokens(text.len()) < PREFIX_TOKENS_MIN {
                continue;
            }
            kept = tokens(text.len());
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            if !self.0.insert(hasher.finish()) {
                known = kept;
            }
        }
        Counted { input: tokens(text.len()) - kept, read: known, written: kept - known }
    }
}

/// Tokens of so many bytes.
pub(crate) fn tokens(bytes: usize) -> u64 {
    bytes.div_ceil(4) as u64
}

/// Everything of a prompt in the order tools, system, messages.
fn blocks(request: &Value) -> Vec<&Value> {
    let of = |key: &str| request.get(key).and_then(Value::as_array).into_iter().flatten();
    let messages = of("messages").filter_map(|m| m.get("content")?.as_array()).flatten();
    of("tools").chain(of("system")).chain(messages).collect()
}

fn without_mark(block: &Value) -> Value {
    let mut block = block.clone();
    if let Some(map) = block.as_object_mut() {
        map.remove("cache_control");
    }
    block
}

/// As an answer says it.
pub(crate) fn usage(counted: Counted, output: u64) -> Value {
    json!({
        "input_tokens": counted.input,
        "cache_read_input_tokens": counted.read,
        "cache_creation_input_tokens": counted.written,
        "cache_creation": {"ephemeral_5m_input_tokens": counted.written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(words: &str, more: &str) -> Value {
        json!({"system": [{"type": "text", "text": words, "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": more}]}]})
    }

    #[test]
    fn a_kept_prefix_is_read_by_the_next_request_and_a_short_one_is_never_kept() {
        let (mut cache, long) = (Cache::default(), "word ".repeat(1_000));
        let first = cache.take(&request(&long, "one"));
        assert!(first.written > 1_200 && first.read == 0 && first.input < 20, "{first:?}");
        let second = cache.take(&request(&long, "two"));
        assert_eq!((second.read, second.written), (first.written, 0));
        for _ in 0..2 {
            let short = cache.take(&request("word", "one"));
            assert_eq!((short.read, short.written), (0, 0));
        }
    }
}
