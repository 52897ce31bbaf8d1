//! The command line by way of a server: the same answers and exit codes as beside the store, without a folder, a store or a broker
//! here; and nothing that the other side does leads the token elsewhere.

mod answers;
pub(crate) mod elsewhere;
mod following;
mod hostile;
mod refusals;
