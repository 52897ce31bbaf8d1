//! The desk at which a designer sits: answers its calls, and takes one strategy that stands every check. What the model writes
//! is data: it is read by the same reader as any file from outside, and what is kept is the typed form that came out.

use std::borrow::Cow;

use ktrdr_agent::{DesignBrief, lint};
use ktrdr_domain::hypothesis::Idea;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::HypothesisId;
use ktrdr_domain::strategy::indicators::INDICATORS;
use ktrdr_domain::{Finding, Severity, Sha256, Strategy};
use serde_json::{Value, json};

use super::{data, grammar, lessons, tools};
use crate::mask;
use crate::words::harmless;

/// Most bytes of an answer to a call.
const ANSWER_BYTES_MAX: usize = 16 << 10;

/// Findings that one answer lists.
const FINDINGS_MAX: usize = 20;

/// Most characters of a description or a hypothesis.
const PROSE_CHARS_MAX: usize = 1_000;

/// Characters of a name that are the model's; the rest tells designs of one name apart.
const NAME_CHARS_MAX: usize = 40;

/// Ideas of a design that are kept.
const IDEAS_MAX: usize = 4;

/// Where one design is made.
pub(crate) struct Desk<'a> {
    brief: &'a DesignBrief<'a>,
    /// What was tried, as the model is told of it.
    pub(crate) lessons: Cow<'a, [Lesson]>,
    /// The strategy that was taken.
    pub(crate) saved: Option<Strategy>,
    /// What was proposed beside it, made harmless.
    pub(crate) ideas: Vec<Idea>,
    /// The open hypothesis that it tests.
    pub(crate) tests: Option<HypothesisId>,
    /// Strategies that were sent back, and why the last one was.
    pub(crate) sent_back: u32,
    pub(crate) last_fault: String,
    /// Designs that repeat an earlier one.
    pub(crate) repeats: u32,
}

/// What became of a call.
pub(crate) struct Answered {
    pub(crate) content: String,
    pub(crate) is_error: bool,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(brief: &'a DesignBrief<'a>) -> Self {
        let lessons = match brief.masked {
            true => brief.lessons.iter().map(mask::lesson).collect(),
            false => Cow::Borrowed(brief.lessons),
        };
        let (saved, ideas, tests, last_fault) = (None, Vec::new(), None, String::new());
        Self { brief, lessons, saved, ideas, tests, sent_back: 0, last_fault, repeats: 0 }
    }

    /// Whether the model must not learn what market this is.
    pub(crate) fn is_masked(&self) -> bool {
        self.brief.masked
    }

    /// The answer to a call.
    pub(crate) fn call(&mut self, tool: &str, input: &Value) -> Answered {
        let result = match tool {
            "get_available_symbols" => Ok(data::symbols(self.brief)),
            "get_available_indicators" => {
                Ok(json!(INDICATORS.iter().map(grammar::indicator_line).collect::<Vec<_>>()))
            }
            "get_recent_strategies" => Ok(self.recent(input)),
            "get_experiment" => self.experiment(input),
            "validate_strategy" => self.read(input).map(|_| json!({"findings": []})),
            "lint_strategy" => self.read(input).and_then(|strategy| self.lint(&strategy)).map(|f| told(&f)),
            "propose_hypothesis" => Ok(self.propose(input)),
            tools::SAVE => self.save(input),
            other => Err(fault(
                "unknown_tool",
                &format!("there is no tool {:?}", harmless(other, 40)),
                "call one of those that were offered",
            )),
        };
        let (content, is_error) = match result {
            Ok(content) => (content.to_string(), false),
            Err(findings) => (findings.to_string(), true),
        };
        Answered { content: cut(content), is_error }
    }

    fn recent(&self, input: &Value) -> Value {
        let n = input["n"].as_u64().unwrap_or(5).clamp(1, tools::RECENT_MAX) as usize;
        json!(self.lessons.iter().take(n).map(lessons::brief).collect::<Vec<_>>())
    }

