//! `ktrdr memory …`: what research learnt.

use std::path::Path;
use std::process::ExitCode;

use ktrdr_app::UseCases;
use ktrdr_app::hypotheses::HypothesesRequest;
use ktrdr_app::memory::{RecallRequest, Recollection};
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::number;
use ktrdr_fabric::local::whole;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Context, approvals, ledger};
use crate::cli::memory::{MemoryArguments, MemoryVerb};
use crate::describe::counted;
use crate::exit::{CliError, Kind, OrExit};

pub(crate) fn run(context: &Context<'_>, arguments: &MemoryArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        let desk = context.desk().await?;
        let app = desk.app();
        match &arguments.verb {
            MemoryVerb::List { campaign, limit } => {
                ledger::show_lessons(context, &app.lessons(campaign.as_ref(), *limit).await?)?;
            }
            MemoryVerb::Show { cycle } => show(context, &app.lesson(cycle).await?)?,
            MemoryVerb::Search(wanted) => search(context, app, &wanted.into()).await?,
            MemoryVerb::Hypotheses { campaign } => {
                let request = HypothesesRequest { campaign: campaign.clone(), status: None };
                approvals::show(context, &app.hypotheses(&request).await?, "no ideas yet")?;
            }
            MemoryVerb::Export { campaign, to } => {
                export(context, app, campaign.as_ref(), to.as_deref()).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn show(context: &Context<'_>, lesson: &Lesson) -> Result<(), CliError> {
    context.screen.answer(lesson, |screen| {
        let stopped = lesson.stopped_by.as_deref().unwrap_or("nothing");
        let reached = format!("{:?}", lesson.reached).to_lowercase();
        screen.line(format!(
            "{} of campaign {}: {reached}, stopped by {stopped}",
            lesson.cycle, lesson.campaign
        ));
        screen.line(format!("depends on data until {}", lesson.known_until));
        screen.raw(&lesson.strategy.to_yaml());
    })
}

async fn search(context: &Context<'_>, app: &dyn UseCases, wanted: &RecallRequest) -> Result<(), CliError> {
    let answer = app.recall(wanted).await?;
    context.screen.answer(&answer, |screen| {
        let Recollection { recall, hypotheses } = &answer;
        for idea in hypotheses {
            screen.line(format!("{} (untested, {}, known until {})", idea.id, idea.symbol, idea.known_until));
            screen.line(format!("    {}", idea.text));
        }
        for item in &recall.items {
            let why = serde_json::to_value(item.why).unwrap_or_default();
            let why = why.as_str().unwrap_or_default().replace('_', " ");
            screen
                .line(format!("{} ({why}, known until {}, {})", item.strategy, item.known_until, item.cycle));
            screen.line(format!("    {}", item.says));
        }
        let shown = recall.items.len() as u64;
        screen.note(format!(
            "{shown} of {} · about {} tokens",
            counted(recall.of as u64, "lesson"),
            recall.tokens
        ));
    })
}

/// A file of lessons that was written.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ExportedLessons {
    /// Where.
    written_to: String,
    /// How many it has.
    lessons: usize,
}

async fn export(
    context: &Context<'_>,
    app: &dyn UseCases,
    campaign: Option<&CampaignName>,
    to: Option<&Path>,
) -> Result<(), CliError> {
    let lessons = app.lessons(campaign, u32::MAX).await?;
    let mut lines = Vec::new();
    for lesson in &lessons {
        lines.extend(number::json(lesson).or_exit(Kind::InvalidInput)?);
        lines.push(b'\n');
    }
    let Some(path) = to else {
        context.screen.raw(&String::from_utf8_lossy(&lines));
        return Ok(());
    };
    whole::create(path, &lines)
        .map_err(|e| CliError::new(Kind::Files, format!("{}: {e}", path.display())))?;
    let document = ExportedLessons { written_to: path.display().to_string(), lessons: lessons.len() };
    context.screen.answer(&document, |screen| {
        screen.line(format!("wrote {} to {}", counted(lessons.len() as u64, "lesson"), path.display()));
    })
}
