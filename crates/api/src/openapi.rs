//! The description of the API: OpenAPI 3.1, made from the table of endpoints.

use std::sync::LazyLock;

use axum::body::Bytes;
use ktrdr_app::described;
use schemars::SchemaGenerator;
use serde_json::Value;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder,
};

use crate::dispatch::ROOT;
use crate::endpoint::{Endpoint, Takes};
use crate::problem::{MEDIA_TYPE, Problem};
use crate::{endpoints, form};

const ABOUT: &str = "What the application floor of ktrdr answers, for programs. Errors are problem details (RFC 9457) with a stable \
`code` and a `hint`. Every POST may carry an `Idempotency-Key`: said again with the same key it is the same request, and is given the first answer. Lists come in \
parts: `next` is the `cursor` of the next one. Answers carry an entity tag. Operations are filtered in one language, \
`status=failed,running&type!=probe&error~timeout`.";

/// Where what answers look like stands in the description.
const PLACE: &str = "/components/schemas";

/// The whole description. It is made when somebody asks first.
pub(crate) static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| describe(&endpoints::all()));

/// The same, written.
pub(crate) static WRITTEN: LazyLock<Bytes> = LazyLock::new(|| DESCRIPTION.to_string().into());

fn describe(endpoints: &[Endpoint]) -> Value {
    let mut answers = Answers { generator: described::generator(PLACE) };
    let mut paths = Paths::new();
    for endpoint in endpoints {
        let item = PathItem::new(method(endpoint), operation(endpoint, &mut answers));
        match paths.paths.get_mut(&path(endpoint)) {
            Some(there) => there.merge_operations(item),
            None => {
                paths.paths.insert(path(endpoint), item);
            }
        }
    }
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    let components = ComponentsBuilder::new().security_scheme("token", bearer).build();
    let info =
        InfoBuilder::new().title("ktrdr").version(env!("CARGO_PKG_VERSION")).description(Some(ABOUT)).build();
    let document = OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build();
    let mut document = serde_json::to_value(document).unwrap_or_default();
    // The types of the library that writes the rest can not hold them.
    document["components"]["schemas"] = answers.generator.take_definitions(true).into();
    document
}

/// What answers look like, each type once.
struct Answers {
    generator: SchemaGenerator,
}

impl Answers {
    /// A reference to what an endpoint answers.
    fn of(&mut self, endpoint: &Endpoint) -> Option<RefOr<Schema>> {
        let schema = (endpoint.answer)(&mut self.generator);
        schema.get("$ref").and_then(Value::as_str).map(|place| Ref::new(place).into())
    }

    /// A reference to what a refusal looks like.
    fn problem(&mut self) -> Ref {
        self.generator.subschema_for::<Problem>();
        Ref::from_schema_name("Problem")
    }
}

fn path(endpoint: &Endpoint) -> String {
    format!("{ROOT}{}", endpoint.path)
}

