//! Who answers. Each mind is a function of the conversation so far: the same request gets the same answer.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use crate::strategies;
use crate::stream::Answer;

/// A personality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mind {
    /// Looks, checks, and saves a sound strategy, another one for each task.
    Good,
    /// Talks, and calls nothing.
    Lazy,
    /// Saves the same strategy whatever it is told.
    Repeating,
    /// Claims to have checked what can not be, and saves it again and again.
    Lying,
    /// Tries every attack that it knows, and ends with a strategy whose words are full of escapes.
    Injecting,
    /// Calls tools five hundred times in one answer, and again.
    Flooding,
    /// Saves something else first, which the linter finds fault with, and mends it as it is told.
    Clumsy,
}

impl Mind {
    /// What is answered to a request.
    pub(crate) fn answer(self, request: &Value) -> Answer {
        if request["output_config"].get("format").is_some() {
            return self.assessment();
        }
        let talk = Talk::of(request);
        let (symbol, timeframe) = (talk.symbol.as_str(), talk.timeframe.as_str());
        let save =
            |strategy: Value| calls(&[("save_strategy_config", json!({ "strategy": strategy }))], talk.turn);
        match self {
            Self::Lazy => said("A relative strength index with a fuzzy reading would be a fine start."),
            // Whoever writes a strategy looks first at what there is.
            _ if talk.turn == 0 => calls(&[("get_available_symbols", json!({}))], 0),
            Self::Good => good(&talk),
            Self::Repeating => save(strategies::sound(7, symbol, timeframe)),
            Self::Lying => save(strategies::invented(symbol, timeframe)),
            Self::Injecting => save(strategies::attack(talk.turn - 1, symbol, timeframe)),
            Self::Flooding => calls(&vec![("get_available_indicators", json!({})); 500], talk.turn),
            Self::Clumsy if talk.turn == 1 => {
                let mut strategy = strategies::sound(talk.number, symbol, timeframe);
                strategy["training"]["labels"]["threshold"] = json!(0.4);
                save(strategy)
            }
            Self::Clumsy => save(strategies::sound(talk.number, symbol, timeframe)),
        }
    }

    /// A judgement by the schema that is asked for.
    fn assessment(self) -> Answer {
        let verdict = if self == Self::Lying { "stupendous" } else { "mediocre" };
        let odd = if self == Self::Injecting { "\u{1b}[31mred\u{7}" } else { "It reads few inputs." };
        let judgement = json!({
            "verdict": verdict,
            "strengths": [odd, "Its readings never fall silent."],
            "weaknesses": ["Its trades are few.", "It was looked at on one instrument."],
            "suggestions": ["Shorten the horizon."],
            "hypotheses": ["Quick stretches fade sooner at night."]
        });
        if self == Self::Lazy { said("It is fine, I suppose.") } else { said(&judgement.to_string()) }
    }
}

/// Proposes, checks with both checkers, then saves.
fn good(talk: &Talk) -> Answer {
    let strategy = || strategies::sound(talk.number, &talk.symbol, &talk.timeframe);
    match talk.turn {
        1 => calls(
            &[
                (
                    "propose_hypothesis",
                    json!({"text": "Quick stretches fade.", "rationale": "Whoever pushed is done."}),
                ),
                ("lint_strategy", json!({"strategy": strategy()})),
            ],
            1,
        ),
        turn => calls(&[("save_strategy_config", json!({"strategy": strategy()}))], turn),
    }
}

/// What a mind takes in of a conversation.
struct Talk {
    /// Answers so far.
    turn: usize,
    symbol: String,
    timeframe: String,
    /// Of the task, by which designs differ.
    number: u64,
}

impl Talk {
    fn of(request: &Value) -> Self {
        let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        // The words alone: what is kept of a prompt changes no answer.
        let first = messages.first().and_then(|m| m["content"].as_array()).into_iter().flatten();
        first.for_each(|block| block["text"].as_str().hash(&mut hasher));
        let data = messages.iter().filter_map(|m| m["content"].as_array()).flatten().find_map(|block| {
            let told: Value = serde_json::from_str(block["content"].as_str()?).ok()?;
            told.get("symbol").is_some().then_some(told)
        });
        let data = data.unwrap_or_default();
        Self {
            turn: messages.iter().filter(|m| m["role"] == "assistant").count(),
            symbol: data["symbol"].as_str().unwrap_or("EURUSD").to_owned(),
            timeframe: data["timeframes"][0]["timeframe"].as_str().unwrap_or("1h").to_owned(),
            number: hasher.finish(),
        }
    }
}

fn said(words: &str) -> Answer {
    Answer { blocks: vec![json!({"type": "text", "text": words})], stop: "end_turn" }
}

fn calls(of: &[(&str, Value)], turn: usize) -> Answer {
    let call = |(at, (name, input)): (usize, &(&str, Value))| json!({"type": "tool_use", "id": format!("toolu_{turn}_{at}"), "name": name, "input": input});
    Answer { blocks: of.iter().enumerate().map(call).collect(), stop: "tool_use" }
}
