//! `ktrdr agent approvals …` and `ktrdr memory hypotheses`: ideas, and a person's word on them.

use std::process::ExitCode;

use ktrdr_app::hypotheses::{DecisionRequest, StandingHypothesis};
use ktrdr_domain::hypothesis::{Answer, Approval, Considered};

use super::Context;
use crate::cli::agent::ApprovalVerb;
use crate::describe::brief;
use crate::exit::CliError;
use crate::screen::table;

/// Most characters of an idea in a line.
const IDEA_CHARACTERS: usize = 80;

pub(crate) async fn run(context: &Context<'_>, verb: &ApprovalVerb) -> Result<ExitCode, CliError> {
    let desk = context.desk().await?;
    let app = desk.app();
    let decide = async |request: DecisionRequest| -> Result<(), CliError> {
        let standing = app.decide(&request).await?;
        let id = &standing.considered.hypothesis.id;
        context.screen.answer(&standing, |screen| screen.line(format!("{id} is {}", standing.status)))
    };
    match verb {
        ApprovalVerb::List => show(context, &app.approvals().await?, "no idea waits for a word")?,
        ApprovalVerb::Approve(typed) => decide(typed.request(Answer::Approve)).await?,
        ApprovalVerb::Reject(typed) => decide(typed.request(Answer::Reject)).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Hypotheses as a list; in text, `none` says that there is nothing to list.
pub(crate) fn show(
    context: &Context<'_>,
    standing: &[StandingHypothesis],
    none: &str,
) -> Result<(), CliError> {
    context.screen.list("hypotheses", standing, |screen| {
        if standing.is_empty() {
            screen.line(none);
            return;
        }
        let rows: Vec<Vec<String>> = standing.iter().map(row).collect();
        screen.line(table(&["ID", "STATUS", "DATA", "BY", "IDEA", "WHAT HOLDS, OR BECAME OF IT"], &rows));
    })
}

fn row(standing: &StandingHypothesis) -> Vec<String> {
    let Considered { hypothesis, decision, test } = &standing.considered;
    let became = match (test, decision, hypothesis.approval) {
        (Some(test), ..) => format!(
            "tested by {}: {}",
            test.cycle,
            test.stopped_by.as_deref().unwrap_or("nothing stopped it")
        ),
        (None, Some(decision), _) => format!("{} by {}: {}", standing.status, decision.by, decision.reason),
        (None, None, Some(Approval { deadline, default })) => {
            format!("{} on {deadline} without an answer", word(default))
        }
        (None, None, None) => String::new(),
    };
    vec![
        hypothesis.id.to_string(),
        standing.status.to_string(),
        format!("{} {}", hypothesis.symbol, hypothesis.timeframe),
        hypothesis.proposed_by.clone(),
        brief(&hypothesis.idea.text, IDEA_CHARACTERS),
        brief(&became, IDEA_CHARACTERS),
    ]
}

fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Approve => "approved",
        Answer::Reject => "rejected",
    }
}
