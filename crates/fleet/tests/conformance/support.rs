//! A world of its own for each test, and short words for long calls.
