//! What a file of another program leaves open is asked, never picked; what it does not leave open is read.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use ktrdr_quant::data::csv;
use ktrdr_quant::data::fault::{BadBars, Problem};
use ktrdr_quant::data::import::{DateOrder, DecimalSign, FileClock, ImportOptions, Imported, Note, import};

fn options() -> ImportOptions {
    ImportOptions { clock: Some(FileClock::Ahead(0)), ..ImportOptions::default() }
}

fn read(symbol: &str, text: &str, timeframe: &str, options: &ImportOptions) -> Result<Imported, BadBars> {
    import(text.as_bytes(), symbol.parse().unwrap(), timeframe.parse().unwrap(), options)
}

fn rows_of(imported: &Imported) -> Vec<String> {
    let written = String::from_utf8(csv::write(&imported.bars)).unwrap();
    written.lines().skip_while(|line| !line.starts_with("timestamp")).skip(1).map(str::to_owned).collect()
}

#[track_caller]
fn bars(text: &str, timeframe: &str, options: &ImportOptions) -> Vec<String> {
    rows_of(&read("BTCUSD", text, timeframe, options).unwrap_or_else(|bad| panic!("{text}\n{bad}")))
}

#[track_caller]
fn fault(text: &str, timeframe: &str, options: &ImportOptions) -> (Option<u64>, Problem) {
    let bad = read("BTCUSD", text, timeframe, options).expect_err(text);
    (bad.faults[0].line, bad.faults[0].problem.clone())
}

fn days(dates: &[&str]) -> String {
    let row = |date: &&str| format!("{date},1,2,0.5,1.5,9\n");
    format!("Date,Open,High,Low,Close,Volume\n{}", dates.iter().map(row).collect::<String>())
}

fn dates(text: &str, options: &ImportOptions) -> Vec<String> {
    bars(text, "1d", options).iter().map(|row| row[..10].to_owned()).collect()
}

#[test]
fn prices_that_may_be_thousands_or_fractions_are_asked_for() {
    let header = "Date,Open,High,Low,Close,Volume\n";
    let open = format!("{header}2024-04-15,\"151,235\",\"151,500\",\"150,900\",\"151,100\",7\n");
    let (line, problem) = fault(&open, "1d", &options());
    assert!(matches!(&problem, Problem::DecimalSign { text } if text == "151,235"), "{problem}");
    assert_eq!(line, Some(2));
    let asked = |sign| ImportOptions { decimal: Some(sign), ..options() };
    let whole = "2024-04-15T00:00:00Z,151235,151500,150900,151100,7";
    assert_eq!(bars(&open, "1d", &asked(DecimalSign::Point)), [whole]);
    let fractions = "2024-04-15T00:00:00Z,151.235,151.5,150.9,151.1,7";
    assert_eq!(bars(&open, "1d", &asked(DecimalSign::Comma)), [fractions]);
    // Tabs say as little as commas; a volume with two groups tells, as does one price.
    let tabs = "Date\tOpen\tHigh\tLow\tClose\n2024-04-15\t151,235\t151,500\t150,900\t151,100\n";
    assert!(matches!(fault(tabs, "1d", &options()).1, Problem::DecimalSign { .. }));
    let told = open.replace(",7\n", ",\"1,234,567\"\n");
    assert_eq!(bars(&told, "1d", &options()), [whole.replace(",7", ",1234567")]);
    let told = format!("{open}2024-04-16,\"151,235.5\",\"151,500\",\"150,900\",\"151,100\",7\n");
    assert_eq!(bars(&told, "1d", &options())[0], whole);
}

