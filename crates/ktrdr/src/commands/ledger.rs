//! `ktrdr ledger …`: what was tried, and what was learnt.

use std::process::ExitCode;

use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::number::Figure;
use ktrdr_domain::trial::Trial;

use super::Context;
use crate::cli::research::{LedgerArguments, LedgerVerb};
use crate::exit::CliError;
use crate::screen::table;

pub(crate) fn run(context: &Context<'_>, arguments: &LedgerArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let app = context.open_beside().await?.app;
        match &arguments.verb {
            LedgerVerb::Trials { campaign } => {
                let trials = app.trials(campaign.as_ref()).await?;
                context.screen.list("trials", &trials, |screen| {
                    screen.line(table(
                        &["CAMPAIGN", "SUBJECT", "DATA", "WINDOWS", "BY", "SHARPE/DAY", "DAYS"],
                        &trial_rows(&trials),
                    ));
                })?;
            }
            LedgerVerb::Lessons { campaign } => {
                let lessons = app.lessons(campaign.as_ref(), u32::MAX).await?;
                show_lessons(context, &lessons)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn trial_rows(trials: &[Trial]) -> Vec<Vec<String>> {
    let row = |t: &Trial| {
        let windows: Vec<String> = t.look.windows.iter().map(ToString::to_string).collect();
        vec![
            t.look.campaign.to_string(),
            t.look.subject.clone(),
            format!("{} {}", t.look.symbol, t.look.timeframe),
            windows.join("+"),
            format!("{:?}", t.look.origin).to_lowercase(),
            t.sharpe_daily().map_or_else(|| "–".into(), |s| format!("{:.4}", Figure(s))),
            t.conclusion.as_ref().map_or_else(|| "not concluded".into(), |c| c.days.to_string()),
        ]
    };
    trials.iter().map(row).collect()
}

/// Lessons as a list.
pub(crate) fn show_lessons(context: &Context<'_>, lessons: &[Lesson]) -> Result<(), CliError> {
    context.screen.list("lessons", lessons, |screen| {
        let head = ["CYCLE", "CAMPAIGN", "STRATEGY", "REACHED", "STOPPED BY", "KNOWN UNTIL"];
        screen.line(table(&head, &lesson_rows(lessons)));
    })
}

fn lesson_rows(lessons: &[Lesson]) -> Vec<Vec<String>> {
    let row = |l: &Lesson| {
        vec![
            l.cycle.to_string(),
            l.campaign.to_string(),
            l.strategy.name.to_string(),
            format!("{:?}", l.reached).to_lowercase(),
            l.stopped_by.clone().unwrap_or_else(|| "–".into()),
            l.known_until.to_string(),
        ]
    };
    lessons.iter().map(row).collect()
}
