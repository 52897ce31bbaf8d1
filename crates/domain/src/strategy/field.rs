//! Every number a strategy file may hold: key, range, default and meaning; and the variants that a choice with
//! numbers of its own may take. One table for the reader, the JSON schema and the manual.

/// A number in a strategy file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// Key in the file.
    pub key: &'static str,
    /// Smallest value accepted.
    pub min: f64,
    /// Largest value accepted.
    pub max: f64,
    /// Whether only whole numbers are accepted.
    pub whole: bool,
    /// Taken when the key is left out; `None` when it is required or leaving it out has a meaning.
    pub default: Option<f64>,
    /// One line: what it does.
    pub about: &'static str,
}

impl Field {
    const fn count(key: &'static str, min: u32, max: u32, about: &'static str) -> Self {
        Self { key, min: min as f64, max: max as f64, whole: true, default: None, about }
    }

    const fn number(key: &'static str, min: f64, max: f64, about: &'static str) -> Self {
        Self { key, min, max, whole: false, default: None, about }
    }

    const fn or(mut self, default: f64) -> Self {
        self.default = Some(default);
        self
    }

    /// What is taken when the key is left out; NaN of a key that can not be.
    #[must_use]
    pub fn default_value(&self) -> f64 {
        self.default.unwrap_or(f64::NAN)
    }

    /// Whether the value may be used. Never for NaN.
    #[must_use]
    pub fn allows(&self, value: f64) -> bool {
        value >= self.min && value <= self.max && (!self.whole || value.fract() == 0.0)
    }

    /// The range in words.
    #[must_use]
    pub fn range(&self) -> String {
        format!(
            "{} from {} to {}",
            if self.whole { "a whole number" } else { "a number" },
            self.min,
            self.max
        )
    }
}

/// One variant of a choice, such as the `step` scheduler, with its own numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variant {
    /// The word that chooses it.
    pub word: &'static str,
    /// Its numbers.
    pub fields: &'static [Field],
    /// One line: what it is.
    pub about: &'static str,
}

/// One shape of membership function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// The word that chooses it.
    pub word: &'static str,
    /// Other spellings that are read.
    pub aliases: &'static [&'static str],
    /// What its parameters are, in order.
    pub parameters: &'static [&'static str],
}

/// `fuzzy_sets.*.*.type`
pub const MEMBERSHIPS: &[Shape] = &[
    Shape { word: "triangular", aliases: &["triangle"], parameters: &["a", "b", "c"] },
    Shape { word: "trapezoidal", aliases: &["trapezoid"], parameters: &["a", "b", "c", "d"] },
    Shape { word: "gaussian", aliases: &[], parameters: &["mean", "sigma"] },
    Shape { word: "sigmoid", aliases: &[], parameters: &["centre", "slope"] },
];

/// Ids that would be taken for bar fields.
pub const RESERVED_IDS: [&str; 5] = ["open", "high", "low", "close", "volume"];

/// Indicators in a strategy.
pub const INDICATORS_MAX: usize = 64;
/// Fuzzy sets in a strategy.
pub const FUZZY_SETS_MAX: usize = 64;
/// Members of one fuzzy set.
pub const MEMBERS_MAX: usize = 32;
/// Entries of `nn_inputs`.
pub const INPUTS_MAX: usize = 256;
/// Width of the feature vector.
pub const FEATURES_MAX: usize = 512;
/// Symbols trained on together.
pub const SYMBOLS_MAX: usize = 64;
/// Timeframes of a strategy.
pub const TIMEFRAMES_MAX: usize = 8;
/// Hidden layers, of a strategy and of any network.
pub const HIDDEN_LAYERS_MAX: usize = 8;
/// Characters of `description` and of `hypothesis`.
pub const PROSE_CHARS_MAX: usize = 4_000;
/// Characters of an id.
pub const ID_CHARS_MAX: usize = 64;

/// Under `training_data`.
pub const HISTORY_REQUIRED: Field = Field::count(
    "history_required",
    50,
    1_000_000,
    "Fewest usable base bars; training is refused with fewer.",
)
.or(200.0);
/// Each of a membership function's `parameters`.
pub const PARAMETER: Field =
    Field::number("parameters", -1e15, 1e15, "Where the membership rises and falls.");
/// Under `nn_inputs`.
pub const LAGS: Field =
    Field::count("lags", 0, 50, "How many earlier base bars of the same values are added.").or(0.0);
/// Each of `hidden_layers`.
pub const UNITS: Field = Field::count("hidden_layers", 1, 1_024, "Units of a hidden layer.");
/// Under `model.architecture`.
pub const DROPOUT: Field =
    Field::number("dropout", 0.0, 0.95, "Share of hidden units silenced while training.").or(0.0);

/// Of `training.labels`, all sources but `zigzag`.
pub const HORIZON: Field = Field::count("horizon", 1, 10_000, "Bars ahead.").or(24.0);
/// Of `training.labels`, `source: triple_barrier`.
pub const VOLATILITY_SPAN: Field =
    Field::count("volatility_span", 2, 10_000, "Span of the average bar range, in bars.").or(50.0);

/// Of `training.labels`, `source: triple_barrier`.
pub const TRIPLE_BARRIER: [Field; 3] = [
    Field::number("barrier", 0.01, 100.0, "Distance of both barriers in units of volatility.").or(2.0),
    HORIZON,
    VOLATILITY_SPAN,
];
/// Of `training.labels`, `source: forward_return`.
pub const FORWARD_RETURN: [Field; 2] = [
    HORIZON,
    Field::number("threshold", 0.0, 0.5, "Dead zone around zero, as a fraction; classification only.")
        .or(0.0),
];
/// Of `training.labels`, `source: zigzag`.
pub const ZIGZAG: [Field; 1] = [Field::number("threshold", 0.001, 0.2, "Size of a reversal, as a fraction.")];

