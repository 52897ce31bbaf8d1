//! The yardstick: the same network trained by plain loops over the `matrixmultiply` crate, as one would write it in
//! an afternoon. Batches of 64 in order, ReLU, softmax cross-entropy, Adam; nothing allocated between batches.

#![allow(unsafe_code)]

const BATCH: usize = 64;
const WIDTHS: [usize; 4] = [60, 64, 32, 3];
const LAYERS: usize = 3;

/// `c ← a·b + beta·c`; strides are (row, column), so that a swap transposes.
struct Product {
    rows: usize,
    depth: usize,
    columns: usize,
    a: (usize, usize),
    b: (usize, usize),
    beta: f32,
}

impl Product {
    fn run(&self, a: &[f32], b: &[f32], c: &mut [f32]) {
        let last = |rows: usize, columns: usize, (row, column): (usize, usize)| {
            (rows - 1) * row + (columns - 1) * column
        };
        assert!(last(self.rows, self.depth, self.a) < a.len());
        assert!(last(self.depth, self.columns, self.b) < b.len());
        assert!(self.rows * self.columns <= c.len());
        // SAFETY: the assertions above keep every element that the strides reach inside its slice, and `c` is
        // borrowed mutably, so it overlaps neither `a` nor `b`.
        unsafe {
            matrixmultiply::sgemm(
                self.rows,
                self.depth,
                self.columns,
                1.0,
                a.as_ptr(),
                self.a.0 as isize,
                self.a.1 as isize,
                b.as_ptr(),
                self.b.0 as isize,
                self.b.1 as isize,
                self.beta,
                c.as_mut_ptr(),
                self.columns as isize,
                1,
            );
        }
    }
}

/// One layer's numbers: weights `[out × in]` followed by the bias.
struct Layer {
    parameters: Vec<f32>,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    values: Vec<f32>,
    errors: Vec<f32>,
}

/// A network in training.
pub(crate) struct Yardstick {
    layers: Vec<Layer>,
    steps: i32,
}

impl Yardstick {
    pub(crate) fn new() -> Self {
        let layer = |index: usize| {
            let (inputs, outputs) = (WIDTHS[index], WIDTHS[index + 1]);
            let count = (inputs + 1) * outputs;
            let start = |place: usize| ((place * 7919 % 1009) as f32 / 504.5 - 1.0) / (inputs as f32).sqrt();
            Layer {
                parameters: (0..count).map(start).collect(),
                gradient: vec![0.0; count],
                first: vec![0.0; count],
                second: vec![0.0; count],
                values: vec![0.0; BATCH * outputs],
                errors: vec![0.0; BATCH * outputs],
            }
        };
        Self { layers: (0..LAYERS).map(layer).collect(), steps: 0 }
    }

    /// Trains on all full batches of `x` once; returns the sum of losses.
    pub(crate) fn epoch(&mut self, x: &[f32], classes: &[u8]) -> f32 {
        let batches = x.chunks_exact(BATCH * WIDTHS[0]).zip(classes.chunks_exact(BATCH));
        batches.map(|(x, classes)| self.batch(x, classes)).sum()
    }

    fn batch(&mut self, x: &[f32], classes: &[u8]) -> f32 {
        for index in 0..LAYERS {
            self.forward(index, x);
        }
        let loss = self.judge(classes);
        for index in (0..LAYERS).rev() {
            self.backward(index, x);
        }
        self.steps += 1;
        let rate = 1e-3 / (1.0 - 0.9_f32.powi(self.steps));
        let correction = (1.0 - 0.999_f32.powi(self.steps)).sqrt();
        for layer in &mut self.layers {
            let moments = layer.first.iter_mut().zip(&mut layer.second);
            for ((w, g), (m, v)) in layer.parameters.iter_mut().zip(&layer.gradient).zip(moments) {
                *m = 0.9 * *m + 0.1 * g;
                *v = 0.999 * *v + 0.001 * g * g;
                *w -= rate * *m / (v.sqrt() / correction + 1e-8);
            }
        }
        loss
    }

    fn forward(&mut self, index: usize, x: &[f32]) {
        let (inputs, outputs) = (WIDTHS[index], WIDTHS[index + 1]);
        let (before, from) = self.layers.split_at_mut(index);
        let layer = &mut from[0];
        let input = before.last().map_or(x, |previous| &previous.values);
        let (weights, bias) = layer.parameters.split_at(inputs * outputs);
        for row in layer.values.chunks_exact_mut(outputs) {
            row.copy_from_slice(bias);
        }
        let product = Product {
            rows: BATCH,
            depth: inputs,
            columns: outputs,
            a: (inputs, 1),
            b: (1, inputs),
            beta: 1.0,
        };
        product.run(input, weights, &mut layer.values);
        if index + 1 < LAYERS {
            for value in &mut layer.values {
                *value = value.max(0.0);
            }
        }
    }

    fn judge(&mut self, classes: &[u8]) -> f32 {
        let outputs = WIDTHS[LAYERS];
        let layer = &mut self.layers[LAYERS - 1];
        let mut loss = 0.0;
        let rows = layer.values.chunks_exact(outputs).zip(layer.errors.chunks_exact_mut(outputs));
        for ((z, error), &class) in rows.zip(classes) {
            let highest = z.iter().copied().fold(f32::MIN, f32::max);
            let sum: f32 = z.iter().map(|z| (z - highest).exp()).sum();
            for (k, (z, error)) in z.iter().zip(error).enumerate() {
                let target = f32::from(u8::from(k == usize::from(class)));
                *error = ((z - highest).exp() / sum - target) / BATCH as f32;
            }
            loss += sum.ln() + highest - z[usize::from(class)];
        }
        loss
    }

    fn backward(&mut self, index: usize, x: &[f32]) {
        let (inputs, outputs) = (WIDTHS[index], WIDTHS[index + 1]);
        let (before, from) = self.layers.split_at_mut(index);
        let layer = &mut from[0];
        let (weights, bias) = layer.gradient.split_at_mut(inputs * outputs);
        let input = before.last().map_or(x, |previous| &previous.values);
        let product = Product {
            rows: outputs,
            depth: BATCH,
            columns: inputs,
            a: (1, outputs),
            b: (inputs, 1),
            beta: 0.0,
        };
        product.run(&layer.errors, input, weights);
        bias.fill(0.0);
        for row in layer.errors.chunks_exact(outputs) {
            for (sum, error) in bias.iter_mut().zip(row) {
                *sum += error;
            }
        }
        if let Some(previous) = before.last_mut() {
            let product = Product {
                rows: BATCH,
                depth: outputs,
                columns: inputs,
                a: (outputs, 1),
                b: (inputs, 1),
                beta: 0.0,
            };
            product.run(&layer.errors, &layer.parameters[..inputs * outputs], &mut previous.errors);
            for (error, value) in previous.errors.iter_mut().zip(&previous.values) {
                if *value <= 0.0 {
                    *error = 0.0;
                }
            }
        }
    }
}
