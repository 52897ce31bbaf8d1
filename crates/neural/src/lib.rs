//! Neural networks: train, predict, save, load.
