//! Reading bars: what is taken, what is refused and how the refusal reads.
#![allow(clippy::unwrap_used)]

use ktrdr_domain::{Symbol, Timeframe};
use ktrdr_quant::Bars;
use ktrdr_quant::data::csv::{self, ReadOptions};
use ktrdr_quant::data::fault::{BadBars, Problem};
use ktrdr_quant::data::import::{DateOrder, FileClock, ImportOptions, Imported, Note, import};
use proptest::prelude::*;

const HEADER: &str = "timestamp,open,high,low,close,volume\n";

fn symbol() -> Symbol {
    "TEST".parse().unwrap()
}

fn timeframe(text: &str) -> Timeframe {
    text.parse().unwrap()
}

fn read(text: &str) -> Result<Bars, BadBars> {
    csv::read(text.as_bytes(), symbol(), timeframe("1h"), &ReadOptions::default())
}

fn rows(rows: &[&str]) -> Result<Bars, BadBars> {
    read(&format!("{HEADER}{}\n", rows.join("\n")))
}

/// What the only fault of these rows says.
fn refusal(row_list: &[&str]) -> String {
    rows(row_list).unwrap_err().to_string()
}

const NINE: &str = "2020-01-02T09:00:00Z,1.1,1.3,1.0,1.2,100";
const TEN: &str = "2020-01-02T10:00:00Z,1.2,1.4,1.1,1.3,-1";

#[test]
fn sound_rows_become_bars_and_minus_one_becomes_no_volume() {
    let bars = rows(&[NINE, TEN]).unwrap();
    assert_eq!(bars.time, [1_577_955_600, 1_577_959_200]);
    assert_eq!((bars.open[0], bars.high[0], bars.low[0], bars.close[0]), (1.1, 1.3, 1.0, 1.2));
    assert_eq!(bars.volume, [100.0, 0.0]);
    assert!(!bars.synthetic);
}

#[test]
fn other_offsets_crlf_and_a_byte_order_mark_are_read() {
    let text = format!("\u{feff}{HEADER}2020-01-02T11:00:00+02:00,1.1,1.3,1.0,1.2,100\n{TEN}\n");
    assert_eq!(read(&text.replace('\n', "\r\n")), rows(&[NINE, TEN]));
}

#[test]
fn each_fault_names_its_line_and_what_to_do() {
    let at = |time: &str, rest: &str| format!("2020-01-02T{time}Z,{rest}");
    let cases = [
        (at("10:00:00", "1.2,1.2,1.3,1.2,0"), "line 3: high 1.2 is below low 1.3; fix the row or remove it"),
        (at("10:00:00", "1.5,1.4,1.1,1.3,0"), "line 3: high 1.4 is below open 1.5; fix the row or remove it"),
        (at("10:00:00", "1.2,1.4,1.1,1.0,0"), "line 3: low 1.1 is above close 1; fix the row or remove it"),
        (at("10:00:00", "1.2,inf,1.1,1.3,0"), "line 3: high is inf; fix the row or remove it"),
        (at("10:00:00", "1.2,1e999,1.1,1.3,0"), "line 3: high is inf; fix the row or remove it"),
        (at("10:00:00", "1.2,1.4,1.1,nan,0"), "line 3: close is NaN; fix the row or remove it"),
        (at("10:00:00", "1.2,1.4,0,1.3,0"), "line 3: low 0 is not above 0; fix the row or remove it"),
        (at("10:00:00", "1.2,1.4,1.1,1.3,-2"), "line 3: volume -2 is below 0; write 0, or -1 for no volume"),
        (at("10:00:00", "1.2,1.4,1.1,,0"), "line 3: close \"\" is no number; fix the row or remove it"),
        (at("10:00:00", "1.2,1.4,1.1,1.3"), "line 3: 5 fields instead of 6; fix the row or remove it"),
        (at("10:00:00", "1.2,1.4,1.1,1.3,0,0"), "line 3: 7 fields instead of 6; fix the row or remove it"),
        (
            at("09:00:00", "1.2,1.4,1.1,1.3,0"),
            "line 3: time 2020-01-02T09:00:00Z is the same as in the row before",
        ),
        (
            at("08:00:00", "1.2,1.4,1.1,1.3,0"),
            "line 3: time 2020-01-02T08:00:00Z is before 2020-01-02T09:00:00Z",
        ),
        (
            at("09:30:00", "1.2,1.4,1.1,1.3,0"),
            "line 3: time 2020-01-02T09:30:00Z is only 1800 s after the row before",
        ),
        (
            at("10:00:07", "1.2,1.4,1.1,1.3,0"),
            "line 3: time 2020-01-02T10:00:07Z is not on a whole step of 900 s",
        ),
        ("2020-01-02T10:00:00,1.2,1.4,1.1,1.3,0".into(), "line 3: \"2020-01-02T10:00:00\" has no time zone"),
        ("2020-01-32T10:00:00Z,1.2,1.4,1.1,1.3,0".into(), "line 3: \"2020-01-32T10:00:00Z\" is no time"),
        (
            "2500-01-02T10:00:00Z,1.2,1.4,1.1,1.3,0".into(),
            "line 3: time 2500-01-02T10:00:00Z lies outside the years",
        ),
        (String::new(), "line 3: 0 fields instead of 6"),
    ];
    for (row, expected) in cases {
        let found = refusal(&[NINE, &row]);
        assert!(found.starts_with(expected), "{row}\n{found}");
    }
}

