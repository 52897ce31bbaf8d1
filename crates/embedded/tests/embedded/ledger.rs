//! Looks in a file that is older than their conclusions are.

use ktrdr_domain::{Span, Timestamp};
use ktrdr_fabric::ledger::{Ledger, LedgerReader};
use rusqlite::Connection;

use crate::runner;

/// Two looks as the last version that counted them by file left them: what they showed stands in the row itself.
const ROWS: &str = r#"
    INSERT INTO trials (operation, campaign, is_replay, data_sha256, span_start, span_end, sharpe_daily, trial) VALUES
      ('op_a', 'c', 0, '00', 0, 86400, 0.25, '{"operation":"op_a","campaign":"c","subject_sha256":"HASH","subject":"a","symbol":"EURUSD","timeframe":"1h","data_sha256":"HASH","span":{"start":"1970-01-01T00:00:00Z","end":"1970-01-02T00:00:00Z"},"windows":["gate"],"origin":"research","sharpe_daily":0.25,"days":250}'),
      ('op_b', 'c', 0, '00', 0, 86400, NULL, '{"operation":"op_b","campaign":"c","subject_sha256":"HASH","subject":"b","symbol":"EURUSD","timeframe":"1h","data_sha256":"HASH","span":{"start":"1970-01-01T00:00:00Z","end":"1970-01-02T00:00:00Z"},"windows":["gate"],"origin":"person","sharpe_daily":null,"days":0}');
"#;

fn version_one(folder: &std::path::Path) {
    let db = Connection::open(folder.join("ktrdr.db")).unwrap();
    db.execute_batch(include_str!("../../src/schema.sql")).unwrap();
    db.execute_batch(&ROWS.replace("HASH", &"0".repeat(64))).unwrap();
    db.pragma_update(None, "application_id", 0x6b74_7264).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
}

#[tokio::test]
async fn looks_of_an_older_file_are_found_by_instrument_and_keep_what_they_showed() {
    let folder = tempfile::tempdir().unwrap();
    version_one(folder.path());
    let store = runner(folder.path()).store;
    let day = Span { start: Timestamp(0), end: Timestamp(86_400) };
    let looks = store.looks(&"EURUSD".parse().unwrap(), day).await.unwrap();
    let showed: Vec<_> = looks.iter().map(|look| (look.look.subject.as_str(), look.sharpe_daily())).collect();
    assert_eq!(showed, [("a", Some(0.25)), ("b", None)]);
    let days: Vec<u64> = looks.iter().map(|look| look.conclusion.as_ref().unwrap().days).collect();
    assert_eq!(days, [250, 0]);
    let again = looks[0].conclusion.clone().unwrap();
    let other = ktrdr_domain::trial::Conclusion { sharpe_daily: Some(9.0), ..again };
    store.conclude(&looks[0].look.operation, &other).await.unwrap();
    assert_eq!(store.trials(None).await.unwrap(), looks, "the first conclusion stands");
}
