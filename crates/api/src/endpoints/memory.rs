//! Memory: what research learnt.

use ktrdr_app::hypotheses::{HypothesesRequest, StandingHypothesis};
use ktrdr_app::memory::{RecallRequest, Recollection};
use ktrdr_domain::hypothesis::HypothesisStatus;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::name::CampaignName;
use serde::Deserialize;

use super::ledger::OfCampaign;
use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::page::{self, Cut, Page, told_list};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/memory/lessons", "list_lessons", lessons)
            .says("What research remembers, newest first.")
            .query(&[
                ("campaign", "Only of this campaign."),
                ("limit", "Entries of this part, 1 to 1000; 50 by default."),
                ("cursor", "What the part before answered as `next`."),
            ]),
        Endpoint::get("/memory/lessons/{cycle}", "get_lesson", lesson)
            .says("What was learnt from one cycle."),
        Endpoint::get("/memory/hypotheses", "list_hypotheses", hypotheses)
            .says("Ideas that came up, with what became of them, newest first.")
            .query(&[
                ("campaign", "Only of this campaign."),
                ("status", "Only those that stand there, such as `open`."),
                ("limit", "Entries of this part, 1 to 1000; 50 by default."),
                ("cursor", "What the part before answered as `next`."),
            ]),
        Endpoint::get("/memory/recall", "recall_lessons", recall)
            .says("The lessons most worth knowing now, ranked and short.")
            .query(&[
                ("campaign", "Only lessons of this campaign."),
                ("symbol", "Only lessons about this instrument."),
                ("like", "Lessons about strategies like this one come first."),
                ("words", "Only lessons that have all of these words."),
            ]),
    ]
}

told_list! {
    /// A part of what research remembers.
    struct LessonPart {
        /// Lessons, newest first.
        lessons: Lesson
    }
}

async fn lessons(ask: Ask) -> Answered<LessonPart> {
    let wanted: OfCampaign = ask.query()?;
    let part = ask.app.lessons_part(wanted.campaign.as_ref(), wanted.stretch()).await?;
    Reply::ok(&Cut::from(part).into())
}

async fn lesson(ask: Ask) -> Answered<Lesson> {
    Reply::ok(&ask.app.lesson(&ask.path("cycle")?).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ideas {
    campaign: Option<CampaignName>,
    status: Option<HypothesisStatus>,
    #[serde(default = "page::entries")]
    limit: u32,
    #[serde(default, deserialize_with = "page::cursor")]
    cursor: Option<u64>,
}

told_list! {
    /// A part of the list of ideas.
    struct HypothesisPart {
        /// Ideas, newest first.
        hypotheses: StandingHypothesis
    }
}

async fn hypotheses(ask: Ask) -> Answered<HypothesisPart> {
    let Ideas { campaign, status, limit, cursor } = ask.query()?;
    let ideas = ask.app.hypotheses(&HypothesesRequest { campaign, status }).await?;
    Reply::ok(&Page { limit, cursor }.of(ideas)?.into())
}

async fn recall(ask: Ask) -> Answered<Recollection> {
    Reply::ok(&ask.app.recall(&ask.query::<RecallRequest>()?).await?)
}