    fn experiment(&self, input: &Value) -> Result<Value, Value> {
        let name = input["name"].as_str().unwrap_or_default();
        let found = self.lessons.iter().find(|lesson| lesson.strategy.name.as_str() == name);
        found.map(lessons::whole).ok_or_else(|| {
            fault(
                "unknown_experiment",
                &format!("nothing called {:?} was tried", harmless(name, 64)),
                "use a name from the list of what was tried",
            )
        })
    }

    fn propose(&mut self, input: &Value) -> Value {
        let part = |key: &str| harmless(input[key].as_str().unwrap_or_default(), 300);
        let idea = Idea { text: part("text"), rationale: part("rationale") };
        let noted = self.ideas.len() < IDEAS_MAX && !idea.text.trim().is_empty();
        if noted {
            self.ideas.push(idea);
        }
        json!({"noted": noted})
    }

    /// The strategy that a call carries, as an object or as the text of a file.
    fn read(&self, input: &Value) -> Result<Strategy, Value> {
        let read = match &input["strategy"] {
            Value::String(text) => Strategy::from_yaml(text).map(|read| read.strategy),
            value => Strategy::try_from(with_harmless_prose(value)),
        };
        let mut strategy = read.map_err(|faults| {
            let listed: Vec<Value> = faults.0.iter().take(FINDINGS_MAX).map(|d| {
                json!({"severity": "error", "code": "invalid", "at": d.path, "message": d.message, "fix": d.fix})
            }).collect();
            json!({"findings": listed})
        })?;
        self.check_data(&strategy)?;
        strategy.training_data.symbols = vec![self.brief.symbol.clone()];
        // How dev is split is the platform's choice: only then are designs comparable.
        strategy.training.data_split = self.brief.split;
        strategy.description = strategy.description.map(|text| harmless(&text, PROSE_CHARS_MAX));
        strategy.hypothesis = strategy.hypothesis.map(|text| harmless(&text, PROSE_CHARS_MAX));
        Ok(strategy)
    }

    /// Whether it reads what there is, on the bars that are traded.
    fn check_data(&self, strategy: &Strategy) -> Result<(), Value> {
        let data = &strategy.training_data;
        let there: Vec<String> = self.brief.dev_bars.iter().map(|bars| bars.timeframe.to_string()).collect();
        let base = self.brief.dev_bars.first().map(|bars| bars.timeframe);
        let symbol = mask::symbol(self.brief.symbol, self.brief.masked);
        let (what, fix) = match () {
            () if data.symbols != [symbol.clone()] => {
                ("the strategy is for other symbols".to_owned(), format!("write symbols: [{symbol}]"))
            }
            () if Some(data.base_timeframe) != base => (
                format!("it decides on bars of {}", data.base_timeframe),
                format!("its shortest timeframe must be {}", there.first().map_or("", String::as_str)),
            ),
            () if data.timeframes.iter().any(|t| !there.contains(&t.to_string())) => {
                ("there are no bars of one of its timeframes".to_owned(), format!("use {}", there.join(", ")))
            }
            () if self.brief.masked && mask::set_of_prices(strategy).is_some() => (
                format!(
                    "the fuzzy set {} reads prices, which are hidden",
                    mask::set_of_prices(strategy).unwrap_or_default()
                ),
                "read a relative indicator, or take this one as a raw input with a normalization".to_owned(),
            ),
            () if data.start_date.is_some() || data.end_date.is_some() => (
                "it narrows the development window".to_owned(),
                "leave out start_date and end_date".to_owned(),
            ),
            () => return Ok(()),
        };
        Err(fault("other_data", &what, &fix))
    }

    fn lint(&self, strategy: &Strategy) -> Result<Vec<lint::Finding>, Value> {
        let brief = self.brief;
        lint::lint(strategy, brief.dev_bars, brief.windows, brief.account)
            .map_err(|why| fault("not_checked", &why.to_string(), "this is no fault of the strategy"))
    }

