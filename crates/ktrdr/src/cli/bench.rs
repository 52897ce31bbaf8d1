//! `ktrdr bench …`

use clap::{Args, Subcommand};

use super::fleet::Device;

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    #[command(subcommand)]
    pub(crate) verb: BenchVerb,

    /// Repetitions; the median is printed with minimum and maximum.
    #[arg(long, global = true, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) runs: u32,
}

#[derive(Debug, Clone, Subcommand)]
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
    /// Forward, backward and update of a network with 60 inputs and 3 classes, by Adam. One core, or a GPU.
    Train(TrainBench),
    /// No-op jobs through the embedded engine, every transition durable.
    Queue {
        /// Jobs per measurement.
        #[arg(long, default_value_t = 5_000)]
        jobs: u32,
        /// Jobs in flight when measuring throughput.
        #[arg(long, default_value_t = 256)]
        in_flight: u32,
    },
    /// The HTTP API of the configured engine: start, lists, submits, followers of events. Embedded: in a store of its own;
    /// the fleet's keeps what is put into it.
    Api(ApiBench),
    /// No-op and sleeping jobs through RabbitMQ and Redis: rate, enqueue to start, cancel, cycles, idle processes.
    /// Starts a coordinator, an orchestrator and workers of its own beside what runs already.
    Fleet(FleetBench),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TrainBench {
    /// Rows per pass.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    pub(crate) rows: u32,
    /// Units of the hidden layers.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_values_t = [64, 32])]
    pub(crate) hidden: Vec<usize>,
    /// Rows in a batch.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) batch: u32,
    /// What it computes on: auto, cpu or cuda:N.
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    pub(crate) device: Device,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct FleetBench {
    /// Jobs per measurement of the rate; of latency at most 2,000.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) jobs: u32,
    /// Jobs submitted and not ended, at most, when measuring the rate.
    #[arg(long, default_value_t = FleetBench::IN_FLIGHT, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) in_flight: u32,
    /// Worker processes for probes.
    #[arg(long, default_value_t = FleetBench::WORKERS, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) workers: u16,
    /// Jobs at a time in each of them.
    #[arg(long, default_value_t = FleetBench::SLOTS, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) slots: u16,
    /// How long each job of the rate sleeps.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub(crate) sleep_ms: u64,
    /// Jobs running while cancels are measured.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) cancels: u32,
    /// Research cycles, one after the other; 0 for none.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) cycles: u32,
    /// How long idle processes are watched.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) idle_seconds: u64,
}

impl FleetBench {
    const IN_FLIGHT: u32 = 2_000;
    const WORKERS: u16 = 1;
    const SLOTS: u16 = 256;
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ApiBench {
    /// Finished no-op jobs that the store is filled with first.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) operations: u32,
    /// Requests for each kind of list.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) requests: u32,
    /// Trainings submitted, and syncs of the disk.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) submits: u32,
    /// Followers of the stream of events.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=4_000))]
    pub(crate) clients: u32,
    /// Changes that they hear of.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) changes: u32,
}
