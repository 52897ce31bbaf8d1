//! How often somebody may ask: a bucket each, which fills by the second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::limits::CALLERS_MAX;

/// Buckets of one sort, by caller.
pub(crate) struct Rates {
    per_second: f64,
    at_once: f64,
    buckets: Mutex<HashMap<String, Bucket>>,
}

struct Bucket {
    level: f64,
    at: Instant,
}

impl Rates {
    pub(crate) fn new(per_second: f64, at_once: f64) -> Self {
        Self { per_second, at_once, buckets: Mutex::default() }
    }

    /// Takes one from a caller's bucket, unless it is empty.
    pub(crate) fn take(&self, caller: &str) -> bool {
        self.with(caller, |bucket| {
            let has_one = bucket.level >= 1.0;
            bucket.level -= if has_one { 1.0 } else { 0.0 };
            has_one
        })
    }

    /// Whether a caller's bucket has one.
    pub(crate) fn has(&self, caller: &str) -> bool {
        self.with(caller, |bucket| bucket.level >= 1.0)
    }

    fn with<T>(&self, caller: &str, what: impl FnOnce(&mut Bucket) -> T) -> T {
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS_MAX && !buckets.contains_key(caller) {
            buckets.retain(|_, bucket| self.level(bucket, now) < self.at_once);
            if buckets.len() >= CALLERS_MAX {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(caller.to_owned()).or_insert(Bucket { level: self.at_once, at: now });
        (bucket.level, bucket.at) = (self.level(bucket, now), now);
        what(bucket)
    }

    fn level(&self, bucket: &Bucket, now: Instant) -> f64 {
        (bucket.level + (now - bucket.at).as_secs_f64() * self.per_second).min(self.at_once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_too_often_waits_and_nobody_else_does() {
        let rates = Rates::new(0.001, 3.0);
        assert!((0..3).all(|_| rates.take("a")));
        assert!(!rates.take("a") && !rates.has("a"));
        assert!(rates.take("b"));
    }

    #[test]
    fn however_many_come_few_are_remembered() {
        let rates = Rates::new(0.001, 3.0);
        (0..3 * CALLERS_MAX).for_each(|n| assert!(rates.take(&n.to_string())));
        assert!(rates.buckets.lock().unwrap().len() <= CALLERS_MAX);
    }
}
