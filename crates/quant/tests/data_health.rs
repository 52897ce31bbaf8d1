//! Health and calendar of bars: synthetic ones with known wounds, and real ones where there are any.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use chrono::{DateTime, Datelike, Duration, Timelike, Weekday};
use chrono_tz::Tz;
use ktrdr_domain::Timestamp;
use ktrdr_quant::Bars;
use ktrdr_quant::data::calendar::{Calendar, TradingWeek};
use ktrdr_quant::data::csv::{self, ReadOptions};
use ktrdr_quant::data::generate::{Process, Recipe, Sessions, generate};
use ktrdr_quant::data::health::{
    ChangeDates, ClockKind, FindingCode, GapClass, HealthReport, WrongZone, check,
};
use ktrdr_quant::data::import::{FileClock, ImportOptions, import};

/// Ten weeks from Monday 2018-03-05: no holiday but Good Friday and Easter Monday.
fn market(sessions: Sessions) -> Bars {
    let recipe = Recipe {
        process: Process::from_name("random-walk").unwrap(),
        sessions,
        symbol: "TEST".parse().unwrap(),
        timeframe: "1h".parse().unwrap(),
        start: "2018-03-05".parse().unwrap(),
        bars: 10 * if sessions == Sessions::Shares { 35 } else { 120 },
        start_price: 1.2,
        seed: 7,
    };
    generate(&recipe).unwrap()
}

/// The bars without those that open from `from` up to `to`.
fn without(bars: &Bars, from: &str, to: &str) -> Bars {
    let at = |text: &str| bars.index_at_or_after(text.parse().unwrap());
    let (mut left, right) = (bars.slice(0..at(from)), bars.slice(at(to)..bars.len()));
    left.time.extend(right.time);
    for (left, right) in [
        (&mut left.open, right.open),
        (&mut left.high, right.high),
        (&mut left.low, right.low),
        (&mut left.close, right.close),
        (&mut left.volume, right.volume),
    ] {
        left.extend(right);
    }
    left
}

#[test]
fn nights_and_weekends_are_expected() {
    let currency = check(&market(Sessions::Currency)).gaps;
    assert_eq!((currency.weekend, currency.session, currency.holiday), (10, 0, 0));
    let shares = check(&market(Sessions::Shares)).gaps;
    assert_eq!((shares.weekend, shares.session, shares.holiday), (9, 40, 0));
    assert_eq!((currency.unexpected, shares.unexpected, shares.closure), (0, 0, 0));
}

#[test]
fn holes_are_told_from_holidays() {
    let bars = market(Sessions::Currency);
    let class = |from: &str, to: &str| {
        let gaps = check(&without(&bars, from, to)).gaps;
        (gaps.holiday, gaps.closure, gaps.unexpected, gaps.unexpected_bars)
    };
    assert_eq!(class("2018-03-30", "2018-03-31"), (1, 0, 0, 0), "Good Friday");
    assert_eq!(class("2018-03-14T05:00:00Z", "2018-03-14T08:00:00Z"), (0, 0, 1, 3), "three hours");
    assert_eq!(class("2018-03-13", "2018-03-16T12:00:00Z"), (0, 1, 0, 0), "three days and a half");
    assert_eq!(class("2018-03-16T22:00:00Z", "2018-03-19T12:00:00Z"), (1, 0, 0, 0), "a Monday morning");
    let shares = check(&without(&market(Sessions::Shares), "2018-03-14", "2018-03-15")).gaps;
    assert_eq!((shares.unexpected, shares.longest[0].class), (1, GapClass::Unexpected));
    assert_eq!(shares.longest[0].from, "2018-03-13T21:00:00Z".parse::<Timestamp>().unwrap());
}

#[test]
fn a_market_that_never_closes_has_no_excuse() {
    let bars = without(&market(Sessions::Always), "2018-03-16T22:00:00Z", "2018-03-18T22:00:00Z");
    let gaps = check(&bars).gaps;
    assert_eq!((gaps.weekend, gaps.holiday, gaps.unexpected), (0, 0, 1));
}

