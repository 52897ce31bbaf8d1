//! Exports of brokers and vendors, each a small file, with the bars that the vendor means, worked out by hand.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use ktrdr_quant::data::csv::{self, ReadOptions};
use ktrdr_quant::data::fault::{BadBars, Problem};
use ktrdr_quant::data::import::{DateOrder, FileClock, ImportOptions, Imported, Note, import};

fn options() -> ImportOptions {
    ImportOptions { clock: Some(FileClock::Ahead(0)), ..ImportOptions::default() }
}

fn zone(name: &str) -> ImportOptions {
    ImportOptions { clock: Some(FileClock::Zone(name.parse().unwrap())), ..ImportOptions::default() }
}

fn read(text: &str, timeframe: &str, options: &ImportOptions) -> Result<Imported, BadBars> {
    import(text.as_bytes(), "BTCUSDT".parse().unwrap(), timeframe.parse().unwrap(), options)
}

/// The bars of a file, as rows of our own layout.
#[track_caller]
fn bars(text: &str, timeframe: &str, options: &ImportOptions) -> Vec<String> {
    let imported = read(text, timeframe, options).unwrap_or_else(|bad| panic!("{text}\n{bad}"));
    let written = String::from_utf8(csv::write(&imported.bars)).unwrap();
    written.lines().skip_while(|line| !line.starts_with("timestamp")).skip(1).map(str::to_owned).collect()
}

#[track_caller]
fn notes(text: &str, timeframe: &str, options: &ImportOptions) -> Vec<Note> {
    read(text, timeframe, options).unwrap_or_else(|bad| panic!("{text}\n{bad}")).notes
}

/// The one fault of a file.
#[track_caller]
fn fault(text: &str, timeframe: &str, options: &ImportOptions) -> (Option<u64>, Problem) {
    let bad = read(text, timeframe, options).expect_err(text);
    (bad.faults[0].line, bad.faults[0].problem.clone())
}

#[test]
fn each_vendors_daily_file_gives_its_bars() {
    let apple = [
        "2024-04-15T00:00:00Z,175.36,176.63,172.5,172.69,73531800",
        "2024-04-16T00:00:00Z,171.75,173.76,168.27,169.38,73711200",
    ];
    let newest_first = ImportOptions { sort: true, ..options() };
    for (vendor, text, options) in [
        (
            "a stock exchange: dollars, newest first, months first",
            "Date,Close/Last,Volume,Open,High,Low\n04/16/2024,$169.38,73711200,$171.75,$173.76,$168.27\n04/15/2024,$172.69,73531800,$175.36,$176.63,$172.50\n",
            newest_first.clone(),
        ),
        (
            "a portal: the close is called price, volumes in millions",
            "\u{feff}\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"\n\"04/16/2024\",\"169.38\",\"171.75\",\"173.76\",\"168.27\",\"73.7112M\",\"-1.92%\"\n\"04/15/2024\",\"172.69\",\"175.36\",\"176.63\",\"172.50\",\"73.5318M\",\"-2.19%\"\n",
            newest_first,
        ),
        (
            "a data frame with three header lines",
            "Price,Close,High,Low,Open,Volume\nTicker,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,\n2024-04-15,172.69,176.63,172.5,175.36,73531800\n2024-04-16,169.38,173.76,168.27,171.75,73711200\n",
            options(),
        ),
        (
            "the same, grouped by instrument",
            "Ticker,AAPL,AAPL,AAPL,AAPL,AAPL\nPrice,Open,High,Low,Close,Volume\nDate,,,,,\n2024-04-15,175.36,176.63,172.5,172.69,73531800\n2024-04-16,171.75,173.76,168.27,169.38,73711200\n",
            options(),
        ),
        (
            "a data frame that wrote its row numbers",
            ",date,open,high,low,close,volume\n0,2024-04-15,175.36,176.63,172.5,172.69,73531800\n1,2024-04-16,171.75,173.76,168.27,169.38,73711200\n",
            options(),
        ),
        (
            "a comma at the end of each line",
            "Date,Open,High,Low,Close,Volume,\n2024-04-15,175.36,176.63,172.5,172.69,73531800,\n2024-04-16,171.75,173.76,168.27,169.38,73711200,\n",
            options(),
        ),
        (
            "a spreadsheet with decimal commas that names its separator",
            "sep=;\nDate;Open;High;Low;Close;Volume\n15.04.2024;175,36;176,63;172,5;172,69;73.531.800\n16.04.2024;171,75;173,76;168,27;169,38;73.711.200\n",
            options(),
        ),
        (
            "a spreadsheet with decimal commas",
            "Date;Open;High;Low;Close;Volume\r\n15/04/2024;175,36;176,63;172,5;172,69;73531800\r\n16/04/2024;171,75;173,76;168,27;169,38;73711200\r\n",
            options(),
        ),
        (
            "letters for names, milliseconds",
            "t,o,h,l,c,v\n1713139200000,175.36,176.63,172.5,172.69,73531800\n1713225600000,171.75,173.76,168.27,169.38,73711200\n",
            options(),
        ),
        (
            "a flat file of aggregates: nanoseconds, columns in its own order",
            "ticker,volume,open,close,high,low,window_start,transactions\nAAPL,73531800,175.36,172.69,176.63,172.5,1713139200000000000,7\nAAPL,73711200,171.75,169.38,173.76,168.27,1713225600000000000,8\n",
            options(),
        ),
        (
            "a platform that writes the time as a number",
            "<TICKER>;<PER>;<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>\nAAPL;D;20240415;0;175.36;176.63;172.5;172.69;73531800\nAAPL;D;20240416;0;171.75;173.76;168.27;169.38;73711200\n",
            options(),
        ),
    ] {
        assert_eq!(bars(text, "1d", &options), apple, "{vendor}");
    }
}

