//! What a network owes to an input: what it gives up on rows where that says nothing.
//!
//! An input is a group of columns that belong together, such as the sets of one indicator. There are two ways to silence it. *Permuted*
//! (Breiman 2001): its columns come from other rows. They move in whole blocks of neighbours, so that an input which changes slowly
//! still does, and every block comes from elsewhere. *Held*: they stand at their means.
//!
//! How much of it is luck is told by the blocks: each is a judgement of its own.

use ndarray::{Array2, ArrayView2, s};

use ktrdr_domain::strategy::network::Loss;

use crate::evaluate::{EvaluateError, evaluate};
use crate::network::Network;
use crate::random::{Purpose, SeededRng, cycle};
use crate::samples::Samples;

/// Blocks of neighbouring rows: enough to tell how much they differ, and few enough that each is long.
pub const BLOCKS: usize = 20;

/// Fewest rows of a block: fewer judge nothing.
const BLOCK_ROWS_MIN: usize = 10;

/// What is given up: so much more loss, and so much less accuracy.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GivenUp {
    /// Mean loss more.
    pub loss: f64,
    /// Share of right answers less.
    pub accuracy: f64,
}

/// What a network gives up without one input.
#[derive(Debug, Clone, PartialEq)]
pub struct Silenced {
    /// By each permutation.
    pub permuted: Vec<GivenUp>,
    /// Standard error of the mean loss of these, as blocks differ.
    pub standard_error: f64,
    /// With its columns at their means.
    pub held: GivenUp,
}

/// A network on its rows, ready to be asked without this and that.
pub struct Judge<'a> {
    network: &'a Network,
    samples: Samples<'a>,
    loss: Option<Loss>,
    /// Rows of a block.
    length: usize,
    /// Loss and accuracy of each block as it is.
    whole: Vec<(f64, f64)>,
    orders: Vec<Vec<usize>>,
}

impl<'a> Judge<'a> {
    /// Judges the network as it is; `None` where there are too few rows. The same seed gives the same permutations, for every input.
    ///
    /// # Errors
    /// When the rows or the loss do not fit the network.
    pub fn new(
        network: &'a Network,
        samples: Samples<'a>,
        loss: Option<Loss>,
        permutations: usize,
        seed: u64,
    ) -> Result<Option<Self>, EvaluateError> {
        let length = samples.rows() / BLOCKS;
        if length < BLOCK_ROWS_MIN {
            return Ok(None);
        }
        let mut rng = SeededRng::new(seed, Purpose::Importance);
        let orders = (0..permutations).map(|_| cycle(&mut rng, BLOCKS)).collect();
        let mut judge = Self { network, samples, loss, length, whole: Vec::new(), orders };
        judge.whole = judge.by_block(&samples.x)?;
        Ok(Some(judge))
    }

    /// Rows that are judged.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.length * BLOCKS
    }

    /// Mean loss and accuracy of the network as it is.
    #[must_use]
    pub fn whole(&self) -> (f64, f64) {
        (mean(self.whole.iter().map(|block| block.0)), mean(self.whole.iter().map(|block| block.1)))
    }

    /// What is given up without the input of these columns.
    ///
    /// # Errors
    /// Never for columns that the network has.
    pub fn without(&self, columns: &[usize]) -> Result<Silenced, EvaluateError> {
        let mut by_block = vec![0.0; BLOCKS];
        let mut permuted = Vec::with_capacity(self.orders.len());
        for order in &self.orders {
            let blocks = self.given_up(&self.permuted(columns, order).view())?;
            by_block
                .iter_mut()
                .zip(&blocks)
                .for_each(|(sum, block)| *sum += block.loss / self.orders.len() as f64);
            permuted.push(of_all(&blocks));
        }
        let held = of_all(&self.given_up(&held(&self.samples.x, columns).view())?);
        Ok(Silenced { permuted, standard_error: standard_error(&by_block), held })
    }

    fn permuted(&self, columns: &[usize], order: &[usize]) -> Array2<f32> {
        let rows = |block: usize| block * self.length..(block + 1) * self.length;
        let mut x = self.samples.x.to_owned();
        for (block, from) in order.iter().enumerate() {
            for &column in columns {
                let source = self.samples.x.slice(s![rows(*from), column]);
                x.slice_mut(s![rows(block), column]).assign(&source);
            }
        }
        x
    }

    fn given_up(&self, x: &ArrayView2<'_, f32>) -> Result<Vec<GivenUp>, EvaluateError> {
        let blocks = self.by_block(x)?;
        let given_up = |((loss, accuracy), whole): ((f64, f64), &(f64, f64))| GivenUp {
            loss: loss - whole.0,
            accuracy: whole.1 - accuracy,
        };
        Ok(blocks.into_iter().zip(&self.whole).map(given_up).collect())
    }

    fn by_block(&self, x: &ArrayView2<'_, f32>) -> Result<Vec<(f64, f64)>, EvaluateError> {
        let judged = |block: usize| {
            let from = block * self.length;
            let x = x.slice(s![from..from + self.length, ..]);
            let samples =
                Samples { x, targets: self.samples.targets.slice(from, self.length), weights: None };
            evaluate(self.network, &samples, self.loss).map(|judged| (judged.loss, judged.accuracy))
        };
        (0..BLOCKS).map(judged).collect()
    }
}

