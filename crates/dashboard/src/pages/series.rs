//! One series: what a researcher should know of it before anything learns from it, and what became of its windows.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_domain::window_history::WindowEvent;
use ktrdr_domain::{Symbol, Timeframe, Timestamp};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::shell::{Section, Shell};

struct Found {
    severity: String,
    message: String,
    fix: String,
}

#[derive(Template)]
#[template(path = "series.html")]
struct SeriesPage {
    shell: Shell,
    name: String,
    cli: String,
    facts: Vec<(&'static str, String)>,
    found: Vec<Found>,
    events: Vec<(String, String)>,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let (symbol, timeframe): (Symbol, Timeframe) = (ask.part(1)?, ask.part(2)?);
    let checked = ask.app.check_data(&symbol, timeframe).await?;
    let health = checked.health;
    let count = |n: u64| ktrdr_chart::label::grouped(n as f64, 0);
    let mut facts = vec![
        ("Bars", count(health.rows)),
        ("From", date(checked.data.span.start)),
        ("To", date(checked.data.span.end)),
        ("Unexpected gaps", count(health.gaps.unexpected)),
        ("Bars that would fill them", count(health.gaps.unexpected_bars)),
        (
            "Weekends, holidays, nights",
            count(health.gaps.weekend + health.gaps.holiday + health.gaps.session),
        ),
        ("Spikes", count(health.spikes.count)),
        ("Bars that repeat the one before", count(health.stale.bars)),
    ];
    facts.extend(health.zero_volume_share.map(|share| ("Without volume", format!("{:.1} %", share * 100.0))));
    // A series that nothing used yet has no windows.
    let windows = ask.app.windows(&symbol).await.ok();
    if let Some(windows) = &windows {
        facts.push(("Looks at its gate", format!("{} of {}", windows.looks, windows.looks_max)));
        facts.push(("Vault openings", count(windows.vault_openings)));
    }
    let found = health.findings.into_iter().map(|finding| Found {
        severity: finding.severity.to_string(),
        message: finding.message,
        fix: finding.fix,
    });
    let events = windows.iter().flat_map(|windows| &windows.events).map(told);
    Answer::page(&SeriesPage {
        shell: Shell::new(ask, Section::Data, format!("{symbol} {timeframe}")),
        name: format!("{symbol} {timeframe}"),
        cli: format!("ktrdr data check --symbol {symbol} --timeframe {timeframe}"),
        facts,
        found: found.collect(),
        events: events.collect(),
    })
}

fn date(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// What became of windows, in a word and a sentence.
fn told(event: &WindowEvent) -> (String, String) {
    match event {
        WindowEvent::Fixed(fixed) => ("fixed".into(), format!("{}", fixed.at)),
        WindowEvent::Opened(opening) => {
            let words = format!("{} by {}: {}", opening.at, opening.word.by, opening.word.reason);
            ("vault opened".into(), words)
        }
        WindowEvent::Rolled(rolled) => {
            ("rolled".into(), format!("{} by {}: {}", rolled.at, rolled.by, rolled.reason))
        }
        WindowEvent::LooksLost(lost) => {
            ("looks lost with their store".into(), format!("{} by {}: {}", lost.at, lost.by, lost.reason))
        }
    }
}
