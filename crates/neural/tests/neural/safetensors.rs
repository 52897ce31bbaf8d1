//! Networks survive being written and read; nothing else is let in.

use ktrdr_domain::strategy::network::OutputKind;
use ktrdr_neural::{HEADER_BYTES_MAX, Network, NetworkShape, WeightsError};
use proptest::prelude::*;

use crate::data::{bits, shape};

fn small() -> (NetworkShape, Vec<u8>) {
    let shape = shape(5, &[9, 4], OutputKind::Classification);
    let bytes = Network::seeded(&shape, 1).unwrap().to_safetensors().unwrap();
    (shape, bytes)
}

/// A file of this header and as many zero bytes.
fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn a_network_comes_back_bit_for_bit_and_has_one_form() {
    let (shape, bytes) = small();
    let network = Network::from_safetensors(&bytes, &shape).unwrap();
    assert_eq!(bits(&network), bits(&Network::seeded(&shape, 1).unwrap()));
    assert_eq!(network.to_safetensors().unwrap(), bytes);
}

#[test]
fn tensors_have_the_names_and_orientation_of_pytorch() {
    let (_, bytes) = small();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    assert_eq!(header["layers.0.weight"]["shape"], serde_json::json!([9, 5]));
    assert_eq!(header["layers.1.weight"]["shape"], serde_json::json!([4, 9]));
    assert_eq!(header["layers.2.bias"]["shape"], serde_json::json!([3]));
    assert_eq!(header["layers.2.bias"]["dtype"], "F32");
}

#[test]
fn another_shape_is_refused_even_when_it_has_as_many_numbers() {
    let (_, bytes) = small();
    for (inputs, hidden) in [(5, vec![9]), (6, vec![9, 4]), (5, vec![4, 9]), (5, vec![9, 4, 4])] {
        let other = shape(inputs, &hidden, OutputKind::Classification);
        assert!(Network::from_safetensors(&bytes, &other).is_err(), "{inputs} {hidden:?}");
    }
    let linear = shape(2, &[], OutputKind::Regression);
    let turned = file(
        r#"{"layers.0.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"layers.0.bias":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
        12,
    );
    assert!(matches!(Network::from_safetensors(&turned, &linear), Err(WeightsError::Tensor { .. })));
}

#[test]
fn other_number_types_further_tensors_and_infinities_are_refused() {
    let linear = shape(1, &[], OutputKind::Regression);
    let bias = r#""layers.0.bias":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#;
    let good =
        format!(r#"{{"layers.0.weight":{{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}},{bias}}}"#);
    assert!(Network::from_safetensors(&file(&good, 8), &linear).is_ok());
    let integers = good.replacen("F32", "I32", 1);
    assert!(matches!(
        Network::from_safetensors(&file(&integers, 8), &linear),
        Err(WeightsError::Tensor { .. })
    ));
    let further = good.replace("}}", r#"},"more":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#);
    assert!(matches!(
        Network::from_safetensors(&file(&further, 12), &linear),
        Err(WeightsError::Header { .. })
    ));
    let mut infinite = file(&good, 8);
    let end = infinite.len();
    infinite[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert!(matches!(Network::from_safetensors(&infinite, &linear), Err(WeightsError::Network(_))));
}

#[test]
fn lengths_that_promise_too_much_are_refused_before_they_are_believed() {
    let (shape, bytes) = small();
    let mut long_header = bytes.clone();
    long_header[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(Network::from_safetensors(&long_header, &shape), Err(WeightsError::Header { .. })));
    let too_long = vec![0; bytes.len() + HEADER_BYTES_MAX + 9];
    assert!(matches!(Network::from_safetensors(&too_long, &shape), Err(WeightsError::TooLong { .. })));
    assert!(matches!(Network::from_safetensors(&[], &shape), Err(WeightsError::Header { .. })));
    let deep = file(&"[".repeat(5_000), 0);
    assert!(matches!(Network::from_safetensors(&deep, &shape), Err(WeightsError::Json(_))));
}

/// Eight tensors whose sizes add up to just under 2⁶⁴: a sum that wraps would make the header agree with the file.
#[test]
fn offsets_that_overflow_are_refused() {
    let linear = shape(1, &[], OutputKind::Regression);
    let size = 1_u64 << 61;
    let entry = |index: u64| {
        let (from, to) = (index * size, (index + 1).saturating_mul(size));
        format!(
            r#""layers.{index}.weight":{{"dtype":"U8","shape":[{}],"data_offsets":[{from},{to}]}}"#,
            to - from
        )
    };
    let header = format!("{{{}}}", (0..8).map(entry).collect::<Vec<_>>().join(","));
    assert!(matches!(Network::from_safetensors(&file(&header, 0), &linear), Err(WeightsError::Json(_))));
}

proptest! {
    #[test]
    fn mutated_files_never_panic_and_never_load_as_another_network(
        changes in prop::collection::vec((0_usize..700, any::<u8>()), 1..6), cut in prop::option::of(0_usize..700),
    ) {
        let (shape, mut bytes) = small();
        let length = bytes.len();
        for (place, byte) in changes {
            bytes[place % length] = byte;
        }
        bytes.truncate(cut.unwrap_or(length));
        if let Ok(network) = Network::from_safetensors(&bytes, &shape) {
            prop_assert!(network.layers().iter().all(|layer| layer.weights.iter().all(|x| x.is_finite())));
        }
    }

    #[test]
    fn arbitrary_headers_never_panic(header in "\\PC{0,200}", data in 0_usize..64) {
        let (shape, _) = small();
        prop_assert!(Network::from_safetensors(&file(&header, data), &shape).is_err());
    }
}
