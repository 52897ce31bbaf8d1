//! Every name that is told: of spans, of what is said of them. What OpenTelemetry's conventions have a word for is called by
//! it (messaging, generative AI, errors), what the system before this one had a name for by that, the rest `ktrdr.…`.

/// A research cycle.
pub const CYCLE: &str = "agent.research_cycle";
/// A phase of one; its name follows.
pub const PHASE: &str = "agent.phase";
/// An operation was asked for, by a part of another trace.
pub const REQUEST: &str = "request";
/// A message on its way to the broker; the kind of job follows.
pub const PUBLISH: &str = "publish";
/// A job that waits for a worker; its kind follows.
pub const WAIT: &str = "wait";
/// An attempt at a job; its kind follows.
pub const PROCESS: &str = "process";
/// A call of a language model; the model follows.
pub const CHAT: &str = "chat";

/// The operation.
pub const OPERATION_ID: &str = "operation.id";
/// Its kind.
pub const OPERATION_TYPE: &str = "operation.type";
/// How it ended.
pub const OPERATION_STATUS: &str = "operation.status";
/// What an attempt or a phase came to.
pub const OUTCOME: &str = "outcome";
/// Of a cycle and its jobs.
pub const CAMPAIGN: &str = "ktrdr.campaign";
/// What is tried.
pub const STRATEGY: &str = "strategy_name";
/// The instrument.
pub const SYMBOL: &str = "ktrdr.symbol";
/// The bars.
pub const TIMEFRAME: &str = "ktrdr.timeframe";
/// Which attempt: the row's fence.
pub const ATTEMPT: &str = "ktrdr.attempt";
/// Tries that an operation spent.
pub const TRIES: &str = "ktrdr.tries";
/// Workers that it lost.
pub const RESCUES: &str = "ktrdr.rescues";
/// What a job waited for: `queue`, `retry` and so on.
pub const WAITS_FOR: &str = "ktrdr.wait.for";
/// The same in words, where it is something outside.
pub const WAITS_FOR_WHAT: &str = "ktrdr.wait.what";
/// How long a cycle waited for its turn before it began, in seconds.
pub const WAITED_S: &str = "ktrdr.waited_s";
/// The phase.
pub const PHASE_NAME: &str = "progress.phase";
/// The gate behind a phase.
pub const GATE: &str = "gate.name";
/// What it said.
pub const GATE_PASSED: &str = "gate.passed";
/// Why it said no.
pub const GATE_REASON: &str = "gate.reason";
/// Who worked on it: a run of a process.
pub const WORKER: &str = "worker.id";
/// Who asked for a stop, and why.
pub const NOTE: &str = "ktrdr.note";
/// Of a process, what it does.
pub const VERSION: &str = "service.version";
/// The program.
pub const SERVICE: &str = "service.name";
/// The run of it.
pub const INSTANCE: &str = "service.instance.id";

/// Figures of results: where they stand in one, and what they are called.
pub const FIGURES: [(&str, &str); 8] = [
    ("/metrics/sharpe_ratio", "sharpe_ratio"),
    ("/metrics/win_rate", "win_rate"),
    ("/metrics/max_drawdown", "max_drawdown"),
    ("/metrics/total_trades", "ktrdr.trades"),
    ("/bars", "ktrdr.bars"),
    ("/epochs_trained", "ktrdr.epochs"),
    ("/training_seconds", "ktrdr.training_s"),
    ("/test/accuracy", "ktrdr.test_accuracy"),
];

/// A class of errors.
pub const ERROR_TYPE: &str = "error.type";

/// The broker.
pub const MESSAGING_SYSTEM: &str = "messaging.system";
/// What is done with a message.
pub const MESSAGING_OPERATION: &str = "messaging.operation.name";
/// The sort of that.
pub const MESSAGING_OPERATION_TYPE: &str = "messaging.operation.type";
/// The queue.
pub const MESSAGING_DESTINATION: &str = "messaging.destination.name";
/// The message: of ours, the operation.
pub const MESSAGING_MESSAGE: &str = "messaging.message.id";
/// Who took it.
pub const MESSAGING_CLIENT: &str = "messaging.client.id";

/// What a model is asked to do.
pub const GEN_AI_OPERATION: &str = "gen_ai.operation.name";
/// Which one.
pub const GEN_AI_MODEL: &str = "gen_ai.request.model";
/// Tokens read.
pub const GEN_AI_INPUT: &str = "gen_ai.usage.input_tokens";
/// Tokens written.
pub const GEN_AI_OUTPUT: &str = "gen_ai.usage.output_tokens";
/// The same as the system before this one called them.
pub const TOKENS_INPUT: &str = "tokens.input";
/// See [`TOKENS_INPUT`].
pub const TOKENS_OUTPUT: &str = "tokens.output";
/// See [`TOKENS_INPUT`].
pub const TOKENS_TOTAL: &str = "tokens.total";
/// What it cost.
pub const COST: &str = "ktrdr.cost_dollars";
/// Its number within the attempt.
pub const CALL: &str = "ktrdr.call";
/// At once, or in a batch.
pub const LANE: &str = "ktrdr.lane";
