//! Events to an answer. An answer is whole or it is none.

use ktrdr_agent::Usage;
use serde_json::Value;

use crate::contract::{Block, Delta, Event, Reply, StopReason};
use crate::error::CallError;
use crate::words::harmless;

/// Most blocks of an answer.
const BLOCKS_MAX: usize = 1_024;

/// An answer under construction.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    model: Option<String>,
    usage: Usage,
    blocks: Vec<Part>,
    stop: Option<StopReason>,
    ended: bool,
}

/// A block under construction.
#[derive(Debug)]
struct Part {
    /// `None`: of a sort that is not known here; it is passed over.
    block: Option<Block>,
    /// The input of a call, as far as it has come.
    json: String,
    ended: bool,
}

impl Assembly {
    /// Takes the next event's data.
    pub(crate) fn take(&mut self, data: &[u8]) -> Result<(), CallError> {
        let event = serde_json::from_slice(data)
            .map_err(|e| CallError::Nonsense(format!("an event that is none of the contract: {e}")))?;
        match event {
            Event::MessageStart { message } => {
                message.usage.take_into(&mut self.usage);
                self.model = Some(harmless(&message.model, 100));
            }
            Event::ContentBlockStart { index, content_block } => self.begin(index, content_block)?,
            Event::ContentBlockDelta { index, delta } => self.open(index)?.add(delta),
            Event::ContentBlockStop { index } => self.open(index)?.end()?,
            Event::MessageDelta { delta, usage } => {
                usage.take_into(&mut self.usage);
                self.stop = delta.stop_reason.or(self.stop);
            }
            Event::MessageStop => self.ended = true,
            Event::Error { error } => return Err(CallError::after_success(&error)),
            Event::Unknown => {}
        }
        Ok(())
    }

    /// Whether the answer has ended: what may follow is not ours.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The answer.
    pub(crate) fn finish(self) -> Result<Reply, CallError> {
        let whole = self.ended && self.blocks.iter().all(|part| part.ended);
        match (self.model, self.stop) {
            (Some(model), Some(stop)) if whole => Ok(Reply {
                model,
                content: self.blocks.into_iter().filter_map(|part| part.block).collect(),
                stop,
                usage: self.usage,
            }),
            _ => Err(CallError::Broke("the answer ended before it was whole".to_owned())),
        }
    }

    fn begin(&mut self, index: usize, block: Value) -> Result<(), CallError> {
        if index != self.blocks.len() || index >= BLOCKS_MAX {
            return Err(CallError::Nonsense(format!("block {index} begins out of order")));
        }
        // One of a sort that is not known here, or without its parts, is passed over with what belongs to it.
        let block = serde_json::from_value(block).ok();
        self.blocks.push(Part { block, json: String::new(), ended: false });
        Ok(())
    }

    fn open(&mut self, index: usize) -> Result<&mut Part, CallError> {
        let part = self.blocks.get_mut(index).filter(|part| !part.ended);
        part.ok_or_else(|| CallError::Nonsense(format!("a piece of block {index}, which is not open")))
    }
}

impl Part {
    fn add(&mut self, delta: Delta) {
        match (delta, &mut self.block) {
            (Delta::Text { text: more }, Some(Block::Text { text, .. })) => text.push_str(&more),
            (Delta::Thinking { thinking: more }, Some(Block::Thinking { thinking, .. })) => {
                thinking.push_str(&more);
            }
            (Delta::Signature { signature: more }, Some(Block::Thinking { signature, .. })) => {
                signature.push_str(&more);
            }
            (Delta::InputJson { partial_json }, Some(Block::ToolUse { .. })) => {
                self.json.push_str(&partial_json);
            }
            _ => {}
        }
    }

    fn end(&mut self) -> Result<(), CallError> {
        self.ended = true;
        if let Some(Block::ToolUse { input, .. }) = &mut self.block
            && !self.json.is_empty()
        {
            *input = serde_json::from_str(&self.json)
                .map_err(|e| CallError::Nonsense(format!("a tool was called with what is not JSON: {e}")))?;
        }
        Ok(())
    }
}
