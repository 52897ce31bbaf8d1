//! Dead letters: messages that could not be read, and those the broker gave up delivering. They lie in `ktrdr.dlq` until
//! an operator drops them.
//!
//! Only the broker's administrator may read that queue, so connect with `KTRDR_AMQP_ADMIN_URL`.

use lapin::options::{BasicAckOptions, BasicGetOptions, BasicNackOptions};
use lapin::protocol::constants::REPLY_SUCCESS;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel};
use sha2::{Digest, Sha256};

use super::broker::AmqpBroker;
use super::failure::within;
use super::message::{PERSISTENT, Refusal, now_s};
use crate::topology::DEAD_LETTER_QUEUE;
use ktrdr_domain::hash::Hex;
use ktrdr_fabric::broker::{BrokerError, DeadLetter};

const REASON_HEADER: &str = "x-ktrdr-reason";
const QUEUE_HEADER: &str = "x-ktrdr-queue";
const TIME_HEADER: &str = "x-ktrdr-dead-since";
/// The broker's own: one table per death, the latest first.
const DEATHS_HEADER: &str = "x-death";

/// The part of a body that is shown, in bytes.
const SHOWN_BYTES_MAX: usize = 2048;

/// The part of a name or a reason that is kept, in characters.
const LINE_CHARS_MAX: usize = 500;

/// Headers that a dead letter keeps of what it came with, in bytes: all of a message's headers go in one frame, and who sends a
/// larger one is cut off by the broker.
const KEPT_BYTES_MAX: usize = 2048;

/// Most letters that are gone through to drop some: a round trip each. What lies behind them comes into reach once
/// some of them are dropped.
const GONE_THROUGH_MAX: u32 = 10_000;

impl AmqpBroker {
    /// The oldest dead letters, at most `limit`. They are taken and put back, so for a moment they are nowhere to be
    /// seen; how often that happens does not matter to the broker, whose policy for this queue knows no limit.
    ///
    /// A job message is here, too, if it was delivered and lost too often (`delivery_limit`). It needs nothing: if its
    /// operation is still pending, its message is missing from its queue and is published again.
    ///
    /// # Errors
    /// [`BrokerError::Topology`] for a user who is no administrator.
    pub async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, BrokerError> {
        self.go_through(limit, |_| false).await
    }

    /// Drops the dead letters with these ids, with every copy, for good, and leaves the rest. The answer is what was
    /// dropped; an id without a letter is no error.
    ///
    /// # Errors
    /// As [`Self::dead_letters`]. After [`BrokerError::Unavailable`] some may be dropped and some not: look again.
    pub async fn drop_dead_letters(&self, ids: &[String]) -> Result<Vec<DeadLetter>, BrokerError> {
        let mut letters = self.go_through(GONE_THROUGH_MAX, |letter| ids.contains(&letter.id)).await?;
        letters.retain(|letter| ids.contains(&letter.id));
        Ok(letters)
    }

    /// Takes letters on a channel that is thrown away: what is not dropped goes back to its place, whatever happens.
    async fn go_through(
        &self,
        limit: u32,
        is_dropped: impl Fn(&DeadLetter) -> bool,
    ) -> Result<Vec<DeadLetter>, BrokerError> {
        let channel = self.consume_connection.channel().await?;
        let letters = take(&channel, limit, is_dropped).await?;
        // Those that were only left behind by a channel would come back a little later.
        let all_the_rest = BasicNackOptions { multiple: true, requeue: true };
        within("put dead letters back", channel.basic_nack(0, all_the_rest)).await?;
        // Neither what was dropped nor what was put back is answered; this is, after both.
        let closing = channel.close(REPLY_SUCCESS, "looked at dead letters".into());
        within("put dead letters back", closing).await?;
        Ok(letters)
    }
}

async fn take(
    channel: &Channel,
    limit: u32,
    is_dropped: impl Fn(&DeadLetter) -> bool,
) -> Result<Vec<DeadLetter>, BrokerError> {
    let doing = format!("read {DEAD_LETTER_QUEUE} (only the broker's administrator may)");
    let mut letters = Vec::new();
    for _ in 0..limit {
        let getting = channel.basic_get(DEAD_LETTER_QUEUE.into(), BasicGetOptions::default());
        let Some(got) = within(&doing, getting).await? else { break };
        let letter = read(&got.delivery.properties, &got.delivery.data);
        if is_dropped(&letter) {
            within("drop a dead letter", got.delivery.ack(BasicAckOptions::default())).await?;
        }
        letters.push(letter);
    }
    Ok(letters)
}

