//! Batches: requests that are answered later, each for itself. A batch stays under way for as long as the server is told to
//! hold batches, and is answered when it is looked at after that.

use std::collections::VecDeque;

use serde_json::{Value, json};

/// How a batch goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchFault {
    /// Nobody gets to it within a day.
    Expired,
    /// Somebody else cancels it.
    Canceled,
    /// It ends with an error of this type.
    Errored(&'static str),
    /// Its results speak of another request.
    WrongId,
    /// Its results break off whenever they are read, so many times.
    CutResults(u32),
    /// Its results are no JSON.
    BadResults,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Under way.
    InProgress,
    /// Somebody asked for its end.
    Canceling,
    /// It has ended.
    Ended,
}

/// A batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Its name.
    pub id: String,
    /// What it stands at.
    pub state: BatchState,
    /// The names of its requests.
    pub custom_ids: Vec<String>,
    /// How often it was looked at.
    pub looks: u32,
    /// How often its results were read.
    pub reads: u32,
    requests: Vec<Value>,
    results: Vec<Value>,
    fault: Option<BatchFault>,
}

/// All batches of a server.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    pub(crate) all: Vec<Batch>,
    pub(crate) held: bool,
    pub(crate) faults: VecDeque<Option<BatchFault>>,
}

/// The results of a batch as they are read.
pub(crate) enum Results {
    Whole(String),
    Cut(String),
}

impl Batches {
    /// Takes a new batch, or says what is wrong with it.
    pub(crate) fn create(&mut self, body: &Value) -> Result<Value, String> {
        let requests = body["requests"].as_array().filter(|all| !all.is_empty());
        let requests = requests.ok_or("requests: List should have at least 1 item")?;
        let mut custom_ids: Vec<String> = Vec::new();
        for request in requests {
            let id = request["custom_id"].as_str().unwrap_or_default();
            let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
            if !is_plain || !(1..=64).contains(&id.len()) {
                return Err(
                    "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'".into()
                );
            }
            if custom_ids.iter().any(|known| known == id) {
                return Err(format!("custom_id {id} is not unique"));
            }
            custom_ids.push(id.to_owned());
        }
        let batch = Batch {
            id: format!("msgbatch_{:04}", self.all.len() + 1),
            state: BatchState::InProgress,
            custom_ids,
            looks: 0,
            reads: 0,
            requests: requests.clone(),
            results: Vec::new(),
            fault: self.faults.pop_front().flatten(),
        };
        let shown = batch.shown();
        self.all.push(batch);
        Ok(shown)
    }

    /// How a batch stands. One that is not held ends now: `answer` gives what each of its requests comes to.
    pub(crate) fn look(&mut self, id: &str, answer: impl FnMut(&Value) -> Value) -> Option<Value> {
        let held = self.held;
        let batch = self.find(id)?;
        batch.looks += 1;
        match batch.state {
            BatchState::InProgress if !held => batch.end(answer),
            BatchState::Canceling => batch.end(|_| json!({"type": "canceled"})),
            BatchState::InProgress | BatchState::Ended => {}
        }
        Some(batch.shown())
    }

    /// Asks for the end of a batch.
    pub(crate) fn cancel(&mut self, id: &str) -> Option<Value> {
        let batch = self.find(id)?;
        if batch.state == BatchState::InProgress {
            batch.state = BatchState::Canceling;
        }
        Some(batch.shown())
    }

    /// The results of a batch that has ended.
    pub(crate) fn results(&mut self, id: &str) -> Option<Results> {
        let batch = self.find(id).filter(|batch| batch.state == BatchState::Ended)?;
        batch.reads += 1;
        let reads = batch.reads;
        let line = |(id, result): (&String, &Value)| {
            let id = if batch.fault == Some(BatchFault::WrongId) { "another" } else { id.as_str() };
            json!({"custom_id": id, "result": result}).to_string() + "\n"
        };
        let text: String = batch.custom_ids.iter().zip(&batch.results).map(line).collect();
        Some(match batch.fault {
            Some(BatchFault::CutResults(times)) if reads <= times => {
                Results::Cut(text[..text.len() / 2].to_owned())
            }
            Some(BatchFault::BadResults) => Results::Whole("<html>a page</html>\n".to_owned()),
            _ => Results::Whole(text),
        })
    }

    fn find(&mut self, id: &str) -> Option<&mut Batch> {
        self.all.iter_mut().find(|batch| batch.id == id)
    }
}

impl Batch {
    /// Tokens that its requests read and wrote, of those that succeeded: `(input, output)`.
    #[must_use]
    pub fn tokens(&self) -> (u64, u64) {
        let of = |key: &str| {
            self.results.iter().filter_map(|result| result["message"]["usage"][key].as_u64()).sum()
        };
        (of("input_tokens"), of("output_tokens"))
    }

    fn end(&mut self, mut answer: impl FnMut(&Value) -> Value) {
        self.state = BatchState::Ended;
        let fault = self.fault;
        let result = |request: &Value| match fault {
            Some(BatchFault::Expired) => json!({"type": "expired"}),
            Some(BatchFault::Canceled) => json!({"type": "canceled"}),
            Some(BatchFault::Errored(kind)) => errored(kind, "so it was planned"),
            _ => answer(&request["params"]),
        };
        self.results = self.requests.iter().map(result).collect();
    }

    fn shown(&self) -> Value {
        let status = match self.state {
            BatchState::InProgress => "in_progress",
            BatchState::Canceling => "canceling",
            BatchState::Ended => "ended",
        };
        // Somewhere else: whoever follows it takes the key along.
        let results = (self.state == BatchState::Ended).then_some("http://127.0.0.1:9/results");
        json!({"id": self.id, "type": "message_batch", "processing_status": status, "results_url": results,
            "created_at": "2026-11-29T00:00:00Z", "expires_at": "2026-11-30T00:00:00Z"})
    }
}

/// A result that is an error.
pub(crate) fn errored(kind: &str, words: &str) -> Value {
    json!({"type": "errored", "error": {"type": "error", "error": {"type": kind, "message": words}}})
}