/// `training.labels`, by `source`.
pub const LABELS: &[Variant] = &[
    Variant {
        word: "triple_barrier",
        fields: &TRIPLE_BARRIER,
        about: "BUY when the upper barrier is touched first, SELL when the lower one is, HOLD when neither is.",
    },
    Variant {
        word: "forward_return",
        fields: &FORWARD_RETURN,
        about: "The return from this close to the close `horizon` bars on.",
    },
    Variant {
        word: "zigzag",
        fields: &ZIGZAG,
        about: "Direction of the zigzag leg a bar lies in; an untrained rule scores 65 % on noise with it.",
    },
];

/// Each share of `training.data_split`.
pub const SHARES: [Field; 3] = [
    Field::number("train", 0.01, 0.98, "Fits the network.").or(0.70),
    Field::number("validation", 0.01, 0.98, "Stops it.").or(0.15),
    Field::number("test", 0.01, 0.98, "Judges it.").or(0.15),
];

/// Under `training`.
pub const EPOCHS: Field = Field::count("epochs", 1, 10_000, "Passes over the training rows.").or(30.0);
/// Under `training`.
pub const BATCH_SIZE: Field = Field::count("batch_size", 1, 65_536, "Rows per step.").or(64.0);
/// Under `training`.
pub const LEARNING_RATE: Field =
    Field::number("learning_rate", 1e-9, 10.0, "Step size at the start.").or(0.001);
/// Under `training`.
pub const WEIGHT_DECAY: Field = Field::number("weight_decay", 0.0, 1.0, "Decay of the weights.").or(0.0);
/// Under `training`.
pub const GRADIENT_CLIP: Field =
    Field::number("gradient_clip", 1e-6, 1e6, "Largest norm of the whole gradient; false for none.").or(1.0);

const PATIENCE: Field =
    Field::count("patience", 1, 10_000, "Epochs to wait for a better validation loss.").or(5.0);
const GAMMA: Field = Field::number("gamma", 1e-6, 1.0, "Factor.");

/// Of `training.lr_scheduler`, `type: step`.
pub const STEP: [Field; 2] =
    [Field::count("step_size", 1, 10_000, "Epochs between changes.").or(30.0), GAMMA.or(0.1)];
/// Of `training.lr_scheduler`, `type: exponential`.
pub const EXPONENTIAL: [Field; 1] = [GAMMA.or(0.95)];
/// Of `training.lr_scheduler`, `type: reduce_on_plateau`.
pub const REDUCE_ON_PLATEAU: [Field; 2] = [Field::number("factor", 1e-6, 1.0, "Factor.").or(0.5), PATIENCE];

/// `training.lr_scheduler`, by `type`.
pub const SCHEDULERS: &[Variant] = &[
    Variant { word: "constant", fields: &[], about: "The same step size throughout." },
    Variant { word: "step", fields: &STEP, about: "Times gamma every step_size epochs." },
    Variant { word: "exponential", fields: &EXPONENTIAL, about: "Times gamma every epoch." },
    Variant { word: "cosine", fields: &[], about: "Down a half cosine to zero at the last epoch." },
    Variant {
        word: "reduce_on_plateau",
        fields: &REDUCE_ON_PLATEAU,
        about: "Times factor after patience epochs without a better validation loss.",
    },
];

/// `training.early_stopping`
pub const EARLY_STOPPING: [Field; 2] =
    [PATIENCE, Field::number("min_delta", 0.0, 1.0, "Smallest fall that counts.").or(1e-4)];

/// Of `training.loss`, `type: huber`: a return of one per cent unless a strategy says otherwise.
pub const HUBER_DELTA: Field = Field::number("delta", 1e-9, 1_000.0, "Where it turns linear.").or(0.01);

/// `training.loss`, by `type`.
pub const LOSSES: &[Variant] = &[
    Variant { word: "cross_entropy", fields: &[], about: "Softmax cross-entropy; classification." },
    Variant {
        word: "huber",
        fields: &[HUBER_DELTA],
        about: "Quadratic within delta, linear beyond; regression.",
    },
    Variant { word: "mse", fields: &[], about: "Mean squared error; regression." },
];

/// Under `decisions`.
pub const CONFIDENCE: Field =
    Field::number("confidence_threshold", 0.0, 1.0, "A class less probable than this counts as HOLD.")
        .or(0.5);
/// Under `decisions`.
pub const SEPARATION: Field =
    Field::count("min_signal_separation", 0, 100_000, "Fewest base bars between two changes of position.")
        .or(0.0);
/// `decisions.cost_model`; both are required.
pub const COST_MODEL: &[Field] = &[
    Field::number("round_trip_cost", 1e-9, 0.5, "Cost of entry and exit, as a fraction."),
    Field::number("min_edge_multiplier", 1e-3, 1_000.0, "How many times over the cost must be earned."),
];

/// `risk.position_sizing`, when it has a number.
pub const SIZINGS: &[Field] = &[
    Field::number("fixed_fraction", 1e-6, 1.0, "This fraction of current equity."),
    Field::number("fixed_units", 1e-9, 1e12, "Always this many units."),
];

/// `risk.exits`; what is left out does not act.
pub const EXITS: &[Field] = &[
    Field::number("stop_loss", 1e-6, 0.9, "Loss that closes the position, as a fraction of the entry price."),
    Field::number(
        "take_profit",
        1e-6,
        0.9,
        "Gain that closes the position, as a fraction of the entry price.",
    ),
    Field::count("max_holding_bars", 1, 1_000_000, "Bars after which the position is closed."),
];