#[test]
fn a_bad_tick_is_a_spike_that_was_taken_back() {
    let mut bars = market(Sessions::Always);
    bars.close[700] *= 1.2;
    bars.high[700] = bars.close[700];
    let health = check(&bars);
    assert_eq!(health.spikes.largest[0].at, Timestamp(bars.time[700]));
    assert!(health.spikes.largest[0].reverted && health.spikes.count == 2);
    assert!(health.findings.iter().any(|f| f.code == FindingCode::Spikes));
}

#[test]
fn spikes_do_not_depend_on_what_comes_later() {
    let mut bars = market(Sessions::Always);
    bars.close[400] *= 1.1;
    let whole = check(&bars).spikes;
    let prefix = check(&bars.slice(0..500)).spikes;
    assert_eq!(whole.largest[0].times_median.to_bits(), prefix.largest[0].times_median.to_bits());
}

#[test]
fn a_feed_that_hangs_is_stale() {
    let mut bars = market(Sessions::Always);
    for field in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
        let hung = field[300];
        field[300..340].fill(hung);
    }
    let health = check(&bars);
    assert_eq!((health.stale.bars, health.stale.longest_run), (39, 39));
    assert_eq!(health.stale.longest_from, Some(Timestamp(bars.time[301])));
    assert!(health.findings.iter().any(|f| f.code == FindingCode::Stale));
}

#[test]
fn empty_bars_are_an_error_and_no_panic() {
    let health = check(&market(Sessions::Always).slice(0..0));
    assert_eq!((health.rows, health.span, health.calendar, health.zero_volume_share), (0, None, None, None));
    assert_eq!(health.findings[0].code, FindingCode::Short);
    let json = serde_json::to_string(&health).unwrap();
    assert_eq!(serde_json::from_str::<ktrdr_quant::data::health::HealthReport>(&json).unwrap(), health);
}

/// Two years of hours in which `is_open` holds by a clock in `market`, written as a clock in `written` shows them,
/// `ahead_h` hours ahead of it.
fn export(market: Tz, is_open: impl Fn(Weekday, u32) -> bool, written: Tz, ahead_h: i64) -> String {
    let mut text = "Date,Open,High,Low,Close\n".to_owned();
    let start = DateTime::from_timestamp(1_672_531_200, 0).unwrap();
    for utc in (0..2 * 365 * 24).map(|h| start + Duration::hours(h)) {
        let there = utc.with_timezone(&market);
        if is_open(there.weekday(), there.hour()) {
            let wall = utc.with_timezone(&written).naive_local() + Duration::hours(ahead_h);
            text.push_str(&format!("{},1.1,1.2,1.0,1.1\n", wall.format("%Y.%m.%d %H:%M")));
        }
    }
    text
}

/// Sunday 17:00 to Friday 17:00, New York.
fn currencies(day: Weekday, hour: u32) -> bool {
    match day {
        Weekday::Sat => false,
        Weekday::Sun => hour >= 17,
        Weekday::Fri => hour < 17,
        _ => true,
    }
}

/// Nine to four on weekdays.
fn shares(day: Weekday, hour: u32) -> bool {
    !matches!(day, Weekday::Sat | Weekday::Sun) && (9..16).contains(&hour)
}

fn health(text: &str, clock: &str) -> HealthReport {
    let clock = match clock.parse::<i32>() {
        Ok(hours) => FileClock::Ahead(hours * 3_600),
        Err(_) => FileClock::Zone(clock.parse().unwrap()),
    };
    let options = ImportOptions { clock: Some(clock), ..ImportOptions::default() };
    let imported = import(text.as_bytes(), "X".parse().unwrap(), "1h".parse().unwrap(), &options);
    let health = check(&imported.unwrap_or_else(|bad| panic!("{bad}")).bars);
    assert_eq!(health.wrong_zone.is_some(), health.findings.iter().any(|f| f.code == FindingCode::WrongZone));
    health
}

