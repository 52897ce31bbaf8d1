//! Trades and equity for notebooks: each form tells what the report tells, row for row.

use std::fs::File;

use ktrdr_domain::Timestamp;
use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

use crate::reports::text;
use crate::world::World;

/// Both tables of a backtest, in both forms.
pub(crate) fn agree_with_the_report(world: &World, id: &str, report: &Value) {
    let trades = text(world, &["backtest", "export", id, "--trades"]);
    agree(&rows_of(&trades), report["trades"].as_array().unwrap());
    equals(&parquet(world, id, "--trades"), &trades);

    let file = world.path("equity.csv");
    let to_file = ["backtest", "export", id, "--equity", "--to", file.to_str().unwrap()];
    assert_eq!(world.json(&to_file)["rows"], report["bars"]);
    let equity = std::fs::read_to_string(&file).unwrap();
    agree(&rows_of(&equity), report["equity"].as_array().unwrap());
    equals(&parquet(world, id, "--equity"), &equity);

    let whole = world.json(&["backtest", "export", id, "--trades"]);
    are_the_same(whole["trades"].as_array().unwrap(), report["trades"].as_array().unwrap());
    let lines = text(world, &["backtest", "export", id, "--equity", "-o", "jsonl"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    are_the_same(&lines, report["equity"].as_array().unwrap());

    world.refused(9, &to_file);
    world.refused(2, &["backtest", "export", id]);
    world.refused_with(2, &["backtest", "export", id, "--trades", "--format", "parquet"], &["--to"]);
}

/// The rows of a CSV, by name.
fn rows_of(csv: &str) -> Vec<Vec<(&str, &str)>> {
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| head.iter().copied().zip(line.split(',')).collect()).collect()
}

fn agree(rows: &[Vec<(&str, &str)>], told: &[Value]) {
    assert_eq!(rows.len(), told.len());
    for (row, told) in rows.iter().zip(told) {
        for (name, cell) in row {
            match &told[*name] {
                Value::String(word) => assert_eq!(cell, word),
                number => assert_eq!(cell.parse::<f64>().unwrap(), number.as_f64().unwrap(), "{name}"),
            }
        }
    }
}

/// The rows in JSON are those of the report, in each cell that an export has.
fn are_the_same(rows: &[Value], told: &[Value]) {
    assert_eq!(rows.len(), told.len());
    for (row, told) in rows.iter().zip(told) {
        let cells = row.as_object().unwrap();
        assert!(
            !cells.is_empty() && cells.iter().all(|(name, cell)| told[name] == *cell),
            "{row} is not {told}"
        );
    }
}

fn parquet(world: &World, id: &str, table: &str) -> SerializedFileReader<File> {
    let path = world.path(&format!("{}.parquet", table.trim_start_matches('-')));
    let to = ["--format", "parquet", "--to", path.to_str().unwrap()];
    world.json(&[&["backtest", "export", id, table], &to[..]].concat());
    SerializedFileReader::new(File::open(path).unwrap()).unwrap()
}

/// The file has the rows of the CSV, typed.
fn equals(parquet: &SerializedFileReader<File>, csv: &str) {
    for column in parquet.metadata().file_metadata().schema_descr().columns() {
        let is_time = column.name().ends_with("time");
        let of_utc = LogicalType::timestamp(true, TimeUnit::MILLIS);
        assert_eq!(column.logical_type_ref() == Some(&of_utc), is_time, "{}", column.name());
    }
    let written = rows_of(csv);
    let mut rows = 0;
    for (row, written) in parquet.get_row_iter(None).unwrap().map(Result::unwrap).zip(&written) {
        assert_eq!(row.len(), written.len());
        for ((name, field), (written_name, cell)) in row.get_column_iter().zip(written) {
            assert_eq!(name, written_name);
            match field {
                Field::TimestampMillis(ms) => assert_eq!(Timestamp(ms / 1_000).to_string(), **cell),
                Field::Double(number) => assert_eq!(number.to_bits(), cell.parse::<f64>().unwrap().to_bits()),
                Field::Long(count) => assert_eq!(count.to_string(), **cell),
                Field::Str(word) => assert_eq!(word, cell),
                other => panic!("{name} is {other:?}"),
            }
        }
        rows += 1;
    }
    assert_eq!(rows, written.len());
}
