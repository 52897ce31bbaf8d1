//! One endpoint: its method and path, who may use it, what its description says, and the function that answers it.

use std::future::Future;
use std::pin::Pin;

use axum::http::Method;
use ktrdr_app::AppError;
use ktrdr_domain::scope::Scope;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use crate::ask::Ask;
use crate::reply::Reply;

/// What every answering function gives.
pub(crate) type Answered<T = ()> = Result<Reply<T>, AppError>;

type Run = Box<dyn Fn(Ask) -> Pin<Box<dyn Future<Output = Answered> + Send>> + Send + Sync>;

/// Everything that is known of an endpoint, said once.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    /// Below `/api/v1`.
    pub(crate) path: &'static str,
    /// What a caller needs; `None`: nothing.
    pub(crate) scope: Option<Scope>,
    /// Its name for programs, unique.
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) summary: &'static str,
    /// What may stand behind the `?`: a name, and what it says.
    pub(crate) query: &'static [(&'static str, &'static str)],
    pub(crate) body: Takes,
    /// What its answer looks like.
    pub(crate) answer: fn(&mut SchemaGenerator) -> Schema,
    /// Whether it changes anything: then it is in the audit log, whoever asked.
    pub(crate) changes: bool,
    /// Whether it begins work that goes on.
    starts: bool,
    /// Whether its answer is good once only: it is made anew for whoever asks again.
    is_answered_anew: bool,
    pub(crate) run: Run,
}

/// What an endpoint takes as its body.
pub(crate) enum Takes {
    /// None.
    Nothing,
    /// JSON of this schema, for example this.
    Json { schema: Value, example: Value },
    /// A file of this media type.
    File(&'static str),
}

impl Endpoint {
    fn new<T, F>(
        method: Method,
        path: &'static str,
        name: &'static str,
        run: impl Fn(Ask) -> F + Send + Sync + 'static,
    ) -> Self
    where
        T: JsonSchema + 'static,
        F: Future<Output = Answered<T>> + Send + 'static,
    {
        Self {
            changes: method != Method::GET,
            method,
            path,
            scope: Some(Scope::Viewer),
            name,
            summary: "",
            query: &[],
            body: Takes::Nothing,
            answer: SchemaGenerator::subschema_for::<T>,
            starts: false,
            is_answered_anew: false,
            run: Box::new(move |ask| {
                let answer = run(ask);
                Box::pin(async move { answer.await.map(Reply::of_anything) })
            }),
        }
    }

    /// Something to read, for viewers.
    pub(crate) fn get<T, F>(
        path: &'static str,
        name: &'static str,
        run: impl Fn(Ask) -> F + Send + Sync + 'static,
    ) -> Self
    where
        T: JsonSchema + 'static,
        F: Future<Output = Answered<T>> + Send + 'static,
    {
        Self::new(Method::GET, path, name, run)
    }

    /// Something to do.
    pub(crate) fn post<T, F>(
        path: &'static str,
        name: &'static str,
        scope: Scope,
        run: impl Fn(Ask) -> F + Send + Sync + 'static,
    ) -> Self
    where
        T: JsonSchema + 'static,
        F: Future<Output = Answered<T>> + Send + 'static,
    {
        Self::new(Method::POST, path, name, run).for_scope(scope)
    }

    /// Something to end.
    pub(crate) fn delete<T, F>(
        path: &'static str,
        name: &'static str,
        scope: Scope,
        run: impl Fn(Ask) -> F + Send + Sync + 'static,
    ) -> Self
    where
        T: JsonSchema + 'static,
        F: Future<Output = Answered<T>> + Send + 'static,
    {
        Self::new(Method::DELETE, path, name, run).for_scope(scope)
    }

    /// For those with this scope, and above.
    pub(crate) fn for_scope(self, scope: Scope) -> Self {
        Self { scope: Some(scope), ..self }
    }

    /// For everybody who reaches the address.
    pub(crate) fn open(self) -> Self {
        Self { scope: None, ..self }
    }

    /// What is answered where nothing is refused.
    pub(crate) fn answers(&self) -> &'static [(&'static str, &'static str)] {
        match (&self.method, self.starts) {
            _ if self.path == "/health/ready" => &[("200", "It is."), ("503", "It is not.")],
            (&Method::GET, _) => &[("200", "What was asked for."), ("304", "It has not changed.")],
            (_, true) => &[("202", "It was handed over; `Location` says where it is followed.")],
            _ => &[("200", "Done.")],
        }
    }

    /// What is answered where something is refused: each a problem, whose code says which.
    pub(crate) fn refusals(&self) -> Vec<(&'static str, &'static str)> {
        let mut refusals = vec![
            ("400", "It does not fit this description."),
            ("421", "It names a host that is not served here."),
            ("429", "Too many requests, or wrong tokens, came from there."),
            ("500", "The service broke its own rules, or its disk fails."),
            ("503", "The store can not be reached; it may be sent again."),
            ("504", "It takes too long; what was asked for may still be done."),
        ];
        if self.scope.is_some() {
            refusals.extend([
                ("401", "No token, or none that is in force."),
                ("403", "The token's scope is too narrow, the page foreign, or a rule forbids it."),
                ("404", "Something that it names is not there."),
                ("409", "The state of things does not allow it."),
                (
                    "422",
                    "What it names or brings is faulty, or its idempotency key stands for another request.",
                ),
            ]);
        }
        if self.method == Method::POST {
            refusals.extend([
                ("408", "Its body did not arrive."),
                ("413", "Its body is too large."),
                ("415", "Its body is of another media type."),
            ]);
        }
        let answered = self.answers();
        refusals.retain(|(status, _)| answered.iter().all(|(other, _)| other != status));
        refusals.sort_unstable();
        refusals
    }

    /// It begins work that goes on.
    pub(crate) fn starts(self) -> Self {
        Self { starts: true, ..self }
    }

    /// Its answer holds a secret, and is kept nowhere.
    pub(crate) fn answered_anew(self) -> Self {
        Self { is_answered_anew: true, ..self }
    }

    /// Whether whoever sends it again with its key is given the first answer.
    pub(crate) fn keeps_answer(&self) -> bool {
        self.method == Method::POST && self.changes && !self.is_answered_anew
    }

    /// A request with a body that only asks.
    pub(crate) fn harmless(self) -> Self {
        Self { changes: false, ..self }
    }

    pub(crate) fn says(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    pub(crate) fn query(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    pub(crate) fn json(self, schema: Value, example: Value) -> Self {
        Self { body: Takes::Json { schema, example }, ..self }
    }

    pub(crate) fn file(self, media_type: &'static str) -> Self {
        Self { body: Takes::File(media_type), ..self }
    }
}
