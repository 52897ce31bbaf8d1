//! The research cycle: one pure step, and a driver that reacts to completion events.
