//! Exports of other programs: each documented layout gives its documented bars, and each refusal names the option or
//! command that mends it, which then does.

use serde_json::Value;

use crate::world::World;

const DOCS: &str = include_str!("../docs/data-formats.md");
const HEADER: &str = "timestamp,open,high,low,close,volume\n";

/// The fenced texts of a section, in their order.
fn fences(section: &str) -> Vec<&str> {
    section.split("```").skip(1).step_by(2).map(|fence| fence.split_once('\n').unwrap().1).collect()
}

/// The words of a documented command, with the file where it is.
fn words(command: &str, file: &str) -> Vec<String> {
    let words = command.split_whitespace().skip_while(|word| *word == "ktrdr");
    words.map(|word| if word.contains(".csv") { file.to_owned() } else { word.to_owned() }).collect()
}

fn value<'w>(words: &'w [String], option: &str) -> &'w str {
    &words[words.iter().position(|word| word == option).unwrap() + 1]
}

fn borrowed(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

#[test]
fn every_documented_layout_gives_its_documented_bars() {
    let sections: Vec<&str> = DOCS.split("\n### ").skip(1).collect();
    assert!(sections.len() >= 28, "{} layouts", sections.len());
    let world = World::new();
    for section in sections {
        let title = section.lines().next().unwrap();
        let [file, command, bars] = fences(section)[..] else { panic!("{title}: file, command, bars") };
        let path = world.write("prices.csv", file);
        let mut import = words(command, path.to_str().unwrap());
        import.push("--replace".to_owned());
        world.json(&borrowed(&import));
        let stored = format!("data/{}_{}.csv", value(&import, "--symbol"), value(&import, "--timeframe"));
        let stored = std::fs::read_to_string(world.path(&stored)).unwrap();
        let rows = stored.lines().filter(|line| !line.starts_with('#')).skip(1).collect::<Vec<_>>();
        assert_eq!(rows, bars.lines().collect::<Vec<_>>(), "{title}");
    }
    let own = fences(DOCS)[0];
    world.write("data/OWN_1h.csv", own);
    world.json(&["data", "check", "-s", "OWN", "-t", "1h"]);
}

/// What stands in backticks.
fn advice(said: &str) -> Vec<&str> {
    said.split('`').skip(1).step_by(2).collect()
}

/// The same command with an option set.
fn with(command: &[String], option: &[&str]) -> Vec<String> {
    let mut changed = command.to_vec();
    match (changed.iter().position(|word| word == option[0]), option) {
        (Some(at), [_, value]) => changed[at + 1] = (*value).to_owned(),
        (Some(_), _) => {}
        (None, _) => changed.extend(option.iter().map(|word| (*word).to_owned())),
    }
    changed
}

fn rows(times: &[&str]) -> String {
    let row = |time: &&str| format!("{time},1,2,0.5,1.5,9\n");
    format!("Date,Open,High,Low,Close,Volume\n{}", times.iter().map(row).collect::<String>())
}

#[test]
fn the_option_that_a_refusal_names_mends_it() {
    let days: Vec<String> = (1..13).map(|day| format!("2024-01-{day:02}")).collect();
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    let oil = format!("{HEADER}2020-04-20T00:00:00Z,17.73,17.85,-40.32,-37.63,9\n");
    // The file, options, the option that is named, and a value where only its user knows it.
    let cases: Vec<(String, &str, &str, Option<&str>)> = vec![
        (rows(&["02/01/2024", "03/01/2024"]), "-t 1d", "--date-order day-first", None),
        (
            rows(&["16/04/2024", "17/04/2024"]),
            "-t 1d --date-order month-first",
            "--date-order day-first",
            None,
        ),
        (rows(&["02/01/24", "03/01/24"]), "-t 1d", "--date-order month-first", None),
        (
            "Date,Open,High,Low,Close\n2024-01-02,\"1,235\",\"1,500\",\"1,200\",\"1,400\"\n".into(),
            "-t 1d",
            "--decimal point",
            None,
        ),
        (
            "Date,Open,High,Low,Close,Volume BTC,Volume ETH\n2024-01-02,1,2,0.5,1.5,9,8\n".into(),
            "-t 1d",
            "--volume-column",
            Some("VolumeETH"),
        ),
        (rows(&["2024-01-03", "2024-01-02"]), "-t 1d", "--sort", None),
        (rows(&["2024-01-03", "2024-01-05", "2024-01-02"]), "-t 1d", "--sort", None),
        (oil, "-t 1d", "--allow-negative-prices", None),
        (rows(&days), "--timeframe 1h", "--timeframe 1d", None),
        (rows(&["2024-01-02 09:00", "2024-01-02 09:30"]), "--timeframe 1h", "--timeframe 30m", None),
        (rows(&["2024-11-03 01:00", "2024-11-03 01:00"]), "-t 1h", "--time-zone", Some("America/New_York")),
        (
            rows(&["2024-03-10 02:00", "2024-03-10 03:00"]),
            "-t 1h --time-zone America/New_York",
            "--time-zone",
            Some("Europe/London"),
        ),
    ];
    for (number, (file, options, named, value)) in cases.iter().enumerate() {
        let world = World::new();
        let path = world.write("prices.csv", file);
        let command = format!("data import {} -s CASE{number} {options}", path.display());
        let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        let said = world.refused(8, &borrowed(&command));
        assert!(advice(&said).contains(named), "{named}: {said}");
        let option: Vec<&str> = named.split(' ').chain(*value).collect();
        world.json(&borrowed(&with(&command, &option)));
    }
}

#[test]
fn the_command_that_a_refusal_names_mends_it() {
    let world = World::new();
    world.write("data/MINE_1h.csv", rows(&["2024-01-02 09:00", "2024-01-02 10:00"]));
    let said = world.refused(8, &["data", "check", "-s", "MINE", "-t", "1h"]);
    let command = advice(&said).into_iter().find(|text| text.starts_with("ktrdr data import data/")).unwrap();
    world.json(&borrowed(&words(command, world.path("data/MINE_1h.csv").to_str().unwrap())));
    world.json(&["data", "check", "-s", "MINE", "-t", "1h"]);

    let wide: Vec<u8> = rows(&["2024-01-02"]).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let file = world.write("wide.csv", [&b"\xff\xfe"[..], &wide].concat());
    let import = |file: &str| ["data", "import", file, "-s", "WIDE", "-t", "1d"].map(str::to_owned);
    let said = world.refused(8, &borrowed(&import(file.to_str().unwrap())));
    let command = advice(&said)[0].replace("FILE", "wide.csv").replace("NEW", "narrow.csv");
    let shell = std::process::Command::new("sh").args(["-c", &command]).current_dir(world.folder()).status();
    assert!(shell.unwrap().success(), "{command}");
    world.json(&borrowed(&import(world.path("narrow.csv").to_str().unwrap())));

    let strange = world.write("strange.csv", "1,2024,1,2,0.5,1.5,9,8\n");
    let import = ["data", "import", strange.to_str().unwrap(), "-s", "STRANGE", "-t", "1d"];
    let said = world.refused(8, &import);
    let header = advice(&said).into_iter().find(|text| text.starts_with("timestamp")).unwrap();
    world.write("strange.csv", format!("{header}\n2024-01-02,1,2,0.5,1.5,9,8,7\n"));
    world.json(&import);
}

/// A year of a broker's hours: from midnight of Monday to midnight of Saturday on its clock.
fn broker_year() -> String {
    let monday = 1_704_067_200; // 2024-01-01
    let hours = (0..52 * 168).filter(|hour| hour % 168 < 120);
    let times: Vec<String> = hours
        .map(|hour| ktrdr_domain::Timestamp(monday + hour * 3_600).to_string().replace('T', " "))
        .map(|time| time.trim_end_matches('Z').to_owned())
        .collect();
    rows(&times.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_brokers_clock_read_as_a_fixed_offset_is_found_and_named() {
    let world = World::new();
    let file = world.write("broker.csv", broker_year());
    let import = ["data", "import", file.to_str().unwrap(), "-s", "EURUSD", "-t", "1h"];
    let wrong = |health: &Value| {
        let findings = health["findings"].as_array().unwrap().iter();
        findings.filter(|f| f["code"] == "wrong_zone").map(|f| f["fix"].as_str().unwrap().to_owned()).next()
    };
    let imported = world.json(&[&import[..], &["--utc-offset", "2"]].concat());
    let fix = wrong(&imported["health"]).expect("a finding");
    let named = advice(&fix).into_iter().find(|text| text.contains(' ')).unwrap();
    let option: Vec<&str> = named.split(' ').collect();
    let imported = world.json(&[&import[..], &option].concat());
    assert_eq!(wrong(&imported["health"]), None);
    // 00:00 of Monday, the 8th of July, at the broker's.
    let stored = std::fs::read_to_string(world.path("data/EURUSD_1h.csv")).unwrap();
    assert!(stored.contains("\n2024-07-07T21:00:00Z,"));
    assert_eq!(wrong(&world.json(&["data", "check", "-s", "EURUSD", "-t", "1h"])["health"]), None);
    let both = [&import[..], &option, &["--utc-offset", "2"]].concat();
    world.refused_with(2, &both, &["--utc-offset"]);
    world.refused_with(2, &[&import[..], &["--time-zone", "Europe/Atlantis"]].concat(), &["new-york+7"]);
}

#[test]
fn what_divides_by_a_price_says_that_it_can_not() {
    let world = World::new();
    let price = |bar: u32| if (2_400..2_410).contains(&bar) { -40.32 } else { 20.0 + f64::from(bar % 7) };
    let start = "2015-01-01".parse::<ktrdr_domain::Timestamp>().unwrap().0;
    let row = |bar: u32| {
        let time = ktrdr_domain::Timestamp(start + i64::from(bar) * 86_400);
        format!("{time},{p},{p},{p},{p},1\n", p = price(bar))
    };
    let file = world.write("oil.csv", format!("{HEADER}{}", (0..3_000).map(row).collect::<String>()));
    let imported = world.json(&[
        "data",
        "import",
        file.to_str().unwrap(),
        "-s",
        "OIL",
        "-t",
        "1d",
        "--allow-negative-prices",
    ]);
    assert!(imported["notes"].to_string().contains("10 bars with a price of zero or below"), "{imported}");
    let checked = world.json(&["data", "check", "-s", "OIL", "-t", "1d"]);
    assert_eq!(checked["health"]["not_above_zero"], 10);
    let signals = world.write("signals.csv", "timestamp,target\n2020-01-06T00:00:00Z,1\n");
    let signals = signals.to_str().unwrap();
    let backtest = ["backtest", "signals", "--local", "-s", "OIL", "-t", "1d", "--signals", signals];
    let said = world.refused(8, &backtest);
    assert!(said.contains("-40.32") && said.contains("2021-07-28"), "{said}");
    let option = advice(&said).into_iter().find(|text| text.starts_with("--end")).unwrap();
    let report = world.json(&[&backtest[..], &[option, "2021-07-01"]].concat());
    assert_eq!(report["metrics"]["total_trades"], 1, "{report}");
    world.still_works();
}

#[test]
fn a_file_of_signals_that_never_trades_is_not_told_to_widen_fuzzy_sets() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 5_000, 3);
    let signals = world.write("signals.csv", "timestamp,target\n2015-07-07T00:00:00Z,0\n");
    let backtest = ["backtest", "signals", "--local", "-s", "EURUSD", "-t", "1h", "--signals"];
    let report = world.json(&[&backtest[..], &[signals.to_str().unwrap()]].concat());
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("no trade was made") && warnings.contains("`--signals`"), "{warnings}");
    assert!(!warnings.contains("fuzzy") && !warnings.contains("confidence"), "{warnings}");
    world.write("signals.csv", "timestamp,target\n2015-07-07T00:00:00Z,1\n");
    let report = world.json(&[&backtest[..], &[signals.to_str().unwrap()]].concat());
    assert_eq!(report["metrics"]["total_trades"], 1, "{}", report["warnings"]);
}
