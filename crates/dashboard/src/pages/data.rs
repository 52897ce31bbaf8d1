//! Data: every series with its span, how it is cut into windows, and what was looked at.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::data::ListedSeries;
use ktrdr_chart::{Element, Markup};
use ktrdr_domain::{Span, Timestamp, Windows};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::shell::{Section, Shell};

/// One series.
struct Series(ListedSeries);

impl Series {
    fn name(&self) -> String {
        self.0
            .data
            .as_ref()
            .map_or_else(|| self.0.file.clone(), |data| format!("{} {}", data.symbol, data.timeframe))
    }

    fn file(&self) -> &str {
        &self.0.file
    }

    fn is_generated(&self) -> bool {
        self.0.data.as_ref().is_some_and(|data| data.synthetic)
    }

    fn span(&self) -> String {
        self.0.data.as_ref().map(|data| dates(&data.span)).unwrap_or_default()
    }

    /// Dev, gate and vault, as long as they are.
    fn windows(&self) -> Markup {
        self.0.windows.as_ref().map(windows).unwrap_or_default()
    }

    fn looks(&self) -> String {
        self.0.looks.map_or_else(|| "–".into(), |looks| looks.to_string())
    }

    fn state(&self) -> (&'static str, &'static str) {
        match (&self.0.error, self.0.burnt, self.0.windows_fixed) {
            (Some(_), ..) => ("unreadable", "bad"),
            (None, Some(true), _) => ("burnt", "bad"),
            (None, _, true) => ("fit for use", "good"),
            (None, _, false) => ("windows not fixed yet", ""),
        }
    }

    fn error(&self) -> &str {
        self.0.error.as_deref().unwrap_or_default()
    }
}

fn date(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

fn dates(span: &Span) -> String {
    format!("{} to {}", date(span.start), date(span.end))
}

fn windows(windows: &Windows) -> Markup {
    let parts = [("dev", &windows.dev), ("gate", &windows.gate), ("vault", &windows.vault)];
    let (from, to) = (windows.dev.start.0, windows.vault.end.0);
    let whole = (to - from).max(1) as f64;
    let words: Vec<String> = parts.iter().map(|(name, span)| format!("{name} {}", dates(span))).collect();
    let mut svg = Element::class("svg", "shares windows").with("viewBox", "0 0 1000 10");
    svg = svg.with("preserveAspectRatio", "none").with("role", "img").with("aria-label", words.join(", "));
    svg = svg.holding(Element::new("title").text(words.join("\n")));
    for (name, span) in parts {
        let x = (span.start.0 - from) as f64 / whole * 1000.0;
        let width = (span.end.0 - span.start.0) as f64 / whole * 1000.0;
        let rect =
            Element::class("rect", name).with("x", format!("{x:.1}")).with("width", format!("{width:.1}"));
        svg = svg.holding(rect.with("height", "10"));
    }
    let cut = format!("gate from {}, vault from {}", date(windows.gate.start), date(windows.vault.start));
    [Markup::from(svg), Element::class("span", "soft").text(cut).into()].into_iter().collect()
}

#[derive(Template)]
#[template(path = "data.html")]
struct DataPage {
    shell: Shell,
    series: Vec<Series>,
    looks_max: u64,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let series = ask.app.list_data().await?.into_iter().map(Series).collect();
    let looks_max = ask.app.policy.looks_max;
    Answer::page(&DataPage { shell: Shell::new(ask, Section::Data, "Data"), series, looks_max })
}