#[test]
fn dumps_of_exchanges_need_no_header() {
    let expected = [
        "2025-01-01T00:00:00Z,93576,94509.42,93489.03,94401.14,755.99",
        "2025-01-01T01:00:00Z,94401.14,94408.72,93578.77,93607.74,586.53",
    ];
    for unit in ["", "000", "000000"] {
        let twelve = format!(
            "1735689600{unit},93576.00,94509.42,93489.03,94401.14,755.99,1735693199{unit},71059486.3,153000,380.1,35726000.1,0\n1735693200{unit},94401.14,94408.72,93578.77,93607.74,586.53,1735696799{unit},55000000.1,111000,200.5,18850000.2,0\n"
        );
        assert_eq!(bars(&twelve, "1h", &options()), expected, "twelve columns, unit {unit:?}");
        let seven = format!(
            "1735689600{unit},93576.00,94509.42,93489.03,94401.14,755.99,153000\n1735693200{unit},94401.14,94408.72,93578.77,93607.74,586.53,111000\n"
        );
        assert_eq!(bars(&seven, "1h", &options()), expected, "seven columns, unit {unit:?}");
        let noted = notes(&seven, "1h", &options());
        assert_eq!(noted, [Note::NoHeader, Note::ColumnsIgnored(vec!["number 7".into()])]);
    }
}

#[test]
fn the_header_that_a_refusal_proposes_works() {
    for rows in ["x,1735689600,1,2,0.5,1.5,9,8\n", "a;b;c;d;e;f\n", "#1,2,3,4,5\n"] {
        let (line, problem) = fault(rows, "1h", &options());
        let Problem::UnknownLayout { header, .. } = &problem else {
            // A first line of words is taken for a header, and says which columns it lacks.
            assert!(matches!(problem, Problem::MissingColumns { .. }), "{problem}");
            continue;
        };
        assert_eq!(line, Some(1));
        let row = "2025-01-01T00:00:00Z,1,2,0.5,1.5,9,8,7,6";
        let row: Vec<&str> = row.split(',').take(header.split(',').count()).collect();
        assert!(read(&format!("{header}\n{}\n", row.join(",")), "1h", &options()).is_ok(), "{header}");
    }
    let eight = "1,1735689600,1,2,0.5,1.5,9,8\n";
    let (_, Problem::UnknownLayout { header, .. }) = fault(eight, "1h", &options()) else { panic!() };
    assert_eq!(header, "timestamp,open,high,low,close,volume,column7,column8");
}