#[test]
fn headers_say_what_is_missing_or_moved() {
    let problem = |text: &str| read(text).unwrap_err().faults[0].problem.clone();
    let missing = problem("timestamp,open,high,low,close\n");
    assert!(matches!(&missing, Problem::MissingColumns { missing, .. } if missing == "volume"), "{missing}");
    let moved = problem("timestamp,open,low,high,close,volume\n");
    assert!(matches!(&moved, Problem::Header { found } if found.contains("open,low,high")), "{moved}");
    assert!(matches!(problem(NINE), Problem::Header { .. }));
    assert!(matches!(problem(""), Problem::Empty));
    assert!(matches!(problem(HEADER), Problem::NoRows));
}

#[test]
fn a_file_that_ends_within_a_line_is_refused() {
    let bad = read(&format!("{HEADER}{NINE}\n{TEN}")).unwrap_err();
    assert_eq!((bad.faults[0].line, &bad.faults[0].problem), (Some(3), &Problem::CutOff));
}

#[test]
fn the_first_twenty_faults_are_shown_and_all_are_counted() {
    let bad = rows(&["x"; 500]).unwrap_err();
    assert_eq!((bad.faults.len(), bad.count), (20, 500));
    assert!(bad.to_string().ends_with("\nand 480 more"));
}

#[test]
fn bars_of_a_longer_timeframe_are_refused() {
    let days: String = (1..=12).map(|day| format!("2020-01-{day:02}T00:00:00Z,1,1,1,1,0\n")).collect();
    let bad = read(&format!("{HEADER}{days}")).unwrap_err();
    assert!(matches!(bad.faults[0].problem, Problem::WrongTimeframe { step_s: 86_400, .. }), "{bad}");
}

#[test]
fn limits_hold() {
    let text = format!("{HEADER}{NINE}\n{TEN}\n");
    let refused = |bytes_max, rows_max| {
        let options = ReadOptions { bytes_max, rows_max };
        csv::read(text.as_bytes(), symbol(), timeframe("1h"), &options).unwrap_err().faults[0].problem.clone()
    };
    assert!(matches!(refused(10, 9), Problem::TooManyBytes { bytes_max: 10, .. }));
    assert!(matches!(refused(1_000, 1), Problem::TooManyRows { rows_max: 1 }));
}

/// Imports one file and gives its bars and notes.
fn imported(text: &str, bars_of: &str, options: &ImportOptions) -> Result<Imported, BadBars> {
    import(text.as_bytes(), symbol(), timeframe(bars_of), options)
}

const NINE_S: i64 = 1_577_955_600;

