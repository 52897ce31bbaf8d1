//! Makes the runs that are not in the book yet, a few at a time, and says when it will be over.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::laboratory::Laboratory;
use super::plan::Task;
use super::record::{Book, Record};

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) made: usize,
    pub(super) known: usize,
    /// Needing real bars where there are none.
    pub(super) left_out: usize,
}

/// Makes all runs of `tasks` that are missing in the book, with so many hands; with none it makes none.
pub(super) fn work(laboratory: &Laboratory, tasks: &[Task], book: &mut Book, hands: usize) -> Outcome {
    let keys = book.keys();
    let (known, missing): (Vec<&Task>, Vec<&Task>) = tasks.iter().partition(|t| keys.contains(&t.key()));
    let (possible, left_out): (Vec<&Task>, Vec<&Task>) =
        missing.into_iter().partition(|task| laboratory.can_make(task));
    let made = if hands == 0 { 0 } else { possible.len() };
    let outcome = Outcome { made, known: known.len(), left_out: left_out.len() };
    if outcome.left_out > 0 {
        eprintln!("KTRDR_REAL_DATA is not set: {} runs on real bars are left out", outcome.left_out);
    }
    let progress = Progress::new(&possible);
    let waiting = Mutex::new(VecDeque::from(possible));
    let written = Mutex::new((book, progress));
    thread::scope(|scope| {
        for _ in 0..hands {
            scope.spawn(|| {
                loop {
                    // The lock is given back here, and not held while the run is made.
                    let task = lock(&waiting).pop_front();
                    let Some(task) = task else { return };
                    let record = laboratory.make(task);
                    let mut written = lock(&written);
                    let (book, progress) = &mut *written;
                    progress.say(task, &record);
                    book.write(record);
                }
            });
        }
    });
    outcome
}

/// A hand that panicked has written nothing half.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Progress {
    begun: Instant,
    runs: usize,
    made: usize,
    weight: f64,
    weight_made: f64,
}

impl Progress {
    fn new(tasks: &[&Task]) -> Self {
        let weight = tasks.iter().map(|task| task.weight()).sum();
        Self { begun: Instant::now(), runs: tasks.len(), made: 0, weight, weight_made: 0.0 }
    }

    fn say(&mut self, task: &Task, record: &Record) {
        self.made += 1;
        self.weight_made += task.weight();
        let left = self.begun.elapsed().mul_f64((self.weight - self.weight_made) / self.weight_made);
        let found = match (&record.failed, record.survivors.len()) {
            (Some(why), _) => format!("FAILED: {why}"),
            (None, 0) => "nothing accepted".to_owned(),
            (None, survivors) => format!("{survivors} accepted"),
        };
        let (made, runs, key, took) = (self.made, self.runs, &record.key, record.took_ms as f64 / 1_000.0);
        eprintln!("{made}/{runs} · {key} · {took:.1} s · {found} · {} left", shown(left));
    }
}

fn shown(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60);
    if minutes < 60 {
        format!("{minutes} min")
    } else {
        format!("{} h {:02} min", minutes / 60, minutes % 60)
    }
}
