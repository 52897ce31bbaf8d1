//! The CUDA half of libtorch: loaded when a GPU is asked for, so that one program runs with GPUs and without.

use std::error::Error;
use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

use super::LIBTORCH;

const CUDA_HALF: &str = "libtorch_cuda.so";

/// Why there is no such GPU.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGpu {
    /// Only the CPU half of libtorch is at hand, or something that the other half needs is missing.
    #[error(
        "libtorch can not use GPUs here: {reason}; put the folder lib of libtorch {LIBTORCH} for CUDA on LD_LIBRARY_PATH"
    )]
    Library {
        /// The loader's own words.
        reason: String,
    },
    /// No driver, no device, or none that may be seen.
    #[error(
        "libtorch sees no GPU: see that the NVIDIA driver is there (nvidia-smi) and that CUDA_VISIBLE_DEVICES hides none"
    )]
    Device,
    /// Not this one.
    #[error("there is no cuda:{number}: libtorch sees {seen} here, counted from cuda:0")]
    Number {
        /// The one asked for.
        number: usize,
        /// How many there are.
        seen: usize,
    },
    /// It is there and does not compute: too old for this CUDA, say, or full.
    #[error("cuda:{number} does not compute: {reason}; see nvidia-smi")]
    Unusable {
        /// Which one.
        number: usize,
        /// Its own words.
        reason: String,
    },
}

/// How many GPUs there are, at least one.
pub(super) fn gpus() -> Result<usize, NoGpu> {
    static LOADED: OnceLock<Result<Library, String>> = OnceLock::new();
    if let Err(reason) = LOADED.get_or_init(load) {
        return Err(NoGpu::Library { reason: reason.clone() });
    }
    match usize::try_from(tch::Cuda::device_count()) {
        Ok(seen @ 1..) => Ok(seen),
        _ => Err(NoGpu::Device),
    }
}

/// Nothing of ours names a function of that half, so no linker keeps it: it makes itself known while it is loaded.
#[allow(unsafe_code)]
fn load() -> Result<Library, String> {
    // SAFETY: what runs are the initialisers of the library that this program's own libtorch is one half of, which
    // register its kernels there. It is never closed again, so nothing they registered can dangle; that it is the
    // half of another version is as impossible for us to rule out as for the dynamic linker that loads the first one.
    unsafe { Library::open(Some(CUDA_HALF), RTLD_NOW | RTLD_GLOBAL) }.map_err(|why| words(&why))
}

/// What the loader said, where it said something.
fn words(why: &libloading::Error) -> String {
    why.source().map_or_else(|| why.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds with and without a GPU: the count is stable, and beyond it there is none.
    #[test]
    fn a_gpu_that_is_not_there_is_refused_with_advice() {
        let refused = super::super::Torch::gpu(usize::MAX).unwrap_err();
        let advice = refused.to_string();
        match (refused, gpus()) {
            (NoGpu::Library { .. }, Err(NoGpu::Library { .. })) => {
                assert!(advice.contains(CUDA_HALF) && advice.contains("LD_LIBRARY_PATH"), "{advice}");
            }
            (NoGpu::Device, Err(NoGpu::Device)) => assert!(advice.contains("nvidia-smi")),
            (NoGpu::Number { seen, .. }, Ok(counted)) => assert_eq!(seen, counted),
            (refused, counted) => panic!("{refused:?} {counted:?}"),
        }
    }
}
