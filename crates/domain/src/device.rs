//! What a job asks to be computed on, and what a worker computes on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{Display, EnumString, IntoStaticStr};

use crate::excerpt::excerpt;

/// What a job asks to be computed on. The strings are stable: they stand in specifications.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", parse_err_ty = BadDeviceRequest, parse_err_fn = BadDeviceRequest::of)]
pub enum DeviceRequest {
    /// Whatever is free, a GPU first.
    #[default]
    Any,
    /// A GPU; it waits until there is one.
    Gpu,
    /// A CPU, though a GPU may be free.
    Cpu,
}

impl DeviceRequest {
    /// Every request.
    pub const ALL: [Self; 3] = [Self::Any, Self::Gpu, Self::Cpu];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The request stated by a specification, in its field `device`. None that can be read counts as any: whoever runs the
    /// job reads the specification anyway, and says what is wrong with it.
    #[must_use]
    pub fn of(spec: &Value) -> Self {
        spec.get("device").and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// Whether any device will do.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self == Self::Any
    }

    /// The one class of worker that will do.
    #[must_use]
    pub fn pinned(self) -> Option<DeviceClass> {
        match self {
            Self::Any => None,
            Self::Gpu => Some(DeviceClass::Gpu),
            Self::Cpu => Some(DeviceClass::Cpu),
        }
    }
}

/// Text that is not a request for a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a device to ask for: use any, gpu or cpu")]
pub struct BadDeviceRequest(pub String);

impl BadDeviceRequest {
    fn of(text: &str) -> Self {
        Self(excerpt(text))
    }
}

/// What a worker computes on. The strings are stable: they name queues and routing keys.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    JsonSchema,
    Deserialize,
    Display,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeviceClass {
    /// A CPU.
    #[default]
    Cpu,
    /// A GPU.
    Gpu,
}

impl DeviceClass {
    /// Every class.
    pub const ALL: [Self; 2] = [Self::Cpu, Self::Gpu];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// How eagerly its workers consume: the broker serves those of a higher number first while they have room.
    #[must_use]
    pub fn consumer_priority(self) -> i32 {
        match self {
            Self::Cpu => 0,
            Self::Gpu => 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_is_written_as_it_is_read() {
        for request in DeviceRequest::ALL {
            assert_eq!(request.as_str().parse(), Ok(request));
            assert_eq!(serde_json::to_value(request).unwrap(), json!(request.as_str()));
            assert_eq!(DeviceRequest::of(&json!({ "device": request })), request);
        }
        assert!("tpu".parse::<DeviceRequest>().is_err());
    }

    #[test]
    fn a_specification_without_a_readable_request_takes_any_device() {
        for spec in [json!({}), json!(null), json!([1]), json!({"device": 3}), json!({"device": "tpu"})] {
            assert_eq!(DeviceRequest::of(&spec), DeviceRequest::Any, "{spec}");
        }
    }
}
