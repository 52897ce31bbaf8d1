//! The same seed gives the same bits: again, in other vectors, in other batches of prediction, on other machines.

use std::ops::ControlFlow;

use ktrdr_domain::strategy::network::{Activation, Optimisation, OutputKind};
use ktrdr_neural::{Backend, Cpu, Network, NetworkShape, PredictError, Task, Vectors};
use ndarray::{ArrayView2, s};
use proptest::prelude::*;

use crate::data::{ACTIVATIONS, bits, matrix, noisy_rows, settings, shape, train};

/// FNV-1a over the bits.
fn digest(bits: &[u32]) -> u64 {
    bits.iter()
        .flat_map(|x| x.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn dropped(activation: Activation) -> NetworkShape {
    NetworkShape { activation, dropout: 0.2, ..shape(7, &[13, 6], OutputKind::Classification) }
}

#[test]
fn a_seed_fixes_every_bit_and_another_seed_changes_them() {
    let rows = noisy_rows(300, 7, 5);
    let trained = |seed| train(&dropped(Activation::Relu), &settings(3), seed, rows.classified()).unwrap();
    let (first, again, other) = (trained(1), trained(1), trained(2));
    assert_eq!(bits(&first.network), bits(&again.network));
    assert_eq!(first.history, again.history);
    assert_ne!(bits(&first.network), bits(&other.network));
}

#[test]
fn every_set_of_vector_instructions_trains_to_the_same_bits() {
    let rows = noisy_rows(100, 7, 5);
    for activation in ACTIVATIONS {
        let (shape, optimisation) = (dropped(activation), Optimisation { batch_size: 40, ..settings(2) });
        let task = Task {
            shape: &shape,
            optimisation: &optimisation,
            seed: 1,
            train: rows.classified(),
            validation: Some(rows.classified()),
        };
        let results: Vec<_> = Vectors::available()
            .into_iter()
            .map(|vectors| {
                Cpu::with(vectors).train(&task, &mut |_| ControlFlow::Continue(()), &|| false).unwrap()
            })
            .collect();
        for result in &results {
            assert_eq!(bits(&result.network), bits(&results[0].network), "{activation:?}");
            assert_eq!(result.history, results[0].history, "{activation:?}");
        }
    }
}

/// The numbers were written down on one machine; any other that gives different ones breaks the promise.
#[test]
fn bits_are_those_of_every_other_machine() {
    let rows = noisy_rows(200, 7, 5);
    let digests = ACTIVATIONS.map(|activation| {
        let trained = train(&dropped(activation), &settings(4), 1, rows.classified()).unwrap();
        digest(&bits(&trained.network))
    });
    assert_eq!(
        digests,
        [
            4_409_904_160_748_290_842,
            16_316_725_982_706_669_161,
            431_871_766_585_442_524,
            10_824_221_063_644_929_783,
            7_042_512_976_589_702_725,
        ]
    );
}

#[test]
fn blocks_of_a_large_batch_do_not_change_the_gradient() {
    // one batch of 200 rows is worked on in blocks of 64; one of 200 single-row batches is not the same thing, but
    // a batch larger than the set is
    let rows = noisy_rows(200, 7, 5);
    let trained = |batch_size| {
        let optimisation = Optimisation { batch_size, ..settings(2) };
        bits(&train(&dropped(Activation::Tanh), &optimisation, 1, rows.classified()).unwrap().network)
    };
    assert_eq!(trained(200), trained(65_536));
    assert_ne!(trained(200), trained(100));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_rows_prediction_does_not_depend_on_the_rows_around_it(
        inputs in 1_usize..30, hidden in prop::collection::vec(1_usize..40, 0..3),
        cuts in prop::collection::vec(0_usize..150, 0..5), activation in 0_usize..5,
    ) {
        let shape = NetworkShape { activation: ACTIVATIONS[activation], ..shape(inputs, &hidden, OutputKind::Classification) };
        let network = Network::seeded(&shape, 4).unwrap();
        let rows = noisy_rows(150, inputs.max(2), 6);
        let x = matrix(&rows.x[..150 * inputs], inputs);
        let whole = network.predict(&x).unwrap();
        let mut cuts: Vec<usize> = cuts.into_iter().chain([0, 150]).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        for pair in cuts.windows(2) {
            pieces.extend(network.predict(&x.slice(s![pair[0]..pair[1], ..])).unwrap());
        }
        prop_assert_eq!(pieces.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
                        whole.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        prop_assert_eq!(whole.dim(), (150, 3));
    }
}

#[test]
fn rows_that_do_not_fit_are_refused_and_no_rows_give_nothing() {
    let network = Network::seeded(&dropped(Activation::Relu), 1).unwrap();
    let refused = |rows: ArrayView2<'_, f32>| network.predict(&rows).unwrap_err();
    assert_eq!(refused(matrix(&[0.0; 8], 8)), PredictError::Width { width: 8, inputs: 7 });
    let columns_first = matrix(&[0.0; 14], 2);
    assert_eq!(refused(columns_first.t()), PredictError::Layout);
    assert_eq!(network.predict(&matrix(&[], 7)).unwrap().dim(), (0, 3));
}

#[test]
fn prediction_never_drops_units() {
    let shape = dropped(Activation::Tanh);
    let network = Network::seeded(&shape, 1).unwrap();
    let without = NetworkShape { dropout: 0.0, ..shape };
    let same = Network::from_layers(&without, &network.layers()).unwrap();
    let rows = noisy_rows(50, 7, 5);
    assert_eq!(network.predict(&rows.matrix()).unwrap(), same.predict(&rows.matrix()).unwrap());
}
