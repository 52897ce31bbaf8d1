//! `ktrdr bench …`

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    #[command(subcommand)]
    pub(crate) verb: BenchVerb,

    /// Repetitions; the median is printed with minimum and maximum.
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) runs: u32,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum BenchVerb {
    /// From bars in memory to the report: features, network, decisions, fills, metrics.
    Backtest {
        /// Generated hourly bars.
        #[arg(long, default_value_t = 200_000)]
        bars: u32,
    },
    /// Fills and equity alone.
    Simulate {
        /// Generated hourly bars.
        #[arg(long, default_value_t = 2_000_000)]
        bars: u32,
    },
    /// Forward, backward and update of a 60-64-32-3 network, batch 64, Adam, one core.
    Train {
        /// Rows per pass.
        #[arg(long, default_value_t = 200_000)]
        rows: u32,
    },
    /// No-op jobs through the embedded engine, every transition durable.
    Queue {
        /// Jobs per measurement.
        #[arg(long, default_value_t = 5_000)]
        jobs: u32,
        /// Jobs in flight when measuring throughput.
        #[arg(long, default_value_t = 256)]
        in_flight: u32,
    },
}
