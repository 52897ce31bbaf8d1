//! `ktrdr top`: how the fleet stands, live, in a terminal, and what can be done about it.
//!
//! | part | idea |
//! |---|---|
//! | `sight` | what is asked for, a bounded part of every list |
//! | `model` | what is shown: pure, as are all that follow but the session |
//! | `update` | a key or an answer, and what is to be done because of it |
//! | `deed` | what can be done: the command that it stands for, and its question |
//! | `view` | the model as characters |
//! | `session` | the terminal, the keys, the changes and the answers, brought together |
//! | `terminal` | a terminal that is given back as it was, whatever happens |

mod deed;
mod model;
#[cfg(test)]
mod sample;
mod session;
mod sight;
mod terminal;
#[cfg(test)]
mod tests;
mod update;
mod view;

pub(crate) use session::run;
