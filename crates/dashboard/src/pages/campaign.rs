//! One campaign: how far its cycles came, why each of the others died, designs side by side, what closed it.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::operations::PartRequest;
use ktrdr_app::reports::Subject;
use ktrdr_chart::Markup;
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::scope::Scope;

use super::rows::Row;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::button::Button;
use crate::markup;
use crate::shell::{Section, Shell};
use crate::time::Instant;

/// Cycles that are shown.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "campaign.html")]
struct CampaignPage {
    shell: Shell,
    name: String,
    begun: Markup,
    cycles: u64,
    cancel: Option<String>,
    report: Markup,
    rows: Vec<Row>,
    button: String,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let name: CampaignName = ask.part(1)?;
    let detail = ask.app.campaign(&name, PartRequest { limit: ROWS, after: None }).await?;
    let campaign = detail.campaign;
    let report = ask.app.report_on(&[Subject::Campaign(name.clone())]).await?;
    let now_ms = Instant::now().0;
    let goes_on = !campaign.has_ended();
    let cancel = campaign.cancel.as_ref();
    let page = CampaignPage {
        shell: Shell::new(ask, Section::Campaigns, format!("Campaign {name}")).live("operations"),
        begun: markup::time(campaign.begun_at_ms, now_ms),
        cycles: campaign.cycles,
        cancel: cancel.map(|asked| format!("{} asked for a stop of all of it. {}", asked.by, asked.reason)),
        report: report.content(),
        rows: Row::all(detail.cycles.into_iter().rev().map(|cycle| cycle.summary).collect(), now_ms),
        button: if goes_on && ask.may(Scope::Submit) { stop(&name) } else { String::new() },
        name: name.to_string(),
    };
    Answer::page(&page)
}

fn stop(name: &CampaignName) -> String {
    let stop =
        Button::new(format!("/campaigns/{name}/cancel"), "Cancel", format!("ktrdr campaign cancel {name}"));
    let stop = stop.about("All of its cycles that have not ended are asked to stop.").grave().asking_why();
    stop.typed("name", format!("Type {name}")).back(format!("/campaigns/{name}")).html().into_string()
}
