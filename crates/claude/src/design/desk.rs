//! The desk at which a designer sits: answers its calls, and takes one strategy that stands every check.

use std::borrow::Cow;

use ktrdr_agent::{DesignBrief, lint};
use ktrdr_domain::hypothesis::Idea;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::HypothesisId;
use ktrdr_domain::strategy::indicators::INDICATORS;
use ktrdr_domain::{Severity, Strategy};
use serde_json::{Value, json};

use super::findings::{fault, first_message, told};
use super::{data, grammar, lessons, tools, written};
use crate::mask;
use crate::words::harmless;

/// Most bytes of an answer to a call.
const ANSWER_BYTES_MAX: usize = 16 << 10;

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
            "validate_strategy" => written::read(self.brief, input).map(|_| json!({"findings": []})),
            "lint_strategy" => {
                written::read(self.brief, input).and_then(|strategy| self.lint(&strategy)).map(|f| told(&f))
            }
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
        let strategy = written::read(self.brief, input)?;
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
        let strategy = written::named(strategy, &content)
            .map_err(|what| fault("invalid", &what, "choose another name"))?;
        // What is kept is what a reader of its file will read.
        strategy.check().map_err(|faults| fault("invalid", &faults.to_string(), "write it more simply"))?;
        Ok((strategy, findings))
    }
}

fn cut(mut content: String) -> String {
    if content.len() > ANSWER_BYTES_MAX {
        let end = (0..=ANSWER_BYTES_MAX).rev().find(|at| content.is_char_boundary(*at)).unwrap_or(0);
        content.truncate(end);
        content.push_str(" … cut");
    }
    content
}
