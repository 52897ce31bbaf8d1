//! Models of the Messages API: what they cost and what they can. Data, with its date and its source; a file of the same form
//! replaces it. Money is counted in whole micro-dollars, rounded up once for each call.

use serde::{Deserialize, Serialize};

use crate::purse::Cost;

/// The table that comes with the program.
const BUILT_IN: &str = include_str!("models.toml");

/// Prices are kept in pico-dollars per token, so that a share of the smallest price is still a whole number.
const PICO_OF_DOLLAR_PER_MILLION: f64 = 1e6;

/// Pico-dollars in a micro-dollar.
const PICO_IN_MICRO: u128 = 1_000_000;

/// Tokens that the vendor adds to a prompt with tools, and then some.
const ADDED_TOKENS: u64 = 1_000;

/// The models that may be asked, and when their prices were looked up.
#[derive(Debug, Clone)]
pub struct Models {
    /// The day the prices were looked up.
    pub as_of: String,
    /// Where.
    pub source: String,
    models: Vec<Model>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name in a request.
    pub id: String,
    /// Most tokens of a prompt.
    pub context: u64,
    /// Most tokens of an answer, thinking included.
    pub output_max: u64,
    /// The month its knowledge of the world ends: results on later data are no memory of it.
    pub training_cutoff: String,
    /// Whether it can be told how hard to think.
    pub takes_effort: bool,
    price: Price,
    /// Prompts over so many tokens have a price of their own.
    long_prompt: Option<(u64, Price)>,
    batch: Price,
    long_batch: Option<Price>,
}

/// Pico-dollars per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Price {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write_5m: u64,
    cache_write_1h: u64,
}

/// Tokens of one call, as the vendor counted them. What was read from and written into its cache is not among `input`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Read anew.
    pub input: u64,
    /// Written, thinking included.
    pub output: u64,
    /// Read from the cache.
    pub cache_read: u64,
    /// Read, and kept in the cache for five minutes.
    pub cache_write_5m: u64,
    /// Read, and kept in the cache for an hour.
    pub cache_write_1h: u64,
}

impl Usage {
    /// Tokens of the prompt, wherever they came from.
    #[must_use]
    pub fn prompt(&self) -> u64 {
        [self.input, self.cache_read, self.cache_write_5m, self.cache_write_1h]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.input = self.input.saturating_add(more.input);
        self.output = self.output.saturating_add(more.output);
        self.cache_read = self.cache_read.saturating_add(more.cache_read);
        self.cache_write_5m = self.cache_write_5m.saturating_add(more.cache_write_5m);
        self.cache_write_1h = self.cache_write_1h.saturating_add(more.cache_write_1h);
    }
}

/// How a call is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Answered while somebody waits.
    #[default]
    Direct,
    /// Answered within a day, at a lower price.
    Batch,
}

impl Lane {
    /// The one that a specification asks for.
    #[must_use]
    pub fn of(batch: bool) -> Self {
        if batch { Self::Batch } else { Self::Direct }
    }
}

/// A table of models that can not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the table of models: {0}")]
pub struct BadModels(String);

/// A model without a price: nothing is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no price is known of the model {id:?} (prices as of {as_of}); there is {}: choose one with --model or agent.model, or \
     name a table of your own with KTRDR_AGENT__MODELS_FILE",
    .known.join(", ")
)]
pub struct UnknownModel {
    /// What was asked for, harmless to print.
    pub id: String,
    /// When prices were looked up.
    pub as_of: String,
    /// What there is.
    pub known: Vec<String>,
}

impl Models {
    /// The table that comes with the program.
    ///
    /// # Errors
    /// Never: a test reads it.
    pub fn built_in() -> Result<Self, BadModels> {
        Self::read(BUILT_IN)
    }

    /// A table as text.
    ///
    /// # Errors
    /// When it has another form, an impossible price, or two models of one name.
    pub fn read(text: &str) -> Result<Self, BadModels> {
        let file: ModelsFile = toml::from_str(text).map_err(|e| BadModels(e.to_string()))?;
        let factors = [file.cache_write.five_minutes, file.cache_write.one_hour, file.batch.share];
        let models = file.model.iter().map(|entry| entry.model(factors)).collect::<Result<Vec<_>, _>>()?;
        for (at, model) in models.iter().enumerate() {
            if models[..at].iter().any(|earlier| earlier.id == model.id) {
                return Err(BadModels(format!("{} stands there twice", model.id)));
            }
        }
        if models.is_empty() {
            return Err(BadModels("it has no model".to_owned()));
        }
        Ok(Self { as_of: file.as_of, source: file.source, models })
    }