fn wrong_zone(text: &str, clock: &str) -> Option<WrongZone> {
    health(text, clock).wrong_zone
}

/// The kinds of clock that the opens of the weeks say were confused.
fn confused(text: &str, clock: &str) -> Option<(ClockKind, ClockKind)> {
    match wrong_zone(text, clock)? {
        WrongZone::Confused { written, read, .. } => Some((written, read)),
        other => panic!("{clock}: {other:?}"),
    }
}

#[test]
fn any_two_kinds_of_clock_that_are_confused_are_told_by_the_opens_of_the_weeks() {
    use ClockKind::{Europe, Fixed, NewYork};
    let broker = export(Tz::America__New_York, currencies, Tz::America__New_York, 7);
    let athens = export(Tz::America__New_York, currencies, Tz::Europe__Athens, 0);
    let utc = export(Tz::America__New_York, currencies, Tz::UTC, 0);
    for (text, right, wrong) in [
        (
            &broker,
            "new-york+7",
            [("0", NewYork, Fixed), ("2", NewYork, Fixed), ("Europe/Athens", NewYork, Europe)],
        ),
        (
            &athens,
            "Europe/Athens",
            [("0", Europe, Fixed), ("2", Europe, Fixed), ("new-york+7", Europe, NewYork)],
        ),
        (
            &utc,
            "0",
            [
                ("Europe/Athens", Fixed, Europe),
                ("new-york+7", Fixed, NewYork),
                ("America/New_York", Fixed, NewYork),
            ],
        ),
    ] {
        assert_eq!(confused(text, right), None, "{right}");
        for (clock, written, read) in wrong {
            assert_eq!(confused(text, clock), Some((written, read)), "{right} read as {clock}");
        }
    }
}

#[test]
fn the_finding_of_a_wrong_zone_says_what_was_seen_and_which_zone_is_likely() {
    let said = |text: &str, clock: &str| {
        let health = health(text, clock);
        let finding = health.findings.into_iter().find(|f| f.code == FindingCode::WrongZone).unwrap();
        format!("{}; {}", finding.message, finding.fix)
    };
    let utc = export(Tz::America__New_York, currencies, Tz::UTC, 0);
    let words = said(&utc, "Europe/Athens");
    for word in [
        "20:00 UTC in winter",
        "18:00 in summer",
        "Europe's summer time reads",
        "`--time-zone UTC --replace`",
    ] {
        assert!(words.contains(word), "{word}: {words}");
    }
    let athens = export(Tz::America__New_York, currencies, Tz::Europe__Athens, 0);
    let words = said(&athens, "new-york+7");
    assert!(words.contains("20:00 while only New York") && words.contains("Europe/Athens"), "{words}");
    // Shares of New York, written in UTC and read by New York's clock, seem to move by two hours as well.
    let york = export(Tz::America__New_York, shares, Tz::UTC, 0);
    assert_eq!(wrong_zone(&york, "0"), None);
    assert_eq!(confused(&york, "America/New_York"), Some((ClockKind::Fixed, ClockKind::NewYork)));
}

#[test]
fn findings_name_the_places_they_speak_of() {
    let bars = without(&market(Sessions::Currency), "2018-03-14T05:00:00Z", "2018-03-14T08:00:00Z");
    let finding = check(&bars).findings.into_iter().find(|f| f.code == FindingCode::UnexpectedGaps).unwrap();
    assert!(finding.message.contains("2018-03-14T05:00:00Z to 2018-03-14T08:00:00Z"), "{}", finding.message);
}

#[test]
fn markets_without_summer_time_and_those_of_europe_have_their_own_clocks() {
    for (market, right) in [
        (Tz::Asia__Tokyo, "Asia/Tokyo"),
        (Tz::Europe__Berlin, "Europe/Berlin"),
        (Tz::America__New_York, "America/New_York"),
        (Tz::Australia__Sydney, "Australia/Sydney"),
    ] {
        let text = export(market, shares, market, 0);
        assert_eq!(wrong_zone(&text, right), None, "{right}");
    }
    // Tokyo's hours on a clock of summer time that was taken for one without.
    let tokyo = export(Tz::Asia__Tokyo, shares, Tz::Europe__London, 0);
    assert_eq!(wrong_zone(&tokyo, "0"), Some(WrongZone::LaterInSummer(ChangeDates::Europe)));
    assert_eq!(wrong_zone(&tokyo, "Europe/London"), None);
}

