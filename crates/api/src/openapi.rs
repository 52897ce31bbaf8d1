//! The description of the API: OpenAPI 3.1, made from the table of endpoints.

use ktrdr_app::ErrorKind;
use serde_json::json;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Required, ResponseBuilder,
};

use crate::dispatch::ROOT;
use crate::endpoint::{Endpoint, Takes};
use crate::form;
use crate::problem::MEDIA_TYPE;

const ABOUT: &str = "What the application floor of ktrdr answers, for programs. Errors are problem details (RFC 9457) with a stable \
`code` and a `hint`. Every POST may carry an `Idempotency-Key`: said again with the same key it is the same request, and is given the first answer. Lists come in \
parts: `next` is the `cursor` of the next one. Answers carry an entity tag. Operations are filtered in one language, \
`status=failed,running&type!=probe&error~timeout`.";

/// The whole description.
pub(crate) fn describe(endpoints: &[Endpoint]) -> OpenApi {
    let mut paths = Paths::new();
    for endpoint in endpoints {
        let item = PathItem::new(method(endpoint), operation(endpoint));
        match paths.paths.get_mut(&path(endpoint)) {
            Some(there) => there.merge_operations(item),
            None => {
                paths.paths.insert(path(endpoint), item);
            }
        }
    }
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    let components =
        ComponentsBuilder::new().schema("Problem", problem()).security_scheme("token", bearer).build();
    let info =
        InfoBuilder::new().title("ktrdr").version(env!("CARGO_PKG_VERSION")).description(Some(ABOUT)).build();
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
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

fn operation(endpoint: &Endpoint) -> utoipa::openapi::path::Operation {
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
    answers(operation, endpoint).build()
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
fn answers(mut operation: OperationBuilder, endpoint: &Endpoint) -> OperationBuilder {
    let object = ObjectBuilder::new().schema_type(Type::Object).build();
    let media_type = if endpoint.path == "/events" { "text/event-stream" } else { "application/json" };
    for (status, about) in endpoint.answers() {
        let response = ResponseBuilder::new().description(*about);
        let response = match *status {
            "304" => response,
            _ => response.content(media_type, ContentBuilder::new().schema(Some(object.clone())).build()),
        };
        operation = operation.response(*status, response.build());
    }
    for (status, about) in endpoint.refusals() {
        let problem = utoipa::openapi::Ref::from_schema_name("Problem");
        let content = ContentBuilder::new().schema(Some(problem)).build();
        operation = operation
            .response(status, ResponseBuilder::new().description(about).content(MEDIA_TYPE, content).build());
    }
    operation
}

fn problem() -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let kind = serde_json::to_value(ErrorKind::NotFound).unwrap_or_default();
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("type", text().description(Some("The code as a name that is unique everywhere.")))
        .property("title", text().description(Some("The status in words.")))
        .property(
            "status",
            ObjectBuilder::new().schema_type(Type::Integer).description(Some("The status of the answer.")),
        )
        .property("detail", text().description(Some("What is wrong, and where: for people.")))
        .property("code", text().description(Some("A stable word for programs.")))
        .property("hint", text().description(Some("What to do next.")))
        .required("status")
        .required("code")
        .required("detail")
        .required("hint")
        .examples([json!({ "type": "urn:ktrdr:problem:not_found", "title": "Not Found", "status": 404, "code": kind,
            "detail": "there is no operation op_x in this workspace", "hint": "list what there is with a GET on the collection" })])
        .build()
        .into()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::endpoints;

    /// A form that the description's types can not hold would be left out without a word.
    /// Fields of a form, at whatever depth, that say nothing.
    fn silent(form: &Value, place: &str) -> Vec<String> {
        let fields = form["properties"].as_object().into_iter().flatten();
        let below = fields.flat_map(|(name, field)| {
            let place = format!("{place}.{name}");
            let own = field["description"].as_str().is_none_or(str::is_empty).then(|| place.clone());
            own.into_iter().chain(silent(field, &place))
        });
        let either = form["oneOf"].as_array().into_iter().flatten().chain([&form["items"]]);
        below.chain(either.filter(|form| form.is_object()).flat_map(|form| silent(form, place))).collect()
    }

    #[test]
    fn every_field_and_every_parameter_says_what_it_is() {
        let described = serde_json::to_value(super::describe(&endpoints::all())).unwrap();
        assert_eq!(silent(&described["components"]["schemas"]["Problem"], "Problem"), [] as [String; 0]);
        for (path, methods) in described["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap().iter().filter(|(_, one)| one.is_object())
            {
                let place = format!("{method} {path}");
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                assert_eq!(silent(body, &place), [] as [String; 0]);
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let words = parameter["description"].as_str().unwrap_or_default();
                    assert!(words.len() > 3, "{place}: {} says nothing", parameter["name"]);
                }
            }
        }
    }

    #[test]
    fn every_parameter_and_every_body_has_the_form_that_was_written_down() {
        let described = serde_json::to_value(super::describe(&endpoints::all())).unwrap();
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
