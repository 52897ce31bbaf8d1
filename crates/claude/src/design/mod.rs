//! One design by a model: a prompt made from the registries, a conversation over tools, a strategy that stands every check. At
//! most so many times is it sent back; then the design fails, and says with what.

mod data;
mod desk;
mod grammar;
mod lessons;
mod tools;

use ktrdr_agent::market::Market;
use ktrdr_agent::{AgentError, Design, DesignBrief};
use ktrdr_domain::Sha256;
use ktrdr_domain::strategy::indicators::INDICATORS;

use crate::asking::Asking;
use crate::contract::{Block, Message, OutputConfig, Reply, Request, Role, StopReason};
use crate::provider::Manner;
use desk::Desk;

/// Calls that are answered in one turn; the others are told so.
const CALLS_PER_TURN_MAX: usize = 12;

/// Calls of a whole design: whoever calls more is not designing.
const CALLS_MAX: usize = 60;

/// What is said to a model that talks and calls nothing.
const NUDGE: &str = "Nothing was saved. Call save_strategy_config with the whole strategy.";

/// Designs one strategy.
pub(crate) async fn design(
    asking: &mut Asking<'_>,
    manner: &Manner,
    brief: &DesignBrief<'_>,
) -> Result<Design, AgentError> {
    let market = Market::new(brief.dev_bars, brief.windows, brief.split, brief.account)?;
    let mut request = request(manner, brief, &market)?;
    let mut desk = Desk::new(brief);
    let mut calls = 0;
    for turn in 1..=manner.turns_max {
        let reply = asking.ask(&mut request).await?;
        let answers = match reply.stop {
            StopReason::Refusal => return Err(asking.no_answer("the model will not design this")),
            StopReason::MaxTokens => {
                let what = format!(
                    "its answer is longer than {} tokens (agent.output_tokens_max)",
                    request.max_tokens
                );
                return Err(asking.no_answer(what));
            }
            _ => answers(&mut desk, &reply, &mut calls),
        };
        if let Some(strategy) = desk.saved.take() {
            return Ok(finished(asking, &desk, strategy, turn));
        }
        give_up_if_hopeless(asking, &desk, manner, calls)?;
        go_on(&mut request, reply, answers);
    }
    Err(asking.no_answer(format!("nothing was saved in {} turns (agent.turns_max)", manner.turns_max)))
}

/// The first request. What every design shares comes first, then what a campaign shares, then what a generation shares: the
/// vendor keeps each of these prefixes.
fn request(manner: &Manner, brief: &DesignBrief<'_>, market: &Market<'_>) -> Result<Request, AgentError> {
    let first = vec![Block::kept_text(lessons::text(brief.lessons)), Block::text(task(brief, market)?)];
    Ok(Request {
        model: manner.model.id.clone(),
        max_tokens: manner.output_tokens_max,
        stream: true,
        output_config: manner.effort().map(|effort| OutputConfig { effort: Some(effort), format: None }),
        tools: tools::definitions(),
        system: vec![Block::kept_text(grammar::text()), Block::kept_text(data::text(brief, market))],
        messages: vec![Message { role: Role::User, content: first }],
    })
}

/// What this design is to begin from. Those of one generation are made at the same time and do not see each other; so that
/// they differ, each is given an indicator of its own.
fn task(brief: &DesignBrief<'_>, market: &Market<'_>) -> Result<String, AgentError> {
    let offered: Vec<&str> = INDICATORS
        .iter()
        .filter(|d| {
            !d.in_price_units && (market.has_volume() || !["obv", "mfi", "volumeratio"].contains(&d.name))
        })
        .map(|d| d.name)
        .collect();
    let size = brief.generation.max(1);
    let (generation, place) = (brief.index / size, brief.index % size);
    let start = Sha256::of_json(&(brief.seed, generation))?.seed() % offered.len() as u64;
    let focus = offered[(start as usize + place as usize) % offered.len()];
    Ok(format!(
        "Design strategy {} of this campaign for {}. {} designs are made at the same time from the same lessons; so that yours is \
         unlike the others, let one of its readings be {focus} unless the lessons speak against it.",
        brief.index + 1,
        brief.symbol,
        size
    ))
}

/// The next turn of ours: an answer to every call.
fn answers(desk: &mut Desk<'_>, reply: &Reply, calls: &mut usize) -> Vec<Block> {
    let mut answers = Vec::new();
    for block in &reply.content {
        let Block::ToolUse { id, name, input } = block else { continue };
        *calls += 1;
        let (content, is_error) = match () {
            () if answers.len() >= CALLS_PER_TURN_MAX => {
                ("too many calls in one turn: this one was not answered".to_owned(), true)
            }
            () if desk.saved.is_some() => ("a strategy was saved: the design has ended".to_owned(), true),
            () => {
                let answered = desk.call(name, input);
                (answered.content, answered.is_error)
            }
        };
        answers.push(Block::ToolResult { tool_use_id: id.clone(), content, is_error, cache_control: None });
    }
    if answers.is_empty() {
        desk.sent_back += 1;
        NUDGE.clone_into(&mut desk.last_fault);
        answers.push(Block::text(NUDGE));
    }
    answers
}

fn give_up_if_hopeless(
    asking: &Asking<'_>,
    desk: &Desk<'_>,
    manner: &Manner,
    calls: usize,
) -> Result<(), AgentError> {
    let why = match () {
        () if desk.repeats > 1 => {
            format!("it repeats an earlier design although it was told: {}", desk.last_fault)
        }
        () if desk.sent_back > manner.repairs_max => {
            format!(
                "{} strategies were sent back (agent.repairs_max {}), the last since {}",
                desk.sent_back, manner.repairs_max, desk.last_fault
            )
        }
        () if calls > CALLS_MAX => format!("it called tools {calls} times and saved nothing"),
        () => return Ok(()),
    };
    Err(asking.no_answer(why))
}

/// Adds the model's turn as it came, thinking included, and ours; the mark up to which the vendor keeps the prompt moves on.
fn go_on(request: &mut Request, reply: Reply, mut answers: Vec<Block>) {
    for message in request.messages.iter_mut().skip(1) {
        message.content.iter_mut().for_each(|block| block.keep(false));
    }
    if let Some(last) = answers.last_mut() {
        last.keep(true);
    }
    request.messages.push(Message { role: Role::Assistant, content: reply.content });
    request.messages.push(Message { role: Role::User, content: answers });
}

fn finished(asking: &Asking<'_>, desk: &Desk<'_>, strategy: ktrdr_domain::Strategy, turns: u32) -> Design {
    let usage = asking.usage;
    let origin = format!(
        "{} in {turns} turns, {} sent back; {} tokens in ({} from the cache), {} out, ${:.6}",
        asking.model.id,
        desk.sent_back,
        usage.prompt(),
        usage.cache_read,
        usage.output,
        asking.micro_dollars as f64 / 1e6
    );
    let rationale = if desk.hypotheses.is_empty() {
        strategy.hypothesis.clone().unwrap_or_default()
    } else {
        desk.hypotheses.join(" · ")
    };
    Design { strategy, designer: asking.model.id.clone(), origin, rationale, champion: false }
}
