//! How training ends: all epochs, early stopping with the best weights, the observer, cancelling, divergence.

use std::cell::Cell;
use std::ops::ControlFlow;

use ktrdr_domain::strategy::network::{EarlyStopping, Optimisation, Optimizer, OutputKind, Scheduler};
use ktrdr_neural::{Backend, Cpu, Ending, Task, TrainError, evaluate};

use crate::data::{bits, diverging, noisy_rows, overfitting, run, settings, shape, train};

#[test]
fn early_stopping_puts_the_weights_of_the_best_epoch_back() {
    let (rows, unseen) = (noisy_rows(80, 6, 1), noisy_rows(80, 6, 2));
    let shape = shape(6, &[32], OutputKind::Classification);
    let optimisation = overfitting();
    let task = Task {
        shape: &shape,
        optimisation: &optimisation,
        seed: 1,
        train: rows.classified(),
        validation: Some(unseen.classified()),
    };
    let stopped = run(&task).unwrap();
    assert_eq!(stopped.ending, Ending::EarlyStopping);
    assert_eq!(stopped.history.len() as u32, stopped.best_epoch + 4);
    let lowest = stopped.history.iter().map(|e| e.validation_loss.unwrap()).fold(f64::INFINITY, f64::min);
    let kept = &stopped.history[stopped.best_epoch as usize - 1];
    assert_eq!(kept.validation_loss, Some(lowest));

    // a training that simply ends at that epoch has exactly these weights
    let straight = train(
        &shape,
        &Optimisation { epochs: stopped.best_epoch, early_stopping: None, ..optimisation.clone() },
        1,
        rows.classified(),
    );
    assert_eq!(bits(&straight.unwrap().network), bits(&stopped.network));
    let again = evaluate(&stopped.network, &unseen.classified(), None).unwrap();
    assert_eq!(Some(again.loss), kept.validation_loss);
    assert_eq!(Some(again.accuracy), kept.validation_accuracy);
}

#[test]
fn the_best_epoch_is_kept_even_when_patience_outlasts_the_epochs() {
    let (rows, unseen) = (noisy_rows(80, 6, 1), noisy_rows(80, 6, 2));
    let shape = shape(6, &[32], OutputKind::Classification);
    let optimisation = Optimisation {
        epochs: 40,
        early_stopping: Some(EarlyStopping { patience: 100, min_delta: 0.0 }),
        ..overfitting()
    };
    let task = Task {
        shape: &shape,
        optimisation: &optimisation,
        seed: 1,
        train: rows.classified(),
        validation: Some(unseen.classified()),
    };
    let trained = run(&task).unwrap();
    assert_eq!(trained.ending, Ending::AllEpochs);
    assert!(trained.best_epoch < 40, "this set overfits well before its last epoch");
    let again = evaluate(&trained.network, &unseen.classified(), None).unwrap();
    assert_eq!(Some(again.loss), trained.history[trained.best_epoch as usize - 1].validation_loss);
}

#[test]
fn without_early_stopping_the_last_epoch_is_kept() {
    let rows = noisy_rows(80, 6, 1);
    let trained =
        train(&shape(6, &[8], OutputKind::Classification), &settings(3), 1, rows.classified()).unwrap();
    assert_eq!((trained.ending, trained.best_epoch, trained.history.len()), (Ending::AllEpochs, 3, 3));
    assert_eq!(trained.history.iter().map(|e| e.epoch).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(trained.history.iter().all(|e| e.validation_loss.is_none() && e.learning_rate == 0.001));
}

#[test]
fn the_observer_hears_every_epoch_and_can_end_training() {
    let rows = noisy_rows(80, 6, 1);
    let (shape, optimisation) = (shape(6, &[8], OutputKind::Classification), settings(10));
    let task = Task {
        shape: &shape,
        optimisation: &optimisation,
        seed: 1,
        train: rows.classified(),
        validation: None,
    };
    let mut heard = Vec::new();
    let mut observer = |progress: &ktrdr_neural::EpochProgress| {
        assert_eq!((progress.epochs, progress.rows), (10, 80));
        heard.push(progress.record);
        if progress.record.epoch == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let trained = Cpu::new().train(&task, &mut observer, &|| false).unwrap();
    assert_eq!((trained.ending, trained.best_epoch), (Ending::Observer, 4));
    assert_eq!(trained.history, heard);
}

#[test]
fn the_stop_token_is_asked_for_every_64_rows_even_within_a_batch() {
    let rows = noisy_rows(1_000, 6, 1);
    let (shape, validation) = (shape(6, &[8], OutputKind::Classification), noisy_rows(200, 6, 2));
    let optimisation = Optimisation { batch_size: 65_536, ..settings(2) };
    let task = Task {
        shape: &shape,
        optimisation: &optimisation,
        seed: 1,
        train: rows.classified(),
        validation: Some(validation.classified()),
    };
    let asked = Cell::new(0);
    let count = || {
        asked.set(asked.get() + 1);
        false
    };
    Cpu::new().train(&task, &mut |_| ControlFlow::Continue(()), &count).unwrap();
    assert_eq!(asked.get(), 2 * (16 + 4));

    let asked = Cell::new(0);
    let third = || {
        asked.set(asked.get() + 1);
        asked.get() == 23
    };
    let cancelled = Cpu::new().train(&task, &mut |_| ControlFlow::Continue(()), &third);
    assert_eq!(cancelled, Err(TrainError::Cancelled { epoch: 2 }));
    assert_eq!(asked.get(), 23, "nothing runs on after the token says stop");
}

#[test]
fn a_loss_that_is_no_number_ends_training_with_advice() {
    let rows = noisy_rows(200, 6, 1);
    let error = train(&shape(6, &[16], OutputKind::Regression), &diverging(), 1, rows.valued()).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
    assert!(error.to_string().contains("learning_rate"));
}

#[test]
fn schedulers_show_in_the_history() {
    let rows = noisy_rows(64, 6, 1);
    let shape = shape(6, &[8], OutputKind::Classification);
    let optimisation = Optimisation {
        lr_scheduler: Scheduler::ReduceOnPlateau { factor: 0.1, patience: 1 },
        learning_rate: 3.0,
        optimizer: Optimizer::Sgd,
        ..settings(30)
    };
    let task = Task {
        shape: &shape,
        optimisation: &optimisation,
        seed: 1,
        train: rows.classified(),
        validation: Some(rows.classified()),
    };
    let history = run(&task).unwrap().history;
    for pair in history.windows(2) {
        let (loss, best) = (
            pair[0].validation_loss.unwrap(),
            history[..pair[0].epoch as usize - 1]
                .iter()
                .map(|e| e.validation_loss.unwrap())
                .fold(f64::INFINITY, f64::min),
        );
        let factor = if loss < best { 1.0 } else { 0.1 };
        assert!((pair[1].learning_rate - pair[0].learning_rate * factor).abs() < 1e-15);
    }
    assert!(history.last().unwrap().learning_rate < 3.0, "this rate is too large not to stumble");
}
