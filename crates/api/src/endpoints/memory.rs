//! Memory: what research learnt.

use ktrdr_app::memory::RecallRequest;

use super::ledger::{OfCampaign, part};
use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
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

async fn lessons(ask: Ask) -> Answered {
    let wanted: OfCampaign = ask.query()?;
    part("lessons", &ask.app.lessons_part(wanted.campaign.as_ref(), wanted.stretch()).await?)
}

async fn lesson(ask: Ask) -> Answered {
    Reply::ok(&ask.app.lesson(&ask.path("cycle")?).await?)
}

async fn recall(ask: Ask) -> Answered {
    Reply::ok(&ask.app.recall(&ask.query::<RecallRequest>()?).await?)
}