#[test]
fn half_a_year_and_generated_bars_prove_nothing_of_zones() {
    let broker = export(Tz::America__New_York, currencies, Tz::America__New_York, 7);
    let winter: String = broker.lines().take(1 + 9 * 120).map(|line| line.to_owned() + "\n").collect();
    assert_eq!(wrong_zone(&winter, "0"), None);
    assert_eq!(check(&market(Sessions::Currency)).wrong_zone, None);
}

#[test]
fn a_price_below_zero_is_a_finding_and_no_spike() {
    let mut bars = market(Sessions::Always);
    bars.low[700] = -40.0;
    bars.close[700] = -37.0;
    let health = check(&bars);
    assert_eq!((health.not_above_zero, health.spikes.count), (1, 0));
    assert!(health.findings.iter().any(|f| f.code == FindingCode::NegativePrices));
    assert!(health.spikes.largest.iter().all(|spike| spike.log_return.is_finite()));
}

/// Bars of a real market, if `KTRDR_REAL_DATA` names a folder that has them.
fn real(name: &str, timeframe: &str) -> Option<Bars> {
    let Some(folder) = std::env::var_os("KTRDR_REAL_DATA") else {
        println!("KTRDR_REAL_DATA is not set: {name} is not read");
        return None;
    };
    let bytes = std::fs::read(std::path::Path::new(&folder).join(format!("{name}_{timeframe}.csv"))).unwrap();
    let read = csv::read(&bytes, name.parse().unwrap(), timeframe.parse().unwrap(), &ReadOptions::default());
    Some(read.unwrap_or_else(|bad| panic!("{name}_{timeframe}.csv: {bad}")))
}

#[test]
fn real_currency_bars_are_sound_and_trade_260_days() {
    for (name, timeframe, rows, bars_per_year) in
        [("EURUSD", "1h", 74_439, 6_200.0), ("EURUSD", "1d", 3_738, 312.0), ("GBPUSD", "1d", 3_738, 312.0)]
    {
        let Some(bars) = real(name, timeframe) else { return };
        let health = check(&bars);
        println!("{health:#?}");
        assert_eq!(health.wrong_zone, None);
        let calendar = health.calendar.unwrap();
        assert_eq!((health.rows, calendar.week), (rows, TradingWeek::MondayToFriday));
        assert!((calendar.days_per_year - 260.0).abs() < 3.0, "{calendar:?}");
        assert!((calendar.bars_per_year - bars_per_year).abs() < 40.0, "{calendar:?}");
        assert!(health.gaps.weekend > 600 && health.gaps.unexpected < 40, "{:?}", health.gaps);
        assert!(
            csv::read(&csv::write(&bars), bars.symbol.clone(), bars.timeframe, &ReadOptions::default())
                == Ok(bars)
        );
    }
}

#[test]
fn real_share_bars_are_sound_and_trade_252_days() {
    for timeframe in ["1d", "1h"] {
        let Some(bars) = real("AAPL", timeframe) else { return };
        let health = check(&bars);
        println!("{health:#?}");
        assert_eq!(health.wrong_zone, None);
        let calendar = Calendar::of(&bars).unwrap();
        assert!((calendar.days_per_year - 252.0).abs() < 1.5, "{calendar:?}");
        assert!(health.gaps.unexpected < 12, "{:?}", health.gaps);
        // September 2001 and the storm of October 2012.
        assert!(
            health.gaps.longest[0].from.to_string().starts_with("2001-09-1"),
            "{:?}",
            health.gaps.longest[0]
        );
    }
}
