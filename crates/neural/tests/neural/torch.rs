//! The backend of libtorch, on its CPU kernels, and on a GPU where there is one.

use std::cell::Cell;
use std::ops::ControlFlow;

use ktrdr_domain::strategy::network::{ClassWeights, EarlyStopping, Loss, Optimisation, OutputKind};
use ktrdr_neural::{Backend, Cpu, Ending, NetworkShape, Samples, Task, Torch, TrainError, Trained, evaluate};

use tch::{Device, Kind, Tensor};

use crate::data::{ACTIVATIONS, Numbers, Rows, bits, diverging, noisy_rows, overfitting, settings, shape};
use crate::golden::follows_pytorch;

/// What there is here. Who came to test a GPU wants to hear that there is none.
fn devices() -> Vec<Torch> {
    let gpu = match std::env::var("NEURAL_TESTS_NEED_GPU").as_deref() {
        Ok("1") => Some(Torch::gpu(0).unwrap()),
        _ => Torch::gpu(0).ok(),
    };
    [Some(Torch::cpu()), gpu].into_iter().flatten().collect()
}

fn trained(backend: &dyn Backend, task: &Task<'_>) -> Trained {
    backend.train(task, &mut |_| ControlFlow::Continue(()), &|| false).unwrap()
}

fn task<'a>(
    shape: &'a NetworkShape,
    optimisation: &'a Optimisation,
    train: Samples<'a>,
    validation: Option<Samples<'a>>,
) -> Task<'a> {
    Task { shape, optimisation, seed: 3, train, validation }
}

/// Everything that is told of a training, but for rounding.
fn assert_alike(context: &str, one: &Trained, other: &Trained) {
    let outline = |t: &Trained| (t.ending, t.best_epoch, t.history.len());
    assert_eq!(outline(one), outline(other), "{context}");
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-4 * (1.0 + a.abs());
    for (a, b) in one.history.iter().zip(&other.history) {
        assert_eq!((a.epoch, a.learning_rate), (b.epoch, b.learning_rate), "{context}");
        assert!(close(a.train_loss, b.train_loss), "{context}: {a:?} {b:?}");
        assert!((a.train_accuracy - b.train_accuracy).abs() < 0.02, "{context}: {a:?} {b:?}");
        let [a, b] = [a, b].map(|e| e.validation_loss.unwrap_or_default());
        assert!(close(a, b), "{context}: validation {a} {b}");
    }
    for (a, b) in one.network.layers().iter().zip(other.network.layers()) {
        let pairs = a.weights.iter().chain(&a.bias).zip(b.weights.iter().chain(&b.bias));
        assert!(pairs.into_iter().all(|(&a, &b)| (a - b).abs() < 2e-3), "{context}: weights");
    }
}

#[test]
fn every_optimiser_scheduler_and_loss_follows_the_trajectory_of_pytorch() {
    devices().iter().for_each(|torch| follows_pytorch(torch));
}

#[test]
fn every_activation_weight_and_loss_means_what_it_means_to_the_other_backend() {
    let (rows, unseen) = (noisy_rows(500, 7, 1), noisy_rows(9_000, 7, 2));
    let mut numbers = Numbers::new(5);
    let weights: Vec<f32> = (0..500).map(|_| 1.0 + numbers.next()).collect();
    let losses = [
        (OutputKind::Classification, Loss::CrossEntropy, ClassWeights::Balanced),
        (OutputKind::Regression, Loss::Huber { delta: 0.3 }, ClassWeights::None),
        (OutputKind::Regression, Loss::Mse, ClassWeights::None),
    ];
    for torch in devices() {
        for (activation, (output, loss, class_weights)) in
            ACTIVATIONS.into_iter().flat_map(|activation| losses.map(|loss| (activation, loss)))
        {
            let shape = NetworkShape { activation, ..shape(7, &[16, 8], output) };
            let optimisation = Optimisation {
                loss: Some(loss),
                class_weights,
                learning_rate: 0.005,
                early_stopping: Some(EarlyStopping { patience: 50, min_delta: 0.0 }),
                ..settings(6)
            };
            let (train, validation) = match output {
                OutputKind::Classification => (rows.classified(), unseen.classified()),
                OutputKind::Regression => (rows.valued(), unseen.valued()),
            };
            let train = Samples { weights: Some(&weights), ..train };
            let task = task(&shape, &optimisation, train, Some(validation));
            let context = format!("{} {activation:?} {loss:?}", torch.name());
            assert_alike(&context, &trained(&Cpu::new(), &task), &trained(&torch, &task));
        }
    }
}

#[test]
fn early_stopping_puts_the_weights_of_the_best_epoch_back() {
    let (rows, unseen) = (noisy_rows(80, 6, 1), noisy_rows(80, 6, 2));
    let shape = shape(6, &[32], OutputKind::Classification);
    let optimisation = overfitting();
    let task = task(&shape, &optimisation, rows.classified(), Some(unseen.classified()));
    for torch in devices() {
        let stopped = trained(&torch, &task);
        assert_eq!(stopped.ending, Ending::EarlyStopping);
        assert_eq!(stopped.history.len() as u32, stopped.best_epoch + 4);
        let kept = &stopped.history[stopped.best_epoch as usize - 1];
        let again = evaluate(&stopped.network, &unseen.classified(), None).unwrap();
        assert!((again.loss - kept.validation_loss.unwrap()).abs() < 1e-5, "{again:?} {kept:?}");
        assert_eq!(Some(again.accuracy), kept.validation_accuracy);
    }
}

