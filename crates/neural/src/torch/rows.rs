//! Rows on the device.

use tch::{Device, TchError, Tensor};

use crate::samples::{Samples, Targets};

/// Features and what they should give.
pub(super) struct Rows {
    /// `[rows × width]`
    pub(super) x: Tensor,
    /// `[rows]`: numbers of classes, or values.
    pub(super) targets: Tensor,
}

impl Rows {
    pub(super) fn upload(samples: &Samples<'_>, device: Device) -> Result<Self, TchError> {
        // The layout was checked with everything else before the first epoch.
        let flat = samples.x.to_slice().unwrap_or_default();
        let x = Tensor::f_from_slice(flat)?.f_reshape([-1, samples.x.ncols() as i64])?;
        let targets = match samples.targets {
            Targets::Classes(classes) => Tensor::f_from_slice(classes)?.f_to_kind(tch::Kind::Int64)?,
            Targets::Values(values) => Tensor::f_from_slice(values)?,
        };
        Ok(Self { x: x.f_to(device)?, targets: targets.f_to(device)? })
    }

    pub(super) fn count(&self) -> i64 {
        self.targets.numel() as i64
    }

    /// The same rows in another order.
    pub(super) fn in_order(&self, order: &[u32]) -> Result<Self, TchError> {
        let order: Vec<i64> = order.iter().map(|&row| i64::from(row)).collect();
        let order = Tensor::f_from_slice(&order)?.f_to(self.x.device())?;
        Ok(Self { x: self.x.f_index_select(0, &order)?, targets: self.targets.f_index_select(0, &order)? })
    }

    /// Row after row in stretches of `length`, the last one shorter. Nothing is copied.
    pub(super) fn stretches(&self, length: i64) -> impl Iterator<Item = Result<Stretch, TchError>> + '_ {
        let count = self.count();
        (0..count).step_by(length.max(1) as usize).map(move |from| {
            let length = length.min(count - from);
            let narrowed = |tensor: &Tensor| tensor.f_narrow(0, from, length);
            Ok(Stretch { from, length, x: narrowed(&self.x)?, targets: narrowed(&self.targets)? })
        })
    }
}

/// Some rows that follow each other.
pub(super) struct Stretch {
    pub(super) from: i64,
    pub(super) length: i64,
    pub(super) x: Tensor,
    pub(super) targets: Tensor,
}
