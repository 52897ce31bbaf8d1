//! What a script answered: a word first, then what belongs to it.

use std::error::Error;
use std::str::FromStr;

use redis::{FromRedisValue, Value, from_redis_value};

use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::store::StoreError;

pub(super) struct Answer {
    /// The script, for messages.
    of: &'static str,
    values: Vec<Value>,
}

impl Answer {
    pub(super) fn new(of: &'static str, value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Array(values) => Ok(Self { of, values }),
            other => Err(unexpected(of, &other)),
        }
    }

    /// The word that says what happened.
    pub(super) fn word(&self) -> Result<String, StoreError> {
        self.at(0)
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The value at a position.
    pub(super) fn at<T: FromRedisValue>(&self, i: usize) -> Result<T, StoreError> {
        let value = self.values.get(i).cloned().unwrap_or(Value::Nil);
        from_redis_value(value.clone()).map_err(|_| unexpected(self.of, &value))
    }

    /// The value at a position, which is the text form of something.
    pub(super) fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(
        &self,
        i: usize,
    ) -> Result<T, StoreError> {
        let text: String = self.at(i)?;
        text.parse().map_err(|e: T::Err| StoreError::Corrupt(Cause::of(e)))
    }

    /// The value at a position, as it came.
    pub(super) fn take(&mut self, i: usize) -> Value {
        self.values.get_mut(i).map_or(Value::Nil, |value| std::mem::replace(value, Value::Nil))
    }

    /// The error of an answer nobody expects.
    pub(super) fn unexpected(&self) -> StoreError {
        unexpected(self.of, &Value::Array(self.values.clone()))
    }
}

fn unexpected(of: &str, value: &Value) -> StoreError {
    let shown: String = format!("{value:?}").chars().take(200).collect();
    StoreError::Corrupt(
        format!("the script {of} answered {shown}; do all processes run the same ktrdr?").into(),
    )
}