#[test]
fn dropout_acts_while_training_and_is_drawn_from_the_seed() {
    let rows = noisy_rows(400, 6, 1);
    let plain = shape(6, &[32], OutputKind::Classification);
    let dropped = NetworkShape { dropout: 0.5, ..plain.clone() };
    let optimisation = settings(30);
    for torch in devices() {
        let run = |shape: &NetworkShape, seed| {
            trained(&torch, &Task { seed, ..task(shape, &optimisation, rows.classified(), None) })
        };
        let (with, without) = (run(&dropped, 3), run(&plain, 3));
        let last = |t: &Trained| t.history.last().unwrap().train_loss;
        assert!(last(&with) > 1.05 * last(&without), "{} {}", last(&with), last(&without));
        assert!(last(&with) < 0.9 * with.history[0].train_loss, "it learns all the same");
        assert_eq!(bits(&run(&dropped, 3).network), bits(&with.network));
        assert_ne!(bits(&run(&dropped, 4).network), bits(&with.network));
    }
}

#[test]
fn the_stop_token_is_asked_for_every_batch_and_nothing_runs_on_after_it() {
    let (rows, unseen) = (noisy_rows(1_000, 6, 1), noisy_rows(200, 6, 2));
    let shape = shape(6, &[8], OutputKind::Classification);
    let optimisation = Optimisation { batch_size: 300, ..settings(2) };
    let task = task(&shape, &optimisation, rows.classified(), Some(unseen.classified()));
    for torch in devices() {
        let asked = Cell::new(0);
        let says_stop_at = |time: u32| {
            let asked = &asked;
            move || {
                asked.set(asked.get() + 1);
                asked.get() == time
            }
        };
        torch.train(&task, &mut |_| ControlFlow::Continue(()), &says_stop_at(u32::MAX)).unwrap();
        assert_eq!(asked.take(), 2 * (4 + 1));
        let cancelled = torch.train(&task, &mut |_| ControlFlow::Continue(()), &says_stop_at(10));
        assert_eq!((cancelled, asked.take()), (Err(TrainError::Cancelled { epoch: 2 }), 10));
    }
}

#[test]
fn a_loss_that_is_no_number_ends_training_with_advice() {
    let rows = noisy_rows(200, 6, 1);
    let shape = shape(6, &[16], OutputKind::Regression);
    let optimisation = diverging();
    for torch in devices() {
        let task = task(&shape, &optimisation, rows.valued(), None);
        let error = torch.train(&task, &mut |_| ControlFlow::Continue(()), &|| false).unwrap_err();
        assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
    }
}

/// A batch that needs 262 GB where there are less; the next training finds the device as it was.
#[test]
fn a_device_without_enough_memory_says_so_and_goes_on() {
    const ROWS: usize = 4_000_000;
    let (x, values) = (vec![0.5; ROWS], vec![0.1; ROWS]);
    let rows = Rows { x, width: 1, classes: Vec::new(), values };
    let wide = shape(1, &[16_384], OutputKind::Regression);
    let optimisation = Optimisation { batch_size: ROWS, ..settings(1) };
    let small = noisy_rows(64, 6, 1);
    let narrow = shape(6, &[8], OutputKind::Classification);
    for torch in devices() {
        let task_too_large = task(&wide, &optimisation, rows.valued(), None);
        let error = torch.train(&task_too_large, &mut |_| ControlFlow::Continue(()), &|| false).unwrap_err();
        assert!(matches!(error, TrainError::Device { epoch: 1, .. }), "{error}");
        assert!(
            error.to_string().contains("smaller batches") && !error.to_string().contains('\n'),
            "{error}"
        );
        trained(&torch, &task(&narrow, &settings(1), small.classified(), None));
    }
}

/// An index that no tensor has ends every further use of the GPU by this process: so it is run alone.
#[test]
#[ignore = "loses the GPU of its process"]
fn a_gpu_that_is_lost_is_not_taken_for_one_that_failed() {
    let torch = Torch::gpu(0).unwrap();
    let rows = noisy_rows(64, 6, 1);
    let shape = shape(6, &[8], OutputKind::Classification);
    let optimisation = settings(2);
    let task = task(&shape, &optimisation, rows.classified(), None);
    trained(&torch, &task);
    let place = (Kind::Float, Device::Cuda(0));
    let beyond = Tensor::from_slice(&[8_i64]).to_device(Device::Cuda(0));
    let _never_seen = Tensor::zeros([8], place).f_index_select(0, &beyond);
    let error = torch.train(&task, &mut |_| ControlFlow::Continue(()), &|| false).unwrap_err();
    assert!(matches!(error, TrainError::DeviceLost { .. }), "{error}");
    assert!(error.to_string().contains("is lost to this process"), "{error}");
}
