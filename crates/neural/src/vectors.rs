//! Which vector instructions the kernels use, found while running; and the one door to them.
//!
//! A kernel is ordinary safe Rust over slices. [`vectorised!`] compiles its body three times, for AVX-512, for AVX2
//! with fused multiply-add, and for whatever the build targets, and calls the copy that a [`Vectors`] names. All
//! copies give the same bits: vector lanes are different results, never parts of one sum, and the compiler may not
//! reorder floating-point operations.

use std::fmt;

/// A set of vector instructions that this processor has.
///
/// Only detection makes values of this type, so holding one is proof that its instructions may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vectors(Width);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Vectors {
    /// The widest set of this processor.
    #[must_use]
    pub fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                return Self(Width::Avx512);
            }
            if has_avx2() {
                return Self(Width::Avx2);
            }
        }
        Self(Width::Portable)
    }

    /// Every set of this processor, widest first. The last is always the portable one.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut sets = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                sets.push(Self(Width::Avx512));
            }
            if has_avx2() {
                sets.push(Self(Width::Avx2));
            }
        }
        sets.push(Self(Width::Portable));
        sets
    }

    /// Its usual name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Width::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => "avx2",
            Width::Portable => "portable",
        }
    }

    /// Whether 32 registers of 16 numbers are at hand, which decides the shape of a matrix tile.
    #[inline(always)]
    pub(crate) fn has_wide_registers(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self.0 == Width::Avx512;
        #[cfg(not(target_arch = "x86_64"))]
        return false;
    }

    #[inline(always)]
    pub(crate) fn width(self) -> Width {
        self.0
    }
}

impl fmt::Display for Vectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// Defines a kernel: a function whose first argument is a [`Vectors`], compiled once for each set.
macro_rules! vectorised {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident($vectors:ident: Vectors $(, $arg:ident: $type:ty)* $(,)?)
     $(-> $result:ty)? $body:block) => {
        $(#[$meta])*
        #[allow(unsafe_code, clippy::too_many_arguments)]
        $visibility fn $name($vectors: $crate::vectors::Vectors $(, $arg: $type)*) $(-> $result)? {
            #[inline(always)]
            #[allow(unused_variables)]
            fn body($vectors: $crate::vectors::Vectors $(, $arg: $type)*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
            fn avx512($vectors: $crate::vectors::Vectors $(, $arg: $type)*) $(-> $result)? {
                body($vectors $(, $arg)*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($vectors: $crate::vectors::Vectors $(, $arg: $type)*) $(-> $result)? {
                body($vectors $(, $arg)*)
            }

            match $vectors.width() {
                // SAFETY: the only demand of these two safe functions is that the processor has the instructions
                // they are compiled for. A `Vectors` of this width is made only after detecting all of them.
                #[cfg(target_arch = "x86_64")]
                $crate::vectors::Width::Avx512 => unsafe { avx512($vectors $(, $arg)*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::vectors::Width::Avx2 => unsafe { avx2($vectors $(, $arg)*) },
                $crate::vectors::Width::Portable => body($vectors $(, $arg)*),
            }
        }
    };
}
pub(crate) use vectorised;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_set_is_the_first_available_and_portable_is_always_there() {
        let all = Vectors::available();
        assert_eq!(all.first().copied(), Some(Vectors::widest()));
        assert_eq!(all.last().map(|set| set.name()), Some("portable"));
    }
}
