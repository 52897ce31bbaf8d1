//! The backend of a GPU, where this build and this machine have one.

use std::sync::Arc;

use crate::train::Backend;

/// Whether this build can use a GPU: whether it has the feature `torch`.
pub const GPUS_BUILT_IN: bool = cfg!(feature = "torch");

/// Trains on the GPU of this number, from 0, as CUDA counts them. It has computed something before this returns.
///
/// # Errors
/// Why there is none, or why it can not be used.
#[cfg(feature = "torch")]
pub fn gpu(number: u8) -> Result<Arc<dyn Backend>, String> {
    let torch = crate::Torch::gpu(number.into()).map_err(|why| why.to_string())?;
    Ok(Arc::new(torch))
}

/// Trains on the GPU of this number, from 0, as CUDA counts them.
///
/// # Errors
/// Always: this build has no backend for it.
#[cfg(not(feature = "torch"))]
pub fn gpu(number: u8) -> Result<Arc<dyn Backend>, String> {
    Err(format!(
        "this build of ktrdr has no backend for cuda:{number}: build it with the feature torch \
         (docs/operations.md, \"GPUs\")"
    ))
}
