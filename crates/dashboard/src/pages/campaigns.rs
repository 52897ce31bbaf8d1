//! Campaigns, the latest first, each with how far its cycles came.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::campaign::ListedCampaign;
use ktrdr_app::operations::PartRequest;
use ktrdr_chart::{Element, Markup};
use ktrdr_domain::Status;
use ktrdr_domain::scope::Scope;

use crate::answer::Answer;
use crate::ask::{Ask, Words};
use crate::markup;
use crate::shell::{Section, Shell};
use crate::time::Instant;

/// Campaigns of a page.
const ROWS: u32 = 30;

/// One campaign in a list.
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) begun: Markup,
    pub(crate) cycles: u64,
    pub(crate) running: u64,
    pub(crate) waiting: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) cancelled: u64,
    pub(crate) accepted: Option<u64>,
}

impl Listed {
    pub(crate) fn all(campaigns: Vec<ListedCampaign>, now_ms: i64) -> Vec<Self> {
        let listed = |ListedCampaign { campaign, accepted }: ListedCampaign| Self {
            begun: markup::time(campaign.begun_at_ms, now_ms),
            cycles: campaign.cycles,
            running: campaign.with_status(Status::Running),
            waiting: campaign.with_status(Status::Pending),
            completed: campaign.with_status(Status::Completed),
            failed: campaign.with_status(Status::Failed),
            cancelled: campaign.with_status(Status::Cancelled),
            name: campaign.name.to_string(),
            accepted,
        };
        campaigns.into_iter().map(listed).collect()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What became of its cycles, side by side.
    pub(crate) fn bar(&self) -> Markup {
        let parts = [
            ("completed", self.completed),
            ("failed", self.failed),
            ("cancelled", self.cancelled),
            ("running", self.running),
            ("pending", self.waiting),
        ];
        shares(&parts, self.cycles)
    }

    pub(crate) fn came_to(&self) -> String {
        match (self.running + self.waiting, self.accepted) {
            (0, Some(0)) => "nothing accepted".into(),
            (0, Some(n)) => format!("{n} accepted"),
            (0, None) => "not closed yet".into(),
            (n, _) => format!("{n} go on"),
        }
    }
}

/// Parts of a whole, as one bar; each is said, too.
pub(crate) fn shares(parts: &[(&'static str, u64)], whole: u64) -> Markup {
    let words: Vec<String> =
        parts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{n} {name}")).collect();
    let words = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
    let mut svg =
        Element::class("svg", "shares").with("viewBox", "0 0 1000 10").with("preserveAspectRatio", "none");
    svg = svg.with("role", "img").with("aria-label", &words);
    svg = svg.holding(Element::new("title").text(&words));
    let mut from = 0.0;
    for (name, n) in parts.iter().filter(|(_, n)| *n > 0) {
        let width = *n as f64 / whole.max(1) as f64 * 1000.0;
        let rect = Element::class("rect", *name)
            .with("x", format!("{from:.1}"))
            .with("width", format!("{width:.1}"));
        svg = svg.holding(rect.with("height", "10"));
        from += width;
    }
    svg.into()
}

#[derive(Template)]
#[template(path = "campaigns.html")]
struct CampaignsPage {
    shell: Shell,
    campaigns: Vec<Listed>,
    total: u64,
    next: Option<u64>,
    may_start: bool,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let after = Words::read(&ask.query).read_as("cursor")?;
    let list = ask.app.campaigns(PartRequest { limit: ROWS, after }).await?;
    Answer::page(&CampaignsPage {
        shell: Shell::new(ask, Section::Campaigns, "Campaigns").live("operations"),
        campaigns: Listed::all(list.campaigns, Instant::now().0),
        total: list.total,
        next: list.next,
        may_start: ask.may(Scope::Submit),
    })
}