#[test]
fn the_volume_is_the_base_assets_whatever_the_order_of_columns() {
    let file = |columns: &str| format!("date,open,high,low,close,{columns}\n2024-01-02,1,2,0.5,1.5,10,20\n");
    let volume = |symbol: &str, columns: &str| {
        read(symbol, &file(columns), "1d", &options()).map(|imported| imported.bars.volume[0])
    };
    for (symbol, columns, counted) in [
        ("BTCUSD", "Volume USD,Volume BTC", 20.0),
        ("BTCUSD", "Volume BTC,Volume USD", 10.0),
        ("ETHBTC", "Volume BTC,Volume ETH", 20.0),
        ("USDTUSD", "Volume USD,Volume USDT", 20.0),
        ("BTC-USD", "Volume_(Currency),Volume_(BTC)", 20.0),
        ("ANY", "Volume,Volume USD", 10.0),
    ] {
        assert_eq!(volume(symbol, columns), Ok(counted), "{symbol}: {columns}");
    }
    for (symbol, columns) in [
        ("XAUEUR", "Volume BTC,Volume ETH"),
        ("BTCUSD", "Volume USD,spread"),
        ("GOLD", "Volume BTC,Volume USD"),
    ] {
        let problem = volume(symbol, columns).unwrap_err().faults.remove(0).problem;
        assert!(matches!(problem, Problem::VolumeOfWhat { .. }), "{symbol}: {columns}: {problem}");
    }
    let named = ImportOptions { volume_column: Some("volume btc".into()), ..options() };
    let imported = read("GOLD", &file("Volume USD,Volume BTC"), "1d", &named).unwrap();
    assert_eq!(imported.bars.volume, [20.0]);
    let wrong = ImportOptions { volume_column: Some("Lots".into()), ..options() };
    for text in [file("Volume USD,Volume BTC"), "1735689600,1,2,0.5,1.5,9\n".into()] {
        assert!(matches!(fault(&text, "1d", &wrong).1, Problem::NoSuchColumn { .. }), "{text}");
    }
}

#[test]
fn lines_of_title_above_the_header_are_skipped_and_said() {
    let body = days(&["2024-01-02"]);
    let plain = bars(&body, "1d", &options());
    for title in
        ["https://www.CryptoDataDownload.com\n", "Prices of X\n\nSource: Y, Z\n", "\u{feff}Report\r\n"]
    {
        let text = format!("{title}{body}");
        let imported = read("BTCUSD", &text, "1d", &options()).unwrap_or_else(|bad| panic!("{title}\n{bad}"));
        assert_eq!(rows_of(&imported), plain, "{title}");
        assert!(matches!(imported.notes[0], Note::TitleSkipped { .. }), "{:?}", imported.notes);
    }
    // A fault of the header is told with the header's line.
    let lacks = "https://example.org\nDate,Open,High,Low,Volume\n2024-01-02,1,2,0.5,9\n";
    let (line, problem) = fault(lacks, "1d", &options());
    assert!(matches!(problem, Problem::MissingColumns { .. }), "{problem}");
    assert_eq!(line, Some(2));
}

#[test]
fn two_forms_of_dates_in_one_file_are_refused_with_both_lines() {
    for (first, second) in [
        ("2024-01-30", "31/01/2024"),
        ("30/01/2024", "31.01.2024"),
        ("2024-01-30", "Jan 31 2024"),
        ("1706572800", "2024-01-31"),
        ("20240130", "2024-01-31"),
        ("2024-01-30", "2024/01/31"),
    ] {
        let (line, problem) = fault(&days(&[first, second]), "1d", &options());
        let Problem::MixedDateForms { text, other_text, other_line } = &problem else { panic!("{problem}") };
        assert_eq!((line, text.as_str(), other_text.as_str(), *other_line), (Some(3), second, first, 2));
    }
    // Our own layout has a faster reader, which knows one form.
    let own = "timestamp,open,high,low,close,volume\n2024-01-02T00:00:00Z,1,2,0.5,1.5,9\n03/01/2024,1,2,0.5,1.5,9\n";
    let asked = ImportOptions { date_order: Some(DateOrder::DayFirst), ..options() };
    assert!(matches!(fault(own, "1d", &asked), (Some(3), Problem::MixedDateForms { other_line: 2, .. })));
    // One form may leave midnights out, and epochs tell their unit by themselves.
    assert_eq!(dates(&days(&["2024-01-30", "2024-01-31 00:00:00"]), &options()).len(), 2);
    assert_eq!(dates(&days(&["1706572800000", "1706659200000000"]), &options()).len(), 2);
}

