//! Campaigns, those begun last first: how many of their cycles stand or ended how.

use ktrdr_app::campaign::ListedCampaign;
use ktrdr_domain::Status;
use ratatui::text::Line;

use super::Ink;
use super::grid::{Column, Grid};
use super::words::age;
use crate::describe::thousands;
use crate::top::sight::Sight;

static COLUMNS: [Column; 8] = [
    Column::words("CAMPAIGN", 0),
    Column::figure("BEGUN", 7),
    Column::figure("CYCLES", 7),
    Column::figure("RUN", 5),
    Column::figure("WAIT", 6),
    Column::figure("SURVIVED", 8),
    Column::figure("FAILED", 7),
    Column::figure("ACCEPTED", 8),
];

pub(super) fn grid(seen: &Sight, now_ms: i64, _ink: Ink) -> Grid {
    let nothing = "No campaigns yet: start one with `ktrdr research run`.".into();
    let rows = seen.campaigns.campaigns.iter().map(|listed| cells(listed, now_ms)).collect();
    Grid { columns: &COLUMNS, rows, nothing }
}

fn cells(listed: &ListedCampaign, now_ms: i64) -> Vec<Line<'static>> {
    let campaign = &listed.campaign;
    let with = |status| Line::from(thousands(campaign.with_status(status)));
    vec![
        campaign.name.to_string().into(),
        age(now_ms, campaign.begun_at_ms).into(),
        thousands(campaign.cycles).into(),
        with(Status::Running),
        with(Status::Pending),
        with(Status::Completed),
        with(Status::Failed),
        listed.accepted.map_or_else(|| "–".into(), thousands).into(),
    ]
}
