//! Pages, in the order of questions: is it working, what waits, who works, what is each thing, what was given up; what research
//! found, what it stands on; what runs by itself, what it costs, who asked.

pub(crate) mod audit;
pub(crate) mod budget;
pub(crate) mod campaign;
pub(crate) mod campaigns;
pub(crate) mod cron;
pub(crate) mod curves;
pub(crate) mod data;
pub(crate) mod dead_letters;
pub(crate) mod keys;
pub(crate) mod memory;
pub(crate) mod model;
pub(crate) mod operation;
pub(crate) mod operations;
pub(crate) mod order;
pub(crate) mod overview;
pub(crate) mod passage;
pub(crate) mod queues;
pub(crate) mod reports;
pub(crate) mod rows;
pub(crate) mod said;
pub(crate) mod schedule;
pub(crate) mod schedules;
pub(crate) mod selection;
pub(crate) mod series;
pub(crate) mod sign_in;
pub(crate) mod strategies;
pub(crate) mod strategy;
pub(crate) mod workers;