#[test]
fn the_volume_of_a_pair_is_that_of_what_is_traded() {
    let text = "unix,date,symbol,open,high,low,close,Volume BTC,Volume USDT,tradecount\n1577955600000,2020-01-02 09:00:00,BTC/USDT,7000,7100,6900,7050,12.5,88000,900\n";
    assert_eq!(bars(text, "1h", &options()), ["2020-01-02T09:00:00Z,7000,7100,6900,7050,12.5"]);
    assert!(notes(text, "1h", &options()).contains(&Note::VolumeOf("BTC".into())));
    let turned = text.replace("Volume BTC,Volume USDT", "Volume USDT,Volume BTC");
    assert_eq!(bars(&turned, "1h", &options()), ["2020-01-02T09:00:00Z,7000,7100,6900,7050,88000"]);
}

#[test]
fn ticks_are_the_volume_where_nothing_else_is_counted() {
    let file = |vol: [u32; 2]| {
        format!(
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n2020.01.02\t09:00:00\t1.1\t1.3\t1.0\t1.2\t1204\t{}\t2\n2020.01.02\t10:00:00\t1.2\t1.4\t1.1\t1.3\t1310\t{}\t2\n",
            vol[0], vol[1]
        )
    };
    let (nine, ten) = ("2020-01-02T09:00:00Z,1.1,1.3,1,1.2,", "2020-01-02T10:00:00Z,1.2,1.4,1.1,1.3,");
    assert_eq!(bars(&file([0, 0]), "1h", &options()), [format!("{nine}1204"), format!("{ten}1310")]);
    assert!(notes(&file([0, 0]), "1h", &options()).contains(&Note::TickVolume));
    assert_eq!(bars(&file([0, 5]), "1h", &options()), [format!("{nine}0"), format!("{ten}5")]);
    assert!(!notes(&file([0, 5]), "1h", &options()).contains(&Note::TickVolume));
}

#[test]
fn times_are_read_as_vendors_write_them() {
    let nine = "2023-11-15T09:00:00Z,1,1,1,1,0";
    for (header, time) in [
        ("Local time", "15.11.2023 10:00:00.000 GMT+0100"),
        ("Time (EET)", "2023.11.15 11:00:00"),
        ("Date (UTC)", "2023-11-15  09:00"),
        ("time", "20231115 04:00:00 US/Eastern"),
        ("time", "20231115  04:00:00  America/New_York"),
        ("time", "20231115 10:00:00 GMT+0100"),
        ("Date", "11/15/2023 9:00 AM"),
        ("<DATE>,<TIME>", "20231115,90000"),
        ("<DATE>,<TIME>", "20231115,900"),
        ("Date,Time", "15/11/2023,09:00"),
        ("Date,Time", "20231115,0900"),
    ] {
        let text = format!("{header},Open,High,Low,Close\n{time},1,1,1,1\n");
        assert_eq!(bars(&text, "1h", &options()), [nine], "{header}: {time}");
    }
    // A number has seconds where one of the file has.
    let text = "<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>\n20231115,0,1,1,1,1\n20231115,1500,1,1,1,1\n20231115,100000,1,1,1,1\n";
    let times: Vec<String> = bars(text, "15m", &options()).iter().map(|row| row[11..16].to_owned()).collect();
    assert_eq!(times, ["00:00", "00:15", "10:00"]);
}