    /// Takes the strategy, or sends it back with every reason.
    fn save(&mut self, input: &Value) -> Result<Value, Value> {
        let checked = self.checked(input);
        match checked {
            Ok((strategy, findings)) => {
                let answer = json!({"saved": strategy.name, "findings": told(&findings)["findings"]});
                self.tests = self.hypothesis(input);
                self.saved = Some(strategy);
                Ok(answer)
            }
            Err(why) => {
                self.sent_back += 1;
                self.last_fault = first_message(&why);
                Err(why)
            }
        }
    }

    /// The open hypothesis of the number that was given.
    fn hypothesis(&self, input: &Value) -> Option<HypothesisId> {
        let place = usize::try_from(input["hypothesis"].as_u64()?.checked_sub(1)?).ok()?;
        let told = self.brief.hypotheses.iter().take(lessons::IDEAS_MAX);
        told.map(|hypothesis| hypothesis.id.clone()).nth(place)
    }

    fn checked(&mut self, input: &Value) -> Result<(Strategy, Vec<lint::Finding>), Value> {
        let strategy = self.read(input)?;
        let findings = self.lint(&strategy)?;
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(told(&findings));
        }
        let content = strategy.content_sha256();
        let is_it = |lesson: &Lesson| lesson.strategy.content_sha256() == content;
        let repeated = self.brief.lessons.iter().zip(self.lessons.iter()).find(|(real, _)| is_it(real));
        if let Some((_, earlier)) = repeated {
            self.repeats += 1;
            let what = format!("it is {} again, which was tried", earlier.strategy.name);
            return Err(fault(
                "repetition",
                &what,
                "read something else; another name does not make it another design",
            ));
        }
        let strategy =
            named(strategy, &content).map_err(|what| fault("invalid", &what, "choose another name"))?;
        // What is kept is what a reader of its file will read.
        strategy.check().map_err(|faults| fault("invalid", &faults.to_string(), "write it more simply"))?;
        Ok((strategy, findings))
    }
}

/// The strategy under a name that no other design has, whatever the model calls it: no file of anybody is written over.
fn named(mut strategy: Strategy, content: &Sha256) -> Result<Strategy, String> {
    let own: String = strategy.name.as_str().chars().take(NAME_CHARS_MAX).collect();
    strategy.name = format!("ai_{own}_{}", content.short()).parse().map_err(|e| format!("{e}"))?;
    Ok(strategy)
}

/// The same without escapes in its words, which would make the reader refuse it for no fault of the design.
fn with_harmless_prose(value: &Value) -> Value {
    let mut value = value.clone();
    for key in ["description", "hypothesis"] {
        if let Some(Value::String(text)) = value.get_mut(key) {
            *text = harmless(text, PROSE_CHARS_MAX);
        }
    }
    value
}

/// One thing that is wrong, in the form of the findings.
fn fault(code: &str, message: &str, fix: &str) -> Value {
    json!({"findings": [{"severity": "error", "code": code, "message": message, "fix": fix}]})
}

/// The findings as the model reads them.
fn told(findings: &[Finding<&'static str>]) -> Value {
    json!({"findings": findings.iter().take(FINDINGS_MAX).collect::<Vec<_>>()})
}

fn first_message(findings: &Value) -> String {
    let first = &findings["findings"][0];
    let place = first["at"].as_str().map(|at| format!("{at}: ")).unwrap_or_default();
    harmless(&format!("{place}{}", first["message"].as_str().unwrap_or_default()), 200)
}

fn cut(mut content: String) -> String {
    if content.len() > ANSWER_BYTES_MAX {
        let end = (0..=ANSWER_BYTES_MAX).rev().find(|at| content.is_char_boundary(*at)).unwrap_or(0);
        content.truncate(end);
        content.push_str(" … cut");
    }
    content
}
