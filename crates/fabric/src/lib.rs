//! Broker, Store, Ledger and Artifacts: the seams of the fleet and the engines behind them.
