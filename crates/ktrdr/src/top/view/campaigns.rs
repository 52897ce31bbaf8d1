//! Campaigns, those begun last first: what became of their cycles, counted as `ktrdr campaign list` counts them.

use ktrdr_app::campaign::ListedCampaign;
use ratatui::text::Line;

use super::Ink;
use super::clock::Clock;
use super::grid::{Column, Grid};
use crate::funnel::Funnel;
use crate::top::sight::Sight;

/// Behind the name and the time they are the cells of a [`Funnel`].
fn columns(clock: Clock) -> Vec<Column> {
    vec![
        Column::words("CAMPAIGN", 0),
        Column::figure("BEGUN", clock.width()).from(if clock.is_iso() { 100 } else { 0 }),
        Column::figure("CYCLES", 6),
        Column::figure("SURVIVED", 8),
        Column::figure("ACCEPTED", 8),
        Column::figure("AT GATES", 8),
        Column::figure("BRED", 5).from(120),
        Column::figure("REPETITIONS", 11).from(120),
        Column::figure("FAILED", 6),
        Column::figure("CANCELLED", 9).from(120),
        Column::figure("RUNNING", 7),
        Column::figure("WAITING", 7),
    ]
}

pub(super) fn grid(seen: &Sight, clock: Clock, _ink: Ink) -> Grid {
    let nothing = "No campaigns yet: start one with `ktrdr research run`.".into();
    let rows = seen.campaigns.campaigns.iter().map(|listed| cells(listed, clock)).collect();
    Grid { columns: columns(clock), rows, nothing }
}

fn cells(listed: &ListedCampaign, clock: Clock) -> Vec<Line<'static>> {
    let ListedCampaign { campaign, accepted } = listed;
    let funnel = Funnel::of(campaign, *accepted).cells();
    let head = [campaign.name.to_string(), clock.cell(campaign.begun_at_ms)];
    head.into_iter().chain(funnel).map(Line::from).collect()
}
