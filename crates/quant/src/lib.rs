//! Bars to indicators, fuzzy features and labels; simulated fills to reports; statistics. Pure and deterministic.