/// Rows in which these columns stand at their means.
#[must_use]
pub fn held(x: &ArrayView2<'_, f32>, columns: &[usize]) -> Array2<f32> {
    let mut rows = x.to_owned();
    for &column in columns {
        let sum: f64 = x.column(column).iter().map(|value| f64::from(*value)).sum();
        rows.column_mut(column).fill((sum / x.nrows().max(1) as f64) as f32);
    }
    rows
}

fn of_all(blocks: &[GivenUp]) -> GivenUp {
    GivenUp {
        loss: mean(blocks.iter().map(|block| block.loss)),
        accuracy: mean(blocks.iter().map(|block| block.accuracy)),
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

/// Of the mean of values that are each a judgement of its own.
fn standard_error(values: &[f64]) -> f64 {
    let (count, mean) = (values.len() as f64, mean(values.iter().copied()));
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (count - 1.0).max(1.0) / count).sqrt()
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use ktrdr_domain::strategy::network::{Activation, Optimisation, OutputKind};

    use super::*;
    use crate::{Backend, Cpu, NetworkShape, Targets, Task};

    const ROWS: usize = 2_000;

    /// The first column decides, the second is noise, the third stands still.
    fn rows() -> (Array2<f32>, Vec<u8>) {
        let mut rng = SeededRng::new(5, Purpose::SyntheticRows);
        let mut x = Array2::zeros((ROWS, 3));
        let mut classes = Vec::new();
        for (at, mut row) in x.rows_mut().into_iter().enumerate() {
            // Slow enough that neighbours are alike.
            row[0] = (at as f32 / 40.0).sin();
            row[1] = rng.symmetric();
            row[2] = 0.5;
            classes.push(if row[0] > 0.3 {
                0
            } else if row[0] < -0.3 {
                2
            } else {
                1
            });
        }
        (x, classes)
    }

    fn trained(x: &Array2<f32>, classes: &[u8]) -> Network {
        let shape = NetworkShape {
            inputs: 3,
            hidden_layers: vec![8],
            activation: Activation::Relu,
            dropout: 0.0,
            output: OutputKind::Classification,
        };
        let optimisation = Optimisation { early_stopping: None, epochs: 30, ..Optimisation::default() };
        let train = Samples { x: x.view(), targets: Targets::Classes(classes), weights: None };
        let task = Task { shape: &shape, optimisation: &optimisation, seed: 7, train, validation: None };
        Cpu::new().train(&task, &mut |_| ControlFlow::Continue(()), &|| false).unwrap().network
    }

    #[test]
    fn what_decides_is_told_from_noise_and_from_what_says_nothing() {
        let (x, classes) = rows();
        let network = trained(&x, &classes);
        let samples = Samples { x: x.view(), targets: Targets::Classes(&classes), weights: None };
        let judge = |seed| Judge::new(&network, samples, None, 5, seed).unwrap().unwrap();
        let [decides, noise, still] = [[0], [1], [2]].map(|column| judge(7).without(&column).unwrap());
        let loss = |silenced: &Silenced| mean(silenced.permuted.iter().map(|given_up| given_up.loss));
        assert!(loss(&decides) > 3.0 * decides.standard_error && decides.held.loss > 0.1, "{decides:?}");
        assert!(
            decides.held.accuracy > 0.2 && decides.permuted.iter().all(|given_up| given_up.accuracy > 0.2)
        );
        assert!(loss(&noise).abs() < 0.1 * loss(&decides), "{noise:?}");
        assert_eq!((loss(&still), still.standard_error, still.held), (0.0, 0.0, GivenUp::default()));
        assert_eq!(judge(7).without(&[0]).unwrap(), decides, "the same seed gives the same");
        assert_ne!(judge(8).without(&[0]).unwrap().permuted, decides.permuted);
    }

    #[test]
    fn every_block_comes_from_elsewhere_and_no_row_is_lost() {
        let (x, classes) = rows();
        let network = trained(&x, &classes);
        let samples = Samples { x: x.view(), targets: Targets::Classes(&classes), weights: None };
        let judge = Judge::new(&network, samples, None, 3, 1).unwrap().unwrap();
        for order in &judge.orders {
            assert!(order.iter().enumerate().all(|(block, from)| block != *from), "{order:?}");
            let moved = judge.permuted(&[1], order);
            let sorted = |x: &Array2<f32>| {
                let mut column = x.column(1).to_vec();
                column.sort_by(f32::total_cmp);
                column
            };
            assert_eq!(sorted(&moved), sorted(&x));
            assert_eq!(moved.column(0), x.column(0));
        }
        let few =
            Samples { x: x.slice(s![..199, ..]), targets: Targets::Classes(&classes[..199]), weights: None };
        assert!(Judge::new(&network, few, None, 3, 1).unwrap().is_none());
    }
}
