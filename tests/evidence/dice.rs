//! Random numbers of our own: not the program's generator, not its stream, not its way to a normal.

use std::f64::consts::TAU;

/// `xoshiro256++` (Blackman and Vigna, 2019), seeded by `splitmix64`.
pub(super) struct Dice {
    state: [u64; 4],
    /// Box and Muller's method gives two normals at a time.
    spare: Option<f64>,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        let mut counter = seed;
        let state = std::array::from_fn(|_| {
            counter = counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (counter ^ (counter >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        });
        Self { state, spare: None }
    }

    pub(super) fn word(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform on [0, 1), in steps of 2⁻⁵³.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.word() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Uniform on 0 … n − 1.
    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    /// +1 or −1.
    pub(super) fn sign(&mut self) -> f64 {
        if self.word() >> 63 == 0 { 1.0 } else { -1.0 }
    }

    /// Mean 0, variance 1, by Box and Muller (1958).
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare.take() {
            return z;
        }
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let angle = TAU * self.uniform();
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }

    /// What makes a normal variable Student's t with so many degrees of freedom (over 2), scaled to variance 1.
    pub(super) fn student_factor(&mut self, freedom: u32) -> f64 {
        let chi_squared: f64 = (0..freedom).map(|_| self.normal().powi(2)).sum();
        (f64::from(freedom - 2) / chi_squared).sqrt()
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end + 1));
        }
    }
}

#[test]
fn draws_have_the_moments_of_their_distributions() {
    let mut dice = Dice::new(1);
    let moments = |mut draw: Box<dyn FnMut() -> f64 + '_>| {
        let draws: Vec<f64> = (0..200_000).map(|_| draw()).collect();
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        let central = |power| draws.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
        (mean, central(2), central(4) / central(2).powi(2))
    };
    let (mean, variance, kurtosis) = moments(Box::new(|| dice.normal()));
    assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.01 && (kurtosis - 3.0).abs() < 0.05);
    let (mean, variance, kurtosis) = moments(Box::new(|| dice.student_factor(8) * dice.normal()));
    assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.03 && kurtosis > 3.8, "{variance} {kurtosis}");
    let (mean, variance, _) = moments(Box::new(|| dice.uniform()));
    assert!((mean - 0.5).abs() < 0.005 && (variance - 1.0 / 12.0).abs() < 0.001);
}

#[test]
fn one_seed_is_one_stream() {
    let stream = |seed| {
        let mut dice = Dice::new(seed);
        (0..8).map(|_| dice.word()).collect::<Vec<_>>()
    };
    assert_eq!(stream(7), stream(7));
    assert_ne!(stream(7), stream(8));
}
