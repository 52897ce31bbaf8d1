//! One file per kind of job: read inputs, call the pure code, write artefacts.
