//! What a fault did: which operations it touched, and when.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{TimeZone, Utc};
use ktrdr_domain::{OperationId, OperationSummary};

use super::fault::Fault;

/// One fault that happened. Times are Unix milliseconds; servers and harness share one clock.
#[derive(Debug, Clone)]
pub(crate) struct FaultRecord {
    pub(crate) fault: Fault,
    pub(crate) at_ms: i64,
    /// When the cause was gone.
    pub(crate) over_ms: i64,
    /// What it touched, with the attempt that it met.
    pub(crate) touched: BTreeMap<OperationId, u64>,
}

impl FaultRecord {
    /// A fault that happens now, to these.
    pub(crate) fn now(fault: Fault, rows: &[OperationSummary]) -> Self {
        let touched = rows.iter().map(|row| (row.id.clone(), row.fence)).collect();
        Self { fault, at_ms: now_ms(), over_ms: 0, touched }
    }

    pub(crate) fn over(mut self) -> Self {
        self.over_ms = now_ms();
        self
    }
}

/// What happened when, for whoever reads the logs.
pub(crate) fn diary(records: &[FaultRecord]) -> String {
    let mut in_order: Vec<&FaultRecord> = records.iter().collect();
    in_order.sort_by_key(|record| record.at_ms);
    let clock = |ms| Utc.timestamp_millis_opt(ms).unwrap().format("%T%.3f");
    let line = |i: &&FaultRecord| {
        format!("{}–{} {}: {:?}\n", clock(i.at_ms), clock(i.over_ms), i.fault, i.touched.keys())
    };
    in_order.iter().map(line).collect()
}

pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}