    /// The model of that name.
    ///
    /// # Errors
    /// When it has no price here.
    pub fn get(&self, id: &str) -> Result<&Model, UnknownModel> {
        self.models.iter().find(|model| model.id == id).ok_or_else(|| UnknownModel {
            id: id.chars().take(80).collect(),
            as_of: self.as_of.clone(),
            known: self.models.iter().map(|model| model.id.clone()).collect(),
        })
    }

    /// Every model.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        self.models.iter()
    }
}

impl Model {
    /// What a call cost.
    #[must_use]
    pub fn cost(&self, usage: &Usage, lane: Lane) -> Cost {
        let price = self.price(usage.prompt(), lane);
        let pico: u128 = [
            (usage.input, price.input),
            (usage.output, price.output),
            (usage.cache_read, price.cache_read),
            (usage.cache_write_5m, price.cache_write_5m),
            (usage.cache_write_1h, price.cache_write_1h),
        ]
        .into_iter()
        .map(|(tokens, price)| u128::from(tokens) * u128::from(price))
        .sum();
        Cost {
            micro_dollars: u64::try_from(pico.div_ceil(PICO_IN_MICRO)).unwrap_or(u64::MAX),
            tokens: usage.prompt().saturating_add(usage.output),
        }
    }

    /// The most that a call can cost: a token is at least one byte of the request, and all of them are written into the cache
    /// for as long as `cached_for_an_hour` says, at the dearest price that the length allows.
    #[must_use]
    pub fn worst_case(
        &self,
        request_bytes: u64,
        output_max: u64,
        cached_for_an_hour: bool,
        lane: Lane,
    ) -> Cost {
        let prompt = request_bytes.saturating_add(ADDED_TOKENS).min(self.context);
        let written = if cached_for_an_hour {
            Usage { cache_write_1h: prompt, ..Usage::default() }
        } else {
            Usage { cache_write_5m: prompt, ..Usage::default() }
        };
        self.cost(&Usage { output: output_max.min(self.output_max), ..written }, lane)
    }

    fn price(&self, prompt: u64, lane: Lane) -> Price {
        let long = self.long_prompt.filter(|(over, _)| prompt > *over).map(|(_, price)| price);
        match lane {
            Lane::Direct => long.unwrap_or(self.price),
            Lane::Batch => long.and(self.long_batch).unwrap_or(self.batch),
        }
    }
}

