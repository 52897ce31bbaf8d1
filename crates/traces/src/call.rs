//! Calls of language models, as the process that makes them tells of them.

use std::sync::Arc;

use ktrdr_agent::models::Lane;
use ktrdr_agent::purse::{CallWatch, EndedCall, Spent};
use ktrdr_domain::SpanId;

use crate::names;
use crate::part::{By, Part, SpanKind, nanos_of};
use crate::queue::Queue;

/// Tells of calls.
pub(crate) struct Calls {
    pub(crate) queue: Arc<Queue>,
    /// This process.
    pub(crate) boot: String,
}

impl CallWatch for Calls {
    fn ended(&self, call: &EndedCall<'_>) {
        if self.queue.wants(call.operation) {
            let part = part(call).by(By::Worker(self.boot.clone()));
            self.queue.tell(|| part);
        }
    }
}

fn part(call: &EndedCall<'_>) -> Part {
    let EndedCall { operation, intent, spent, began, ended } = *call;
    let id = SpanId::of(operation, &format!("call/{}/{}", intent.attempt, intent.call));
    let name = format!("{} {}", names::CHAT, intent.model);
    let lane = match intent.lane {
        Lane::Direct => "direct",
        Lane::Batch => "batch",
    };
    let part = Part::new(operation, id, name, nanos_of(began), nanos_of(ended))
        .kind(SpanKind::Client)
        .within(SpanId::attempt(operation, intent.attempt))
        .say(names::OPERATION_ID, operation.as_str())
        .say(names::ATTEMPT, intent.attempt)
        .say(names::CALL, u64::from(intent.call))
        .say(names::LANE, lane)
        .say(names::GEN_AI_OPERATION, names::CHAT)
        .say(names::GEN_AI_MODEL, intent.model.as_str());
    match spent {
        Spent::Counted(usage, cost) if cost.tokens > 0 => {
            let (input, output) = (usage.prompt(), usage.output);
            part.say(names::GEN_AI_INPUT, input)
                .say(names::GEN_AI_OUTPUT, output)
                .say(names::TOKENS_INPUT, input)
                .say(names::TOKENS_OUTPUT, output)
                .say(names::TOKENS_TOTAL, cost.tokens)
                .say(names::COST, cost.micro_dollars as f64 / 1e6)
        }
        Spent::Counted(..) => part.say(names::ERROR_TYPE, "refused").failed("refused before it was read"),
        Spent::Unknown => {
            let worst = intent.worst_case.micro_dollars as f64 / 1e6;
            part.say(names::ERROR_TYPE, "no_answer")
                .say(names::COST, worst)
                .failed("no whole answer; paid at its worst case")
        }
    }
}
