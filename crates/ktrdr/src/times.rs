//! Times as people want them: how long ago, or when. JSON has its own form, whatever is asked for here.

use clap::ValueEnum;
use ktrdr_fabric::clock;

use crate::describe;
use crate::screen::Screen;

/// How times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimeFormat {
    /// How long ago, or how long until.
    Relative,
    /// RFC 3339, in UTC.
    Iso,
}

impl Screen {
    /// A time in a list of what goes on, by the clock that told it: how long ago, unless asked for otherwise.
    pub(crate) fn ago(&self, now_ms: i64, at_ms: i64) -> String {
        match self.times {
            Some(TimeFormat::Iso) => iso(at_ms),
            Some(TimeFormat::Relative) | None => relative(now_ms, at_ms),
        }
    }

    /// The same without words, for a column that is headed [`Self::age_title`].
    pub(crate) fn age(&self, now_ms: i64, at_ms: i64) -> String {
        match self.times {
            Some(TimeFormat::Iso) => iso(at_ms),
            Some(TimeFormat::Relative) | None => describe::age(now_ms, at_ms),
        }
    }

    /// The head of a column of ages.
    pub(crate) fn age_title(&self) -> &'static str {
        if self.times == Some(TimeFormat::Iso) { "CREATED" } else { "AGE" }
    }

    /// A time on record: when, unless asked for otherwise. How long ago is told by this machine's clock.
    pub(crate) fn at(&self, at_ms: i64) -> String {
        match self.times {
            Some(TimeFormat::Relative) => relative(clock::unix_ms(), at_ms),
            Some(TimeFormat::Iso) | None => iso(at_ms),
        }
    }

    /// The same to the millisecond, where order matters.
    pub(crate) fn at_exactly(&self, at_ms: i64) -> String {
        match self.times {
            Some(TimeFormat::Relative) => relative(clock::unix_ms(), at_ms),
            Some(TimeFormat::Iso) | None => describe::instant(at_ms),
        }
    }
}

/// `2026-11-29T18:40:02Z`
pub(crate) fn iso(at_ms: i64) -> String {
    ktrdr_domain::Timestamp(at_ms.div_euclid(1000)).to_string()
}

/// `4 min ago`, `in 2.5 h`, `now`
fn relative(now_ms: i64, at_ms: i64) -> String {
    let whole = |ms: i64| describe::duration(ms / 1000 * 1000);
    match now_ms.saturating_sub(at_ms) {
        -999..=999 => "now".into(),
        ago @ 1000.. => format!("{} ago", whole(ago)),
        until => format!("in {}", whole(until.saturating_neg())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::OutputForm;

    #[test]
    fn a_time_is_shown_as_it_was_asked_for_wherever_it_stands() {
        let at_ms = 1_795_977_602_500;
        let shown = |times| {
            let screen = Screen::new(OutputForm::Text).showing(times);
            (screen.ago(at_ms + 240_000, at_ms), screen.at(at_ms))
        };
        assert_eq!(shown(None), ("4 min ago".into(), "2026-11-29T18:40:02Z".into()));
        let iso = "2026-11-29T18:40:02Z".to_owned();
        assert_eq!(shown(Some(TimeFormat::Iso)), (iso.clone(), iso));
        assert!(!shown(Some(TimeFormat::Relative)).1.contains('T'));
        assert_eq!([relative(0, 0), relative(0, 9_000_000)], ["now", "in 2.5 h"]);
        assert_eq!([i64::MIN, i64::MAX].map(|at_ms| relative(0, at_ms).is_empty()), [false, false]);
    }
}
