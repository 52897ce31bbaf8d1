//! The words a file may use for each closed choice.

use super::Normalization;
use super::indicators::Source;
use super::network::{Activation, ClassWeights, Optimizer, OutputKind};

/// A closed set of values, each with the word that stands for it in files and messages.
pub trait Words: Copy + PartialEq + 'static {
    /// Every value, in the order in which people are told of them.
    const WORDS: &'static [(&'static str, Self)];

    /// The value of a word; case does not matter.
    #[must_use]
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(w, _)| w.eq_ignore_ascii_case(word)).map(|(_, value)| *value)
    }

    /// The words alone.
    #[must_use]
    fn words() -> Vec<&'static str> {
        Self::WORDS.iter().map(|(word, _)| *word).collect()
    }
}

impl Words for Source {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("close", Self::Close),
        ("open", Self::Open),
        ("high", Self::High),
        ("low", Self::Low),
        ("volume", Self::Volume),
    ];
}

impl Words for Normalization {
    const WORDS: &'static [(&'static str, Self)] =
        &[("none", Self::None), ("minmax", Self::Minmax), ("zscore", Self::Zscore)];
}

impl Words for Activation {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("relu", Self::Relu),
        ("tanh", Self::Tanh),
        ("sigmoid", Self::Sigmoid),
        ("leaky_relu", Self::LeakyRelu),
        ("gelu", Self::Gelu),
    ];
}

impl Words for OutputKind {
    const WORDS: &'static [(&'static str, Self)] =
        &[("classification", Self::Classification), ("regression", Self::Regression)];
}

impl Words for Optimizer {
    const WORDS: &'static [(&'static str, Self)] =
        &[("adam", Self::Adam), ("adamw", Self::AdamW), ("sgd", Self::Sgd), ("rmsprop", Self::RmsProp)];
}

impl Words for ClassWeights {
    const WORDS: &'static [(&'static str, Self)] = &[("none", Self::None), ("balanced", Self::Balanced)];
}