#[test]
fn a_file_has_one_order_of_dates_and_every_row_keeps_to_it() {
    let rows = |dates: &[&str]| {
        let row = |date: &&str| format!("{date},1,2,0.5,1.5,9\n");
        format!("Date,Open,High,Low,Close,Volume\n{}", dates.iter().map(row).collect::<String>())
    };
    let asked = |date_order, sort| ImportOptions { date_order: Some(date_order), sort, ..options() };
    let day_first = rows(&["16/04/2024", "15/04/2024", "12/04/2024"]);
    let (line, problem) = fault(&day_first, "1d", &asked(DateOrder::MonthFirst, true));
    assert!(matches!(problem, Problem::AgainstDateOrder { other: "day-first", .. }), "{problem}");
    assert_eq!(line, Some(2));
    let days: Vec<String> = bars(&day_first, "1d", &asked(DateOrder::DayFirst, true))
        .iter()
        .map(|row| row[..10].to_owned())
        .collect();
    assert_eq!(days, ["2024-04-12", "2024-04-15", "2024-04-16"]);

    // Found: the last row tells for all.
    let found = rows(&["02/01/2020", "03/01/2020", "13/01/2020"]);
    let days: Vec<String> = bars(&found, "1d", &options()).iter().map(|row| row[..10].to_owned()).collect();
    assert_eq!(days, ["2020-01-02", "2020-01-03", "2020-01-13"]);
    assert!(notes(&found, "1d", &options()).contains(&Note::DateOrderFound { order: "day-first", line: 4 }));

    let (line, problem) = fault(&rows(&["02/01/2020", "13/01/2020", "01/14/2020"]), "1d", &options());
    assert!(matches!(problem, Problem::MixedDateOrders { other_line: 3, .. }), "{problem}");
    assert_eq!(line, Some(4));
    let (line, problem) = fault(&rows(&["02/01/2020", "03/01/2020"]), "1d", &options());
    assert!(matches!(problem, Problem::DateOrder { .. }), "{problem}");
    assert_eq!(line, Some(2));
    // Dots are written where the day comes first, unless a row says otherwise.
    let dots = |dates: &[&str]| {
        bars(&rows(dates), "1d", &options()).iter().map(|row| row[..10].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(dots(&["02.01.2020", "03.01.2020"]), ["2020-01-02", "2020-01-03"]);
    assert_eq!(dots(&["01.03.2020", "01.14.2020"]), ["2020-01-03", "2020-01-14"]);
}

#[test]
fn numbers_are_read_as_vendors_write_them() {
    let one =
        |row: &str| bars(&format!("Date,Open,High,Low,Close,Volume\n{row}\n"), "1d", &options()).remove(0);
    assert_eq!(
        one("2024-04-16,\"1,890.00\",\"1,899.50\",999.25,\"1,895.10\",58.41K"),
        "2024-04-16T00:00:00Z,1890,1899.5,999.25,1895.1,58410"
    );
    assert_eq!(one("2024-04-16,1,2,0.5,1.5,1.02M"), "2024-04-16T00:00:00Z,1,2,0.5,1.5,1020000");
    assert_eq!(one("2024-04-16,1,2,0.5,1.5,2.3B"), "2024-04-16T00:00:00Z,1,2,0.5,1.5,2300000000");
    assert_eq!(one("2024-04-16,1,2,0.5,1.5,\"1,234,567\""), "2024-04-16T00:00:00Z,1,2,0.5,1.5,1234567");
    let empty = "Date,Open,High,Low,Close,Volume\n2024-04-16,1,2,0.5,1.5,\n2024-04-17,1,2,0.5,1.5,-\n";
    assert!(notes(empty, "1d", &options()).contains(&Note::VolumeMissing(2)));
    // Which sign is the decimal one is decided by all prices: three digits behind a comma alone do not tell.
    let yen = "Date;Open;High;Low;Close\n2024-04-16;154,229;154,605;153,902;154,500\n";
    assert_eq!(bars(yen, "1d", &options()), ["2024-04-16T00:00:00Z,154.229,154.605,153.902,154.5,0"]);
    assert!(notes(yen, "1d", &options()).contains(&Note::DecimalCommasAssumed));
    let grouped = "Date;Open;High;Low;Close\n2024-04-16;1,229;1,605;998.25;1,500\n";
    assert_eq!(bars(grouped, "1d", &options()), ["2024-04-16T00:00:00Z,1229,1605,998.25,1500,0"]);
}

#[test]
fn rounding_is_mended_and_counted_and_a_cent_is_refused() {
    let row = |high: &str, close: &str| {
        format!(
            "Date,Open,High,Low,Close\n2024-01-02,184.1,{high},183.9,{close}\n2024-01-03,184.1,185,183.9,184.25\n"
        )
    };
    let adjusted = row("184.52923583984375", "184.52923583984378");
    assert_eq!(
        bars(&adjusted, "1d", &options())[0],
        "2024-01-02T00:00:00Z,184.1,184.52923583984378,183.9,184.52923583984378,0"
    );
    assert!(notes(&adjusted, "1d", &options()).contains(&Note::RoundingMended(1)));
    let (line, problem) = fault(&row("184.52", "184.53"), "1d", &options());
    assert!(matches!(problem, Problem::HighTooLow { .. }), "{problem}");
    assert_eq!(line, Some(2));
    // Highs are printed with two digits in this file: 184.53 may have been 184.534.
    assert_eq!(
        bars(&row("184.53", "184.534"), "1d", &options())[0],
        "2024-01-02T00:00:00Z,184.1,184.534,183.9,184.534,0"
    );
    assert!(matches!(fault(&row("184.53", "184.536"), "1d", &options()).1, Problem::HighTooLow { .. }));
    // That one row leaves a digit out says nothing while another prints it.
    let trimmed = "Date,Open,High,Low,Close\n2024-01-02,184.1,184.5,183.9,184.54\n2024-01-03,184.1,185.25,183.9,184.25\n";
    assert!(matches!(fault(trimmed, "1d", &options()).1, Problem::HighTooLow { .. }));
    let whole = "Date,Open,High,Low,Close\n2024-01-02,184,185,183,185.5\n";
    assert!(matches!(fault(whole, "1d", &options()).1, Problem::HighTooLow { .. }));
    let strict = b"timestamp,open,high,low,close,volume\n2024-01-02T00:00:00Z,184.1,184.52923583984375,183.9,184.52923583984378,0\n";
    let strict = csv::read(strict, "X".parse().unwrap(), "1d".parse().unwrap(), &ReadOptions::default());
    assert!(strict.is_err(), "a file in our own layout is not mended");
}

#[test]
fn hours_of_a_clock_that_changes_are_put_where_they_were() {
    let file = |times: &[&str]| {
        let row = |time: &&str| format!("{time},1,2,0.5,1.5,9\n");
        format!("Date,Open,High,Low,Close,Volume\n{}", times.iter().map(row).collect::<String>())
    };
    let times = |text: &str, timeframe: &str, options: &ImportOptions| {
        bars(text, timeframe, options).iter().map(|row| row[..16].to_owned()).collect::<Vec<_>>()
    };
    let broker = file(&["2024.03.08 23:00", "2024.03.11 00:00", "2024.07.01 12:00", "2024.11.04 00:00"]);
    assert_eq!(
        times(&broker, "1h", &zone("new-york+7")),
        ["2024-03-08T21:00", "2024-03-10T21:00", "2024-07-01T09:00", "2024-11-03T22:00"]
    );
    let autumn = [
        "2024-11-03 00:30",
        "2024-11-03 01:00",
        "2024-11-03 01:30",
        "2024-11-03 01:00",
        "2024-11-03 01:30",
        "2024-11-03 02:00",
    ];
    let expected =
        ["04:30", "05:00", "05:30", "06:00", "06:30", "07:00"].map(|clock| format!("2024-11-03T{clock}"));
    assert_eq!(times(&file(&autumn), "30m", &zone("America/New_York")), expected);
    assert!(
        notes(&file(&autumn), "30m", &zone("America/New_York"))
            .contains(&Note::RepeatedHours { bars: 4, alone: 0 })
    );
    let newest_first: Vec<&str> = autumn.iter().rev().copied().collect();
    let sorted = ImportOptions { sort: true, ..zone("America/New_York") };
    assert_eq!(times(&file(&newest_first), "30m", &sorted), expected);
    let alone = file(&["2024-11-03 00:00", "2024-11-03 01:00", "2024-11-03 02:00"]);
    assert!(
        notes(&alone, "1h", &zone("America/New_York")).contains(&Note::RepeatedHours { bars: 1, alone: 1 })
    );
    let spring = file(&["2024-03-10 01:00", "2024-03-10 02:00", "2024-03-10 03:00"]);
    let (line, problem) = fault(&spring, "1h", &zone("America/New_York"));
    assert!(
        matches!(&problem, Problem::SkippedHour { wall, .. } if wall == "2024-03-10 02:00:00"),
        "{problem}"
    );
    assert_eq!(line, Some(3));
    // Three times in one hour are a duplicate all the same.
    let thrice = file(&["2024-11-03 01:00", "2024-11-03 01:00", "2024-11-03 01:00"]);
    assert_eq!(fault(&thrice, "1h", &zone("America/New_York")).0, Some(4));
    // Dates of trading days have no zone.
    assert_eq!(
        times(&file(&["2024-07-01", "2024-07-02"]), "1d", &zone("America/New_York")),
        ["2024-07-01T00:00", "2024-07-02T00:00"]
    );
}

#[test]
fn a_session_that_opens_late_within_its_bar_is_noted() {
    let file = |times: &[&str]| {
        let row = |time: &&str| format!("{time},1,2,0.5,1.5,9\n");
        format!("Date,Open,High,Low,Close,Volume\n{}", times.iter().map(row).collect::<String>())
    };
    let days = file(&[
        "2024-01-02 09:30",
        "2024-01-02 10:00",
        "2024-01-02 11:00",
        "2024-01-03 09:30",
        "2024-01-03 10:00",
    ]);
    let times: Vec<String> =
        bars(&days, "1h", &zone("America/New_York")).iter().map(|row| row[..16].to_owned()).collect();
    assert_eq!(
        times,
        ["2024-01-02T14:00", "2024-01-02T15:00", "2024-01-02T16:00", "2024-01-03T14:00", "2024-01-03T15:00"]
    );
    assert!(notes(&days, "1h", &zone("America/New_York")).contains(&Note::LateOpens(2)));
    for wrong in [
        &["2024-01-02 09:00", "2024-01-02 09:30"][..],
        &["2024-01-02 09:00", "2024-01-02 10:30", "2024-01-02 11:00"],
        &["2024-01-02 09:30", "2024-01-02 10:00", "2024-01-02 10:30"],
    ] {
        assert!(matches!(fault(&file(wrong), "1h", &options()).1, Problem::Overlap { .. }), "{wrong:?}");
    }
}

#[test]
fn negative_prices_are_taken_when_asked_for_and_stay_allowed() {
    let oil = "Date,Open,High,Low,Close,Volume\n2020-04-17,19.7,20.2,17.3,18.27,100\n2020-04-20,17.73,17.85,-40.32,-37.63,247947\n";
    let (line, problem) = fault(oil, "1d", &options());
    assert_eq!(line, Some(3));
    assert!(problem.to_string().contains("`--allow-negative-prices`"), "{problem}");
    let asked = ImportOptions { allow_negative_prices: true, ..options() };
    let imported = read(oil, "1d", &asked).unwrap();
    assert_eq!(imported.bars.low[1], -40.32);
    assert!(imported.notes.contains(&Note::NegativePrices(1)));
    let stored = csv::write(&imported.bars);
    let again =
        csv::read(&stored, "BTCUSDT".parse().unwrap(), "1d".parse().unwrap(), &ReadOptions::default());
    assert_eq!(again.as_ref(), Ok(&imported.bars));
    let copied = import(&stored, "BTCUSDT".parse().unwrap(), "1d".parse().unwrap(), &options()).unwrap();
    assert_eq!(copied.bars, imported.bars);
    let positive = read("Date,Open,High,Low,Close\n2020-04-17,1,2,0.5,1\n", "1d", &asked).unwrap();
    assert!(!csv::write(&positive.bars).starts_with(b"#"), "nothing is remembered that was not needed");
}

#[test]
fn two_instruments_in_one_file_are_refused() {
    let text = "Price,Close,Close,High,High,Low,Low,Open,Open\nTicker,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT\nDate,,,,,,,,\n2024-04-15,1,1,1,1,1,1,1,1\n";
    let (_, problem) = fault(text, "1d", &options());
    assert!(matches!(&problem, Problem::SeveralInstruments { names } if names == "AAPL, MSFT"), "{problem}");
}