fn method(endpoint: &Endpoint) -> HttpMethod {
    match endpoint.method.as_str() {
        "POST" => HttpMethod::Post,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(endpoint: &Endpoint, answers: &mut Answers) -> utoipa::openapi::path::Operation {
    let needs = endpoint
        .scope
        .map_or_else(|| "Open to everybody.".into(), |scope| format!("Needs the scope `{scope}`."));
    let tag = endpoint.path.split('/').nth(1).unwrap_or_default();
    let mut operation = OperationBuilder::new()
        .operation_id(Some(endpoint.name))
        .tag(tag)
        .summary(Some(endpoint.summary))
        .description(Some(needs));
    if endpoint.scope.is_some() {
        operation = operation.security(SecurityRequirement::new("token", Vec::<String>::new()));
    }
    for name in endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        operation = operation.parameter(parameter(endpoint, name, ParameterIn::Path, form::words(name)));
    }
    for (name, about) in endpoint.query {
        operation = operation.parameter(parameter(endpoint, name, ParameterIn::Query, about));
    }
    if endpoint.method == axum::http::Method::POST {
        operation = operation.parameter(parameter(
            endpoint,
            "Idempotency-Key",
            ParameterIn::Header,
            "Makes a repeated request the same one: it is given the first answer, for 24 hours.",
        ));
    }
    if let Some(body) = body(endpoint) {
        operation = operation.request_body(Some(body));
    }
    answered(operation, endpoint, answers).build()
}

/// What stands under a name, and where.
fn parameter(endpoint: &Endpoint, name: &str, place: ParameterIn, about: &str) -> ParameterBuilder {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    let form: Option<RefOr<Schema>> = serde_json::from_value(form::of(endpoint.path, name)).ok();
    let about = Some(about).filter(|about| !about.is_empty());
    ParameterBuilder::new().name(name).parameter_in(place).required(required).description(about).schema(form)
}

fn body(endpoint: &Endpoint) -> Option<utoipa::openapi::request_body::RequestBody> {
    let builder = RequestBodyBuilder::new();
    match &endpoint.body {
        Takes::Nothing => None,
        Takes::File(media_type) => {
            let text = ObjectBuilder::new().schema_type(Type::String).build();
            let content = ContentBuilder::new().schema(Some(text)).build();
            Some(builder.content(*media_type, content).required(Some(Required::True)).build())
        }
        Takes::Json { schema, example } => {
            let schema: Option<RefOr<Schema>> = serde_json::from_value(schema.clone()).ok();
            let content = ContentBuilder::new().schema(schema).example(Some(example.clone())).build();
            Some(builder.content("application/json", content).build())
        }
    }
}

/// Every status that may be answered, and in which shape.
fn answered(mut operation: OperationBuilder, endpoint: &Endpoint, answers: &mut Answers) -> OperationBuilder {
    let media_type = if endpoint.path == "/events" { "text/event-stream" } else { "application/json" };
    for (status, about) in endpoint.answers() {
        let response = ResponseBuilder::new().description(*about);
        let response = match *status {
            "304" => response,
            _ => response.content(media_type, ContentBuilder::new().schema(answers.of(endpoint)).build()),
        };
        operation = operation.response(*status, response.build());
    }
    for (status, about) in endpoint.refusals() {
        let content = ContentBuilder::new().schema(Some(answers.problem())).build();
        operation = operation
            .response(status, ResponseBuilder::new().description(about).content(MEDIA_TYPE, content).build());
    }
    operation
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// What answers refer to, one below the other; of a strategy the grammar says what each field is.
    fn answers() -> impl Iterator<Item = (&'static String, &'static Value)> {
        let all = super::DESCRIPTION["components"]["schemas"].as_object().unwrap().iter();
        all.filter(|(name, _)| !name.starts_with("Strategy."))
    }

    #[test]
    fn every_answer_refers_to_a_type_whose_name_no_other_type_has() {
        for (place, methods) in super::DESCRIPTION["paths"].as_object().unwrap() {
            for operation in methods.as_object().unwrap().values().filter(|one| one.is_object()) {
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let mut forms =
                        response["content"].as_object().into_iter().flat_map(|types| types.values());
                    let is_told = forms.all(|form| form["schema"]["$ref"].is_string());
                    let is_empty = response["content"].is_null();
                    assert!(is_told && is_empty == (status == "304"), "{place} {status}: {response}");
                }
            }
        }
        let is_second = |name: &String| {
            let first = name.trim_end_matches(|c: char| c.is_ascii_digit());
            first != name && answers().any(|(other, _)| other == first)
        };
        let seconds: Vec<_> = answers().map(|(name, _)| name).filter(|name| is_second(name)).collect();
        assert_eq!(seconds, [] as [&String; 0], "two types are called so: rename one in its schema");
    }

    #[test]
    fn every_parameter_and_every_body_has_the_form_that_was_written_down() {
        let described = &*super::DESCRIPTION;
        let operations = described["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|methods| methods.as_object().unwrap().values());
        for operation in operations.filter(|operation| operation.is_object()) {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            for parameter in &parameters {
                assert!(parameter["schema"]["type"].is_string(), "{parameter}");
                let is_id = parameter["name"] == "operation";
                assert!(!is_id || parameter["schema"]["pattern"].is_string(), "{parameter}");
            }
            if let Some(body) = operation["requestBody"]["content"]["application/json"].as_object() {
                assert_eq!(body["schema"]["additionalProperties"], Value::Bool(false), "{body:?}");
            }
        }
        let key = &described["paths"]["/api/v1/agent/trigger"]["post"]["requestBody"]["content"]["application/json"];
        let key = &key["schema"]["properties"]["idempotency_key"];
        assert_eq!(
            (&key["pattern"], &key["type"]),
            (&crate::form::KEY.into(), &serde_json::json!(["string", "null"]))
        );
    }
}
