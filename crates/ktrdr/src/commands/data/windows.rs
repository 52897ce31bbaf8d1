//! `ktrdr data windows`, `ktrdr data roll-windows`

use ktrdr_app::windows::{InstrumentWindows, RollRequest};
use ktrdr_domain::window_history::{Occasion, WindowEvent};
use ktrdr_domain::{Span, Symbol, Timestamp, Windows};

use crate::cli::data::RollArguments;
use crate::commands::Context;
use crate::confirm::confirm;
use crate::describe::counted;
use crate::exit::CliError;
use crate::screen::{Screen, table};

pub(super) async fn show(context: &Context<'_>, symbol: &Symbol) -> Result<(), CliError> {
    let found = context.desk().await?.app().windows(symbol).await?;
    context.screen.answer(&found, |screen| print(screen, &found))
}

pub(super) async fn roll(context: &Context<'_>, wanted: &RollArguments) -> Result<(), CliError> {
    let desk = context.desk().await?;
    let app = desk.app();
    let request = RollRequest { symbol: wanted.symbol.clone(), reason: wanted.reason.clone() };
    let plan = app.plan_roll_windows(&request).await?;
    let what = format!(
        "the gate of {} ({}) becomes dev with {} spent on it, and {} becomes the gate, for good",
        plan.symbol,
        plan.before.gate,
        counted(plan.looks, "look"),
        plan.after.gate
    );
    confirm(context.screen, &what, wanted.yes)?;
    let rolled = app.roll_windows(plan).await?;
    context.screen.answer(&rolled, |screen| print(screen, &rolled))
}

/// The day of a moment.
pub(super) fn date(moment: Timestamp) -> String {
    moment.to_string().chars().take("2020-01-31".len()).collect()
}

/// `dev from 1993-01-29, gate from 2006-03-01, vault from 2014-05-01 to 2019-12-31`
pub(super) fn dates(windows: &Windows) -> String {
    let end = windows.vault.end;
    let vault = match date(windows.vault.start) {
        start if windows.vault.start >= end => format!("{start}, behind the last bar"),
        start => format!("{start} to {}", date(end)),
    };
    format!(
        "dev from {}, gate from {}, vault from {vault}",
        date(windows.dev.start),
        date(windows.gate.start)
    )
}

/// The day on which a window starts; and that these bars do not reach it.
pub(super) fn start(window: Span, bars: Span) -> String {
    let behind = if window.start >= bars.end { " (no bar)" } else { "" };
    date(window.start) + behind
}

fn print(screen: &Screen, found: &InstrumentWindows) {
    let burnt = if found.burnt { ": burnt, research on it has ended" } else { "" };
    screen.line(format!("{}: {}", found.symbol, dates(&found.windows)));
    screen.line(format!("gate        {} of {}{burnt}", counted(found.looks, "look"), found.looks_max));
    if !found.correlated.is_empty() {
        let others = found.correlated.iter().map(Symbol::as_str).collect::<Vec<_>>().join(", ");
        let all = counted(found.looks_counted, "look");
        screen.line(format!(
            "            a verdict pays for {all}: those at {others} count too, which moves as it does"
        ));
    }
    screen.line(format!("vault       opened {}", counted(found.vault_openings, "time")));
    let rows: Vec<Vec<String>> = found.events.iter().map(|event| row(screen, event)).collect();
    screen.line(table(&["WHEN", "WHAT", "BY", "WHY"], &rows));
}

fn row(screen: &Screen, event: &WindowEvent) -> Vec<String> {
    match event {
        WindowEvent::Fixed(fixed) => {
            let why = match fixed.occasion {
                Occasion::FirstBars => "first bars",
                Occasion::FirstUse => "first use",
            };
            let what = format!(
                "fixed: gate from {}, vault from {}",
                date(fixed.dates.gate_from),
                date(fixed.dates.vault_from)
            );
            vec![screen.at(fixed.at.0 * 1000), what, "–".into(), why.into()]
        }
        WindowEvent::Opened(opening) => {
            let what = format!("vault opened: {} by {}", opening.span, opening.operation);
            vec![
                screen.at(opening.at.0 * 1000),
                what,
                opening.word.by.clone(),
                opening.word.reason.to_string(),
            ]
        }
        WindowEvent::Rolled(rolled) => {
            let what = format!(
                "rolled: gate from {}, vault from {}; {} spent",
                date(rolled.dates.gate_from),
                date(rolled.dates.vault_from),
                counted(rolled.looks, "look")
            );
            vec![screen.at(rolled.at.0 * 1000), what, rolled.by.clone(), rolled.reason.to_string()]
        }
        WindowEvent::LooksLost(lost) => {
            let what = "looks lost with their store".to_owned();
            vec![screen.at(lost.at.0 * 1000), what, lost.by.clone(), lost.reason.to_string()]
        }
    }
}
