//! Ways to fail.

use std::time::Duration;

/// How the answer to one request goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// This status, with an error of the contract, and `retry-after` in these seconds.
    Status(u16, Option<f64>),
    /// Another status, with a body that is none of the contract.
    Page(u16),
    /// The connection is accepted, and nothing ever comes.
    Silent,
    /// A pause before each event.
    Slow(Duration),
    /// The connection is cut after so many events.
    Cut(usize),
    /// After so many events an error of this type.
    ErrorAfter(usize, &'static str),
    /// A 200 with a page of HTML.
    Html,
    /// A 200 with an event that is no JSON.
    BadEvent,
    /// A 200 with a tool call whose input is no JSON.
    BadInput,
    /// An answer with so many bytes of words.
    Huge(usize),
    /// An event that never ends.
    Endless,
    /// The model will not.
    Refusal,
    /// The answer is cut at `max_tokens`.
    MaxTokens,
    /// The key in the words of a 400, or of an error in the midst.
    RepeatKey(bool),
    /// A redirect to another host.
    Redirect(&'static str),
}
