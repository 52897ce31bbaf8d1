//! Memory: what each cycle taught, and ideas that wait for a person's word or a test.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::hypotheses::{HypothesesRequest, StandingHypothesis};
use ktrdr_chart::Markup;
use ktrdr_domain::hypothesis::HypothesisStatus;
use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::scope::Scope;

use crate::answer::Answer;
use crate::ask::Ask;
use crate::button::Button;
use crate::markup;
use crate::shell::{Section, Shell};
use crate::time::Instant;

/// Lessons, and ideas, of a page.
const LESSONS: u32 = 50;
const IDEAS: usize = 30;

struct Taught {
    strategy: String,
    campaign: String,
    cycle: Markup,
    reached: &'static str,
    stopped_by: String,
    earned: String,
    beyond: String,
}

impl Taught {
    fn of(lesson: Lesson) -> Self {
        let dev = lesson.dev_backtest;
        let percent =
            |share: Option<f64>| share.map_or_else(|| "–".into(), |x| format!("{:+.1} %", x * 100.0));
        Self {
            strategy: lesson.strategy.name.to_string(),
            campaign: lesson.campaign.to_string(),
            cycle: markup::operation(&lesson.cycle),
            reached: match lesson.reached {
                Reached::Designed => "designed",
                Reached::Trained => "trained",
                Reached::Examined => "examined",
            },
            stopped_by: lesson.stopped_by.unwrap_or_else(|| "nothing".into()),
            earned: percent(dev.and_then(|dev| dev.total_return_pct)),
            beyond: dev
                .and_then(|dev| dev.active_sharpe_ratio)
                .map_or_else(|| "–".into(), |x| format!("{x:+.2}")),
        }
    }
}

struct Idea {
    standing: StandingHypothesis,
    deadline: Option<Markup>,
    buttons: Vec<String>,
}

impl Idea {
    fn of(ask: &Ask, standing: StandingHypothesis) -> Self {
        let now_ms = Instant::now().0;
        let waits = standing.status == HypothesisStatus::Waiting;
        let approval = standing.considered.hypothesis.approval.filter(|_| waits);
        let may = ask.may(Scope::Operator) && waits;
        let id = standing.considered.hypothesis.id.to_string();
        let buttons = [("approve", "Approve"), ("reject", "Reject")].map(|(answer, label)| {
            let button = Button::new(
                format!("/hypotheses/{id}"),
                label,
                format!("ktrdr agent approvals {answer} {id}"),
            );
            button.with("answer", answer).asking_why().back("/memory").html().into_string()
        });
        Self {
            deadline: approval.map(|asked| markup::time(asked.deadline.0 * 1_000, now_ms)),
            buttons: if may { buttons.into() } else { Vec::new() },
            standing,
        }
    }
}

#[derive(Template)]
#[template(path = "memory.html")]
struct MemoryPage {
    shell: Shell,
    ideas: Vec<Idea>,
    lessons: Vec<Taught>,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let mut ideas = ask.app.hypotheses(&HypothesesRequest::default()).await?;
    ideas.sort_by_key(|idea| idea.status != HypothesisStatus::Waiting);
    let lessons = ask.app.lessons(None, LESSONS).await?;
    Answer::page(&MemoryPage {
        shell: Shell::new(ask, Section::Memory, "Memory"),
        ideas: ideas.into_iter().take(IDEAS).map(|idea| Idea::of(ask, idea)).collect(),
        lessons: lessons.into_iter().map(Taught::of).collect(),
    })
}