/// What a message is given when it becomes a dead letter: it stays as it came, but for headers without measure, and says
/// why and where from.
pub(super) fn properties(queue: &str, refusal: &Refusal, came_with: BasicProperties) -> BasicProperties {
    let came = came_with.headers().clone().unwrap_or_default();
    let mut headers = if bytes(&came) > KEPT_BYTES_MAX { FieldTable::default() } else { came };
    headers.insert(REASON_HEADER.into(), AMQPValue::LongString(line(&refusal.to_string()).into()));
    headers.insert(QUEUE_HEADER.into(), AMQPValue::LongString(queue.into()));
    headers.insert(TIME_HEADER.into(), AMQPValue::Timestamp(now_s()));
    came_with.with_headers(headers).with_delivery_mode(PERSISTENT)
}

/// About how many bytes a table takes in a frame.
fn bytes(table: &FieldTable) -> usize {
    table.inner().iter().map(|(name, value)| name.as_str().len() + bytes_of(value)).sum()
}

fn bytes_of(value: &AMQPValue) -> usize {
    let content = match value {
        AMQPValue::LongString(text) => text.as_bytes().len(),
        AMQPValue::ByteArray(array) => array.as_slice().len(),
        AMQPValue::FieldTable(table) => bytes(table),
        AMQPValue::FieldArray(array) => array.as_slice().iter().map(bytes_of).sum(),
        _ => size_of::<u64>(),
    };
    // With its type and its length.
    content + size_of::<u64>()
}

/// Anyone may have written it.
fn read(properties: &BasicProperties, body: &[u8]) -> DeadLetter {
    let headers = properties.headers().clone().unwrap_or_default();
    let message_id = properties.message_id().as_ref().map(|id| line(id.as_str()));
    let by_us = headers.contains_key(REASON_HEADER);
    let (source, queue, reason, time) = match latest_death(&headers) {
        Some(death) if !by_us => (death, "queue", "reason", "time"),
        _ => (&headers, QUEUE_HEADER, REASON_HEADER, TIME_HEADER),
    };
    DeadLetter {
        id: identity(message_id.as_deref(), body),
        queue: text(source, queue),
        reason: text(source, reason),
        at_ms: seconds(source, time).and_then(|s| i64::try_from(s).ok()?.checked_mul(1000)),
        body: printable(&body[..body.len().min(SHOWN_BYTES_MAX)]),
        bytes: body.len() as u64,
        message_id,
    }
}

fn identity(message_id: Option<&str>, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(message_id.unwrap_or_default());
    hash.update([0]);
    hash.update(body);
    Hex(&hash.finalize()[..8]).to_string()
}

fn latest_death(headers: &FieldTable) -> Option<&FieldTable> {
    match headers.inner().get(DEATHS_HEADER)? {
        AMQPValue::FieldArray(deaths) => match deaths.as_slice().first()? {
            AMQPValue::FieldTable(death) => Some(death),
            _ => None,
        },
        _ => None,
    }
}

fn text(table: &FieldTable, name: &str) -> Option<String> {
    match table.inner().get(name)? {
        AMQPValue::LongString(text) => Some(line(&String::from_utf8_lossy(text.as_bytes()))),
        AMQPValue::ShortString(text) => Some(line(text.as_str())),
        _ => None,
    }
}

fn seconds(table: &FieldTable, name: &str) -> Option<u64> {
    match table.inner().get(name)? {
        AMQPValue::Timestamp(seconds) => Some(*seconds),
        _ => None,
    }
}

/// Hostile text as one short line.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LINE_CHARS_MAX).collect()
}

/// Hostile bytes as text that does nothing to a terminal. JSON stays readable.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_reason_is_one_short_line(text in any::<String>()) {
            let line = line(&text);
            prop_assert!(line.chars().count() <= LINE_CHARS_MAX && !line.chars().any(char::is_control));
        }

        #[test]
        fn any_bytes_are_shown_without_control_characters(body in prop::collection::vec(any::<u8>(), 0..5000)) {
            let letter = read(&BasicProperties::default(), &body);
            prop_assert!(!letter.body.chars().any(char::is_control));
            prop_assert_eq!((letter.bytes, letter.id.len()), (body.len() as u64, 16));
        }
    }

    #[test]
    fn json_is_shown_as_it_is_and_what_would_move_a_cursor_is_not() {
        let letter = read(&BasicProperties::default(), b"{\"a\": \"\x1b[2J\n\"}");
        assert_eq!(letter.body, r#"{"a": "\u{1b}[2J\n"}"#);
    }

    #[test]
    fn the_same_words_in_another_message_are_another_letter() {
        let named = |name: &str| BasicProperties::default().with_message_id(name.into());
        let id = |properties: &BasicProperties, body: &[u8]| read(properties, body).id;
        assert_eq!(id(&named("a"), b"x"), id(&named("a"), b"x"));
        assert_ne!(id(&named("a"), b"x"), id(&named("b"), b"x"));
        assert_ne!(id(&named("a"), b"x"), id(&named("a"), b"y"));
        assert_ne!(id(&BasicProperties::default(), b"x"), id(&named("a"), b"x"));
    }
}