#[test]
fn common_layouts_give_the_same_bar() {
    let utc = ImportOptions { clock: Some(FileClock::Ahead(0)), ..ImportOptions::default() };
    let files = [
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n2020.01.02\t09:00:00\t1.1\t1.3\t1.0\t1.2\t7\t100\t2\n",
        "Gmt time,Open,High,Low,Close,Volume\n02.01.2020 09:00:00.000,1.1,1.3,1.0,1.2,100\n",
        "20200102 090000;1.1;1.3;1.0;1.2;100\n",
        "2020.01.02,09:00,1.1,1.3,1.0,1.2,100\n",
        "timestamp,1. open,2. high,3. low,4. close,5. volume\n2020-01-02 09:00:00,1.1,1.3,1.0,1.2,100\n",
        "unix,date,symbol,open,high,low,close,Volume\n1577955600000,2020-01-02 00:00:00,X,1.1,1.3,1.0,1.2,100\n",
        "\"Datetime\";\"o\";\"h\";\"l\";\"c\";\"v\"\r\n\"2020-01-02 10:00:00+01:00\";\"1.1\";\"1.3\";\"1.0\";\"1.2\";\"100\"\r\n\r\n",
        ",open,high,low,close,volume\n2020-01-02T09:00:00Z,1.1,1.3,1.0,1.2,100",
        "1577955600,1.1,1.3,1.0,1.2,100\n",
    ];
    for file in files {
        let bars = imported(file, "1h", &utc).unwrap_or_else(|bad| panic!("{file}: {bad}")).bars;
        assert_eq!(bars, rows(&[NINE]).unwrap(), "{file}");
    }
}

#[test]
fn what_was_assumed_is_noted() {
    let plain = ImportOptions::default();
    let yahoo = "Date,Open,High,Low,Close,Adj Close\n2020-01-02,1.1,1.3,1.0,1.2,0.9\n";
    let yahoo = imported(yahoo, "1d", &plain).unwrap();
    assert_eq!(yahoo.notes, [Note::AdjustedCloseIgnored, Note::NoVolume]);
    let early = ImportOptions { clock: Some(FileClock::Ahead(-3_600)), ..plain.clone() };
    let early =
        imported("time,o,h,l,c,tick_volume,spread\n2020-01-02 08:00,1,1,1,1,5,2\n", "1h", &early).unwrap();
    assert_eq!(early.bars.time, [NINE_S]);
    assert_eq!(
        early.notes,
        [
            Note::ColumnsIgnored(vec!["spread".into()]),
            Note::TickVolume,
            Note::ClockApplied(FileClock::Ahead(-3_600))
        ]
    );
    let zoned =
        imported("Date,Open,High,Low,Close\n2020-01-02 00:00:00-05:00,1,1,1,1", "1d", &plain).unwrap();
    assert_eq!(zoned.bars.time, [NINE_S - 9 * 3_600]);
    assert_eq!(zoned.notes, [Note::NoVolume, Note::DatesAreTradingDays, Note::NoLastLineEnd]);
}

#[test]
fn what_reads_two_ways_is_refused_until_an_option_says_which() {
    let plain = ImportOptions::default();
    let problem = |text: &str, options| imported(text, "1h", options).unwrap_err().faults[0].problem.clone();
    let local = "time,open,high,low,close\n2020-01-02 09:00,1,1,1,1\n";
    assert!(matches!(problem(local, &plain), Problem::NoZone { .. }));
    let slashed = "time,open,high,low,close\n02/01/2020 09:00 UTC,1,1,1,1\n";
    assert!(matches!(problem(slashed, &plain), Problem::DateOrder { .. }));
    let day_first = ImportOptions { date_order: Some(DateOrder::DayFirst), ..plain.clone() };
    assert_eq!(imported(slashed, "1h", &day_first).unwrap().bars.time, [NINE_S]);
    assert!(matches!(problem("a,b,c,d,e\n", &plain), Problem::MissingColumns { .. }));
    assert!(matches!(problem("1,2,3,4,5,6\n", &plain), Problem::UnknownLayout { .. }));
    assert!(matches!(problem("time,open,open,high,low,close\n", &plain), Problem::ColumnTwice { .. }));
    assert!(matches!(
        imported("\u{0}\u{0}", "1h", &plain).unwrap_err().faults[0].problem,
        Problem::UnknownLayout { .. }
    ));
}