impl Price {
    fn times(self, factor: f64) -> Self {
        let times = |price: u64| (price as f64 * factor).round() as u64;
        Self {
            input: times(self.input),
            output: times(self.output),
            cache_read: times(self.cache_read),
            cache_write_5m: times(self.cache_write_5m),
            cache_write_1h: times(self.cache_write_1h),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelsFile {
    as_of: String,
    source: String,
    cache_write: CacheWrite,
    batch: Batch,
    model: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CacheWrite {
    five_minutes: f64,
    one_hour: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    share: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    input: f64,
    output: f64,
    cache_read: f64,
    context: u64,
    output_max: u64,
    training_cutoff: String,
    effort: bool,
    long_prompt: Option<LongPrompt>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LongPrompt {
    over: u64,
    factor: f64,
}

impl Entry {
    fn model(&self, [five_minutes, one_hour, batch]: [f64; 3]) -> Result<Model, BadModels> {
        let long_factor = self.long_prompt.as_ref().map_or(1.0, |long| long.factor);
        let numbers = [self.input, self.output, self.cache_read, five_minutes, one_hour, batch, long_factor];
        if !numbers.iter().all(|x| x.is_finite() && (0.0..=1e4).contains(x)) {
            return Err(BadModels(format!("{}: a price or a factor is out of range (0 to 10000)", self.id)));
        }
        let word = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/@".contains(&b);
        if self.id.is_empty() || self.id.len() > 100 || !self.id.bytes().all(word) {
            return Err(BadModels("the id of a model is 1 to 100 letters, digits or -_.:/@".to_owned()));
        }
        if self.context == 0 || self.output_max == 0 {
            return Err(BadModels(format!("{}: context and output_max are at least 1", self.id)));
        }
        let pico = |dollars: f64| (dollars * PICO_OF_DOLLAR_PER_MILLION).round() as u64;
        let price = Price {
            input: pico(self.input),
            output: pico(self.output),
            cache_read: pico(self.input * self.cache_read),
            cache_write_5m: pico(self.input * five_minutes),
            cache_write_1h: pico(self.input * one_hour),
        };
        let long_prompt = self.long_prompt.as_ref().map(|long| (long.over, price.times(long.factor)));
        Ok(Model {
            id: self.id.clone(),
            context: self.context,
            output_max: self.output_max,
            training_cutoff: self.training_cutoff.clone(),
            takes_effort: self.effort,
            price,
            batch: price.times(batch),
            long_batch: long_prompt.map(|(_, price)| price.times(batch)),
            long_prompt,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str) -> Model {
        Models::built_in().unwrap().get(id).unwrap().clone()
    }

    #[test]
    fn a_call_costs_what_the_published_prices_say() {
        let usage = Usage { input: 3_000, output: 4_000, cache_read: 10_000, ..Usage::default() };
        let cost = |id: &str, lane| model(id).cost(&usage, lane).micro_dollars;
        // 3 000 × $2 + 4 000 × $10 + 10 000 × $0.10, per million.
        assert_eq!(cost("claude-sonnet-5-5", Lane::Direct), 47_000);
        assert_eq!(cost("claude-sonnet-5-5", Lane::Batch), 23_500);
        assert_eq!(cost("claude-haiku-5-5", Lane::Direct), 2_400);
        let written = Usage { cache_write_5m: 1_000, cache_write_1h: 1_000, ..Usage::default() };
        assert_eq!(model("claude-opus-5-5").cost(&written, Lane::Direct).micro_dollars, 5_000 + 8_000);
    }

    #[test]
    fn a_long_prompt_costs_more_from_its_first_token_and_a_fraction_is_rounded_up_once() {
        let haiku = model("claude-haiku-5-5");
        let prompt = |input| Usage { input, output: 100, ..Usage::default() };
        assert_eq!(haiku.cost(&prompt(100_000), Lane::Direct).micro_dollars, 10_050);
        assert_eq!(haiku.cost(&prompt(100_001), Lane::Direct).micro_dollars, 50_251);
        let one = Usage { cache_read: 1, ..Usage::default() };
        assert_eq!(haiku.cost(&one, Lane::Direct).micro_dollars, 1);
    }

    #[test]
    fn no_call_costs_more_than_its_worst_case() {
        for model in Models::built_in().unwrap().iter() {
            for (bytes, output) in [(1, 1), (50_000, 8_000), (150_000, 200_000)] {
                let worst = model.worst_case(bytes, output, false, Lane::Direct);
                for split in [0, bytes / 2, bytes] {
                    let usage = Usage {
                        input: bytes - split,
                        cache_write_5m: split,
                        output: output.min(model.output_max),
                        ..Usage::default()
                    };
                    assert!(model.cost(&usage, Lane::Direct).micro_dollars <= worst.micro_dollars);
                }
            }
        }
    }

    #[test]
    fn a_model_without_a_price_is_refused_with_those_that_have_one() {
        let unknown = Models::built_in().unwrap().get("gpt-9").unwrap_err().to_string();
        assert!(unknown.contains("\"gpt-9\"") && unknown.contains("claude-haiku-5-5"), "{unknown}");
        assert!(unknown.contains("2026-11-28"), "{unknown}");
    }

    #[test]
    fn a_table_with_an_impossible_price_a_typo_or_a_name_twice_is_refused() {
        let cases = [
            ("input = 4.0", "input = -4.0", "out of range"),
            ("input = 4.0", "input = nan", "out of range"),
            ("output = 20.0", "outptu = 20.0", "outptu"),
            ("claude-sonnet-5-5", "claude-opus-5-5", "twice"),
            ("claude-opus-5-5", "a b", "letters"),
        ];
        for (from, to, says) in cases {
            let text = BUILT_IN.replacen(from, to, 1);
            let refused = Models::read(&text).unwrap_err().to_string();
            assert!(refused.contains(says), "{to}: {refused}");
        }
    }
}
