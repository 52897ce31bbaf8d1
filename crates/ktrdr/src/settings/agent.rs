//! `[agent]`: which language model designs and assesses, and how it is worked with. Its server and its keys are read from the
//! environment alone: a workspace's file may come from anybody, and would send the key wherever it says.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use ktrdr_claude::{ApiKey, Effort, Given, Recording};
use ktrdr_domain::hypothesis::{Answer, ApprovalTerms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{human, secret, text};

/// How soon a batch may be looked at again: a server that is asked oftener refuses.
const BATCH_WAIT_MIN: Duration = Duration::from_millis(100);

/// How late it may be looked at again: answers are to be used the same day.
const BATCH_WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// `[agent]`
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AgentSettings {
    /// The model that `claude` stands for.
    pub(crate) model: String,
    /// How hard it thinks: low, medium or high.
    #[schemars(with = "String")]
    pub(crate) effort: Effort,
    /// Most tokens of one answer, thinking included.
    pub(crate) output_tokens_max: u64,
    /// Strategies that are sent back before a design fails.
    pub(crate) repairs_max: u32,
    /// Turns of a design.
    pub(crate) turns_max: u32,
    /// The shortest wait before a batch is looked at again.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) batch_wait: Duration,
    /// What waits for a person's word before designers are told of it: none, or hypotheses.
    pub(crate) approval: ApprovalOf,
    /// How long such a word is waited for.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) approval_within: Duration,
    /// What holds without one: approve or reject.
    pub(crate) approval_default: Answer,
    /// What is done with recorded replies: off, reuse or replay.
    #[schemars(with = "String")]
    pub(crate) replies: Recording,
    /// A table of models, prices and limits in place of the built-in one, relative to the workspace.
    pub(crate) models_file: Option<PathBuf>,
}

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApprovalOf {
    /// Nothing: hypotheses are open at once.
    None,
    /// Each hypothesis.
    Hypotheses,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            model: "claude-sonnet-5-5".to_owned(),
            effort: Effort::default(),
            output_tokens_max: 8_000,
            repairs_max: 3,
            turns_max: 10,
            batch_wait: Duration::from_secs(30),
            approval: ApprovalOf::None,
            approval_within: Duration::from_secs(24 * 3_600),
            approval_default: Answer::Reject,
            replies: Recording::default(),
            models_file: None,
        }
    }
}

impl AgentSettings {
    /// How hypotheses are approved; `None` where nobody is asked.
    pub(crate) fn approval(&self) -> Option<ApprovalTerms> {
        let (within_s, default) = (self.approval_within.as_secs(), self.approval_default);
        (self.approval == ApprovalOf::Hypotheses).then_some(ApprovalTerms { within_s, default })
    }

    /// Relations between numbers that are each fine alone.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(1_000..=128_000).contains(&self.output_tokens_max) {
            return Err("agent.output_tokens_max must be from 1000 to 128000".to_owned());
        }
        if self.repairs_max > 20 || !(2..=40).contains(&self.turns_max) {
            return Err("agent.repairs_max must be at most 20, agent.turns_max from 2 to 40".to_owned());
        }
        if !(BATCH_WAIT_MIN..=BATCH_WAIT_MAX).contains(&self.batch_wait) {
            return Err("agent.batch_wait must be from 100ms to 15m".to_owned());
        }
        let (least, most) = (Duration::from_secs(60), Duration::from_secs(90 * 86_400));
        if !(least..=most).contains(&self.approval_within) {
            return Err("agent.approval_within must be from 1m to 90days".to_owned());
        }
        Ok(())
    }
}

/// The server and its key, or why they can not be used: nothing else is kept from working by that.
#[derive(Debug, Clone)]
pub(crate) struct AgentAccess(pub(crate) Result<Given, String>);

impl Default for AgentAccess {
    fn default() -> Self {
        Self(Ok(Given::default()))
    }
}

impl AgentAccess {
    /// As the environment says.
    pub(crate) fn from_env() -> Self {
        Self::of(|name| std::env::var_os(name))
    }

    fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let word = |name: &str| -> Result<Option<String>, String> {
            let value = variable(name).map(|value| text(name, &value)).transpose();
            Ok(value.map_err(|e| e.message)?.filter(|value| !value.trim().is_empty()))
        };
        let key = |name: &str| -> Result<Option<ApiKey>, String> {
            let file = format!("{name}_FILE");
            let key = match (word(name)?, word(&file)?) {
                (Some(key), _) => key,
                (None, Some(path)) => {
                    let read = secret::from_file(path.as_ref()).map_err(|why| format!("{file}: {why}"))?;
                    read.expose().to_owned()
                }
                (None, None) => return Ok(None),
            };
            ApiKey::new(&key).map(Some).map_err(|why| format!("{name}: {why}"))
        };
        let given = || {
            let base_url = word("KTRDR_AGENT__BASE_URL")?;
            // The one that is not asked for may be as odd as it likes.
            let (vendor_key, own_key) = match base_url {
                None => (key("ANTHROPIC_API_KEY")?, None),
                Some(_) => (key("ANTHROPIC_API_KEY").unwrap_or(None), key("KTRDR_AGENT__API_KEY")?),
            };
            Ok(Given { base_url, vendor_key, own_key })
        };
        Self(given())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(variables: &[(&str, &str)]) -> Result<Given, String> {
        let found =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value));
        AgentAccess::of(found).0
    }

    #[test]
    fn keys_come_from_variables_or_files_and_are_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "canary-file\n").unwrap();
        let given = access(&[("ANTHROPIC_API_KEY_FILE", file.to_str().unwrap())]).unwrap();
        assert_eq!(given.vendor_key, Some(ApiKey::new("canary-file").unwrap()));
        let both = [("KTRDR_AGENT__BASE_URL", "https://h"), ("KTRDR_AGENT__API_KEY", "canary-own")];
        assert_eq!(access(&both).unwrap().own_key, Some(ApiKey::new("canary-own").unwrap()));
        assert!(!format!("{:?}", access(&both)).contains("canary"));
        let missing = access(&[("ANTHROPIC_API_KEY_FILE", "/nowhere/key")]).unwrap_err();
        assert!(missing.contains("ANTHROPIC_API_KEY_FILE"), "{missing}");
        let odd = access(&[("ANTHROPIC_API_KEY", "canary key")]).unwrap_err();
        assert!(odd.contains("ANTHROPIC_API_KEY") && !odd.contains("canary"), "{odd}");
        assert_eq!(access(&[]).unwrap().vendor_key, None);
    }
}