#[test]
fn a_footer_is_named_with_its_line_and_empty_lines_are_no_fault() {
    let body = days(&["2024-01-02"]);
    assert_eq!(bars(&format!("{body}\n \n\n"), "1d", &options()).len(), 1);
    for footer in [
        "Data provided by X",
        "\"Downloaded from X as of 05-01-2024 06:12am CDT\"",
        "Total,,,,,9",
        "# end",
        "Date,Open,High,Low,Close,Volume",
    ] {
        let (line, problem) = fault(&format!("{body}{footer}\n"), "1d", &options());
        assert!(matches!(&problem, Problem::Words { .. }), "{footer}: {problem}");
        assert_eq!(line, Some(3));
    }
    let (_, short) = fault(&format!("{body}2024-01-03,1,2\n"), "1d", &options());
    assert!(matches!(short, Problem::Fields { found: 3, expected: 6 }), "{short}");
}

#[test]
fn dates_with_months_by_name_and_years_of_two_digits_are_read() {
    let expected = ["2024-01-30", "2024-01-31"];
    for file in [
        ["30 Jan 2024", "31 Jan 2024"],
        ["\"Jan 30, 2024\"", "\"Jan 31, 2024\""],
        ["30-Jan-24", "31-Jan-24"],
        ["01/30/24", "01/31/24"],
        ["30.01.24", "31.01.24"],
    ] {
        assert_eq!(dates(&days(&file), &options()), expected, "{file:?}");
    }
    let bare = "Jan 31 2024 09:00,1,2,0.5,1.5,9\n";
    assert_eq!(bars(bare, "1h", &options()), ["2024-01-31T09:00:00Z,1,2,0.5,1.5,9"]);
    let open = days(&["02/01/24", "03/01/24"]);
    let (line, problem) = fault(&open, "1d", &options());
    assert!(matches!(&problem, Problem::DateOrder { orders, .. } if orders.len() == 3), "{problem}");
    assert_eq!(line, Some(2));
    for (order, date) in [
        (DateOrder::DayFirst, "2024-01-02"),
        (DateOrder::MonthFirst, "2024-02-01"),
        (DateOrder::YearFirst, "2002-01-24"),
    ] {
        let asked = ImportOptions { date_order: Some(order), ..options() };
        assert_eq!(dates(&days(&["02/01/24"]), &asked), [date]);
    }
}

#[test]
fn words_for_zones_are_read_where_they_have_one_meaning() {
    let nine = ["2024-07-01T09:00:00Z,1,2,0.5,1.5,9"];
    for time in [
        "2024-07-01 05:00 EDT",
        "2024-07-01 5:00 AM EDT",
        "2024-07-01 09:00 GMT",
        "2024-07-01 09:00 utc",
        "2024-07-01 11:00 CEST",
        "Mon 1 Jul 2024 09:00:00 UTC",
    ] {
        assert_eq!(bars(&days(&[time]), "1h", &options()), nine, "{time}");
    }
    for several in ["CST", "BST", "IST"] {
        let (_, problem) = fault(&days(&[&format!("2024-07-01 05:00 {several}")]), "1h", &options());
        assert!(matches!(&problem, Problem::UnknownZone { zone, .. } if zone == several), "{problem}");
    }
}

#[test]
fn a_price_of_minus_zero_is_zero() {
    let asked = ImportOptions { allow_negative_prices: true, ..options() };
    let text = "Date,Open,High,Low,Close,Volume\n2024-04-20,-0,0.5,-0.0,-0,-0\n";
    assert_eq!(bars(text, "1d", &asked), ["2024-04-20T00:00:00Z,0,0.5,0,0,0"]);
}
