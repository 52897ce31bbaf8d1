//! `ktrdr ledger …`: what was tried, and what was learnt.

use std::process::ExitCode;

use ktrdr_domain::closing::{Closing, DiscoveryTest};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::number::Figure;
use ktrdr_domain::trial::Trial;

use super::Context;
use crate::cli::research::{LedgerArguments, LedgerVerb};
use crate::closing::probability;
use crate::exit::CliError;
use crate::screen::table;

pub(crate) fn run(context: &Context<'_>, arguments: &LedgerArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let desk = context.desk().await?;
        let app = desk.app();
        match &arguments.verb {
            LedgerVerb::Trials { campaign } => {
                let trials = app.trials(campaign.as_ref()).await?;
                context.screen.list("trials", &trials, |screen| {
                    screen.line(table(
                        &[
                            "CAMPAIGN",
                            "SUBJECT",
                            "DATA",
                            "WINDOWS",
                            "BY",
                            "SHARPE/DAY",
                            "DAYS",
                            "MODEL",
                            "CUTOFF",
                            "BEFORE",
                            "AFTER",
                        ],
                        &trial_rows(&trials),
                    ));
                })?;
            }
            LedgerVerb::Closings { campaign } => {
                let closings = app.closings(campaign.as_ref()).await?;
                context.screen.list("closings", &closings, |screen| {
                    screen.line(table(&CLOSINGS, &closing_rows(&closings)));
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
        .into_iter()
        .chain(of_author(t))
        .collect()
    };
    trials.iter().map(row).collect()
}

/// Which model wrote what was tried, until when it may know anything, and what was shown on each side of that.
fn of_author(trial: &Trial) -> [String; 4] {
    let dash = || "–".to_owned();
    let Some(author) = &trial.look.author else { return [dash(), dash(), dash(), dash()] };
    let masked = if author.masked { " (masked)" } else { "" };
    let apart = trial.conclusion.as_ref().and_then(|conclusion| conclusion.apart);
    let side = |sharpe: Option<f64>, days: u64| match sharpe {
        Some(sharpe) => format!("{:.4} of {days} days", Figure(sharpe)),
        None => dash(),
    };
    let [before, after] = match apart {
        Some(a) => [side(a.before, a.days_before), side(a.after, a.days_after)],
        None => [dash(), dash()],
    };
    [format!("{}{masked}", author.model), author.training_cutoff.to_string(), before, after]
}

/// Lessons as a list.
pub(crate) fn show_lessons(context: &Context<'_>, lessons: &[Lesson]) -> Result<(), CliError> {
    context.screen.list("lessons", lessons, |screen| {
        if lessons.is_empty() {
            screen.line("no lessons yet: a research cycle leaves one");
            return;
        }
        let head = ["CYCLE", "CAMPAIGN", "STRATEGY", "REACHED", "STOPPED BY", "KNOWN UNTIL"];
        screen.line(table(&head, &lesson_rows(lessons)));
    })
}

const CLOSINGS: [&str; 11] = [
    "CAMPAIGN",
    "CLOSED",
    "CANDIDATES",
    "ACCEPTED",
    "SYMBOL",
    "GATE WINDOW",
    "TEST",
    "P",
    "LEVEL",
    "ALPHA LEFT",
    "NEXT LEVEL",
];

/// A row for each test, and one for a closing without any.
fn closing_rows(closings: &[Closing]) -> Vec<Vec<String>> {
    let row = |closing: &Closing, test: Option<&DiscoveryTest>| {
        let figures = test.map_or_else(|| vec!["–".into(); 7], test_cells);
        let counts = [closing.verdicts.len() as u64, closing.accepted()].map(|n| n.to_string());
        let closed = [closing.campaign.to_string(), closing.closed_at.to_string()];
        [&closed[..], &counts, &figures].concat()
    };
    let rows = |closing: &Closing| match closing {
        Closing { tests, .. } if tests.is_empty() => vec![row(closing, None)],
        Closing { tests, .. } => tests.iter().map(|test| row(closing, Some(test))).collect::<Vec<_>>(),
    };
    closings.iter().flat_map(rows).collect()
}

fn test_cells(test: &DiscoveryTest) -> Vec<String> {
    let figures = [test.p_value, test.level, test.alpha_left, test.next_level].map(probability);
    let which = [test.sequence.symbol.to_string(), test.sequence.gate.to_string(), test.number.to_string()];
    [&which[..], &figures].concat()
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
