//! `C ← C + A·B` for the small matrices of small networks.
//!
//! Each number of `C` is one chain of fused multiply-adds over the inner index, in order. How the work is cut into
//! tiles therefore changes nothing: the same bits come out for any number of rows, any tile and any vector width.

use ndarray::ArrayRef2;

use crate::vectors::{Vectors, vectorised};

/// Widths of right-hand and result matrices are multiples of this many numbers.
pub(crate) const LANES: usize = 8;

/// The left matrix: element (r, k) lies at `r × row + k × column`. Swapping the strides transposes it.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl<'a> Left<'a> {
    /// Rows of `width` numbers, as they lie.
    pub(crate) fn rows(data: &'a [f32], width: usize) -> Self {
        Self { data, row: width, column: 1 }
    }

    /// The rows of a matrix whose standard layout was checked where it came in.
    pub(crate) fn of(matrix: &'a ArrayRef2<f32>) -> Self {
        Self::rows(matrix.as_slice().unwrap_or_default(), matrix.ncols())
    }

    /// The same numbers, rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self { data: self.data, row: self.column, column: self.row }
    }

    #[inline(always)]
    fn starting_at(self, row: usize) -> Self {
        Self { data: &self.data[row * self.row..], ..self }
    }
}

vectorised! {
    /// `C ← C + A·B` with A `rows × depth`, B `depth × width` and C `rows × width`, both row-major without gaps.
    ///
    /// # Panics
    /// When a slice is too short for these dimensions, or `width` is not a multiple of [`LANES`].
    pub(crate) fn multiply_add(vectors: Vectors, left: Left<'_>, right: &[f32], out: &mut [f32], depth: usize, width: usize) {
        assert!(width > 0 && width.is_multiple_of(LANES), "width {width}");
        if depth == 0 {
            return;
        }
        let mut column = 0;
        if vectors.has_wide_registers() {
            while column + 32 <= width {
                panel::<32>(vectors, left, &right[column..], &mut out[column..], depth, width);
                column += 32;
            }
        }
        while column + 16 <= width {
            panel::<16>(vectors, left, &right[column..], &mut out[column..], depth, width);
            column += 16;
        }
        if column < width {
            panel::<8>(vectors, left, &right[column..], &mut out[column..], depth, width);
        }
    }
}

/// All rows of `C` columns: tall tiles first, so that most of the work has enough independent chains.
#[inline(always)]
fn panel<const C: usize>(
    vectors: Vectors,
    left: Left<'_>,
    right: &[f32],
    out: &mut [f32],
    depth: usize,
    width: usize,
) {
    let rows = out.len().div_ceil(width);
    let mut row = 0;
    if vectors.has_wide_registers() {
        while row + 8 <= rows {
            tile::<8, C>(left.starting_at(row), right, &mut out[row * width..], depth, width);
            row += 8;
        }
    }
    while row + 4 <= rows {
        tile::<4, C>(left.starting_at(row), right, &mut out[row * width..], depth, width);
        row += 4;
    }
    while row < rows {
        tile::<1, C>(left.starting_at(row), right, &mut out[row * width..], depth, width);
        row += 1;
    }
}

/// `R × C` numbers of the result, held in registers while `depth` is walked once.
#[inline(always)]
#[allow(unsafe_code)]
fn tile<const R: usize, const C: usize>(
    left: Left<'_>,
    right: &[f32],
    out: &mut [f32],
    depth: usize,
    width: usize,
) {
    assert!((R - 1) * left.row + (depth - 1) * left.column < left.data.len(), "left matrix too short");
    assert!((depth - 1) * width + C <= right.len(), "right matrix too short");
    let mut sums = [[0.0_f32; C]; R];
    for (r, sum) in sums.iter_mut().enumerate() {
        sum.copy_from_slice(&out[r * width..][..C]);
    }
    for k in 0..depth {
        // SAFETY: k ≤ depth − 1, so k × width + C is at most the length asserted above; C floats are aligned as one.
        let factors: &[f32; C] = unsafe { &*right.as_ptr().add(k * width).cast() };
        for (r, sum) in sums.iter_mut().enumerate() {
            // SAFETY: r ≤ R − 1 and k ≤ depth − 1, so the index is at most the one asserted above.
            let factor = unsafe { *left.data.get_unchecked(r * left.row + k * left.column) };
            // by index: with iterators the compiler breaks these arrays into shuffled halves (a fifth slower)
            for c in 0..C {
                sum[c] = factor.mul_add(factors[c], sum[c]);
            }
        }
    }
    for (r, sum) in sums.iter().enumerate() {
        out[r * width..][..C].copy_from_slice(sum);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, without tiles.
    fn plainly(left: Left<'_>, right: &[f32], out: &mut [f32], depth: usize, width: usize) {
        for (r, row) in out.chunks_exact_mut(width).enumerate() {
            for (c, sum) in row.iter_mut().enumerate() {
                for k in 0..depth {
                    *sum = left.data[r * left.row + k * left.column].mul_add(right[k * width + c], *sum);
                }
            }
        }
    }

    fn numbers(count: usize, salt: usize) -> Vec<f32> {
        (0..count).map(|i| (((i + salt) * 7919) % 1009) as f32 / 503.0 - 1.0).collect()
    }

    proptest! {
        #[test]
        fn every_tile_and_every_width_gives_the_bits_of_the_definition(
            rows in 1_usize..20, depth in 0_usize..30, lanes in 1_usize..10, transposed: bool,
        ) {
            let width = lanes * LANES;
            let (a, b, start) = (numbers(rows * depth, 1), numbers(depth * width, 2), numbers(rows * width, 3));
            let left = if transposed { Left::rows(&a, rows).transposed() } else { Left::rows(&a, depth) };
            let mut expected = start.clone();
            plainly(left, &b, &mut expected, depth, width);
            for vectors in Vectors::available() {
                let mut got = start.clone();
                multiply_add(vectors, left, &b, &mut got, depth, width);
                prop_assert_eq!(&got, &expected, "{}", vectors);
            }
        }
    }
}