#[test]
fn rows_from_newest_to_oldest_are_sorted_only_when_asked() {
    let text = format!("{HEADER}{TEN}\n{NINE}\n");
    let bad = imported(&text, "1h", &ImportOptions::default()).unwrap_err();
    assert_eq!((bad.count, &bad.faults[0].problem), (1, &Problem::Descending));
    let sorted = imported(&text, "1h", &ImportOptions { sort: true, ..ImportOptions::default() }).unwrap();
    assert_eq!(Ok(sorted.bars), rows(&[NINE, TEN]));
    assert_eq!(sorted.notes, [Note::Sorted]);
}

/// Any series that obeys the rules of bars.
fn any_bars() -> impl Strategy<Value = Bars> {
    let price = || 1e-12_f64..1e12;
    let row = (1_i64..100, [price(), price(), price(), price()], 0.0_f64..1e15);
    (any::<bool>(), -50_000_i64..500_000, prop::collection::vec(row, 1..40)).prop_map(
        |(synthetic, start, rows)| {
            let mut bars = Bars::with_capacity(symbol(), timeframe("1h"), rows.len());
            bars.synthetic = synthetic;
            let mut hour = start;
            for (i, (step, mut prices, volume)) in rows.into_iter().enumerate() {
                // The first two are neighbours, so that the timeframe can be seen.
                hour += if i == 1 { 1 } else { step };
                prices.sort_by(f64::total_cmp);
                bars.time.push(hour * 3_600);
                bars.low.push(prices[0]);
                bars.open.push(prices[1]);
                bars.close.push(prices[2]);
                bars.high.push(prices[3]);
                bars.volume.push(volume);
            }
            bars
        },
    )
}

/// Text that looks enough like a price file to get past the first checks.
fn almost_csv() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec![
        "2020-01-02T09:00:00Z",
        "2020-01-02",
        "20200102 0900",
        "1577955600",
        "1.1",
        "-1",
        "1e400",
        "nan",
        "",
        "\"",
        "é",
        "timestamp",
        "<DATE>",
        "<TIME>",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "09:00",
        "31/12/2020",
        "12/31/2020",
        "20200102 090000 US/Eastern",
        "GMT+",
        "sep=;",
        "Price",
        "Ticker",
        "Date",
        "t",
        "<TICKVOL>",
        "Volume BTC",
        "1,5",
        "\"1,000.5\"",
        "$1.1",
        "58.41K",
        "90000",
    ]);
    let line = prop::collection::vec(field, 0..9);
    let lines = prop::collection::vec(line, 0..6);
    (lines, prop::sample::select(vec![",", ";", "\t"]), prop::sample::select(vec!["\n", "\r\n", "\r"]))
        .prop_map(|(lines, comma, end)| lines.iter().map(|fields| fields.join(comma) + end).collect())
}

fn read_every_way(bytes: &[u8]) {
    let sort =
        ImportOptions { clock: Some(FileClock::Ahead(i32::MIN)), sort: true, ..ImportOptions::default() };
    let zone = FileClock::Zone("new-york+7".parse().unwrap());
    let zoned = ImportOptions { clock: Some(zone), allow_negative_prices: true, ..ImportOptions::default() };
    for frame in ["1m", "1h", "1d", "4w"] {
        let _ = csv::read(bytes, symbol(), timeframe(frame), &ReadOptions::default());
        let _ = import(bytes, symbol(), timeframe(frame), &ImportOptions::default());
        let _ = import(bytes, symbol(), timeframe(frame), &sort);
        let _ = import(bytes, symbol(), timeframe(frame), &zoned);
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(bars in any_bars()) {
        let text = csv::write(&bars);
        let back = csv::read(&text, bars.symbol.clone(), bars.timeframe, &ReadOptions::default());
        prop_assert_eq!(back, Ok(bars));
    }

    #[test]
    fn own_layout_imports_as_it_reads(bars in any_bars()) {
        let imported = import(&csv::write(&bars), symbol(), timeframe("1h"), &ImportOptions::default());
        prop_assert_eq!(imported, Ok(Imported { bars, notes: vec![] }));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_every_way(&bytes);
        read_every_way(&[HEADER.as_bytes(), &bytes].concat());
    }

    #[test]
    fn almost_price_files_never_panic(text in almost_csv()) {
        read_every_way(text.as_bytes());
    }
}
