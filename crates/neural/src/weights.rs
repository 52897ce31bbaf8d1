//! Networks as safetensors: `layers.<i>.weight` `[outputs, inputs]` and `layers.<i>.bias` `[outputs]`, 32-bit floats,
//! layer 0 first; the names and orientation of PyTorch. The shape travels elsewhere and must be known to load.
//!
//! A file is hostile until proven harmless: its length is bounded by the shape before anything is read, its header
//! by [`HEADER_BYTES_MAX`], and every offset is checked before it is followed.

use ndarray::Array2;
use safetensors::tensor::{Metadata, TensorView, serialize};
use safetensors::{Dtype, SafeTensorError};
use thiserror::Error;

use crate::network::{Dense, Network, NetworkError};
use crate::shape::NetworkShape;

/// Longest header that is read: that of the deepest network has about 2 kB, the rest is for notes of other writers.
pub const HEADER_BYTES_MAX: usize = 65_536;
const LENGTH_BYTES: usize = 8;
const NUMBER_BYTES: usize = 4;

/// Why bytes are not a network of the expected shape.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The layers do not fit the shape.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// More bytes than a network of this shape can have.
    #[error(
        "{given} bytes, a network of this shape has at most {most}: load it with the shape it was trained with"
    )]
    TooLong {
        /// Bytes given.
        given: usize,
        /// Most that are possible.
        most: usize,
    },
    /// The header is cut off, too long, or does not describe the bytes.
    #[error("the header is damaged ({detail}): train the model again or fetch it anew")]
    Header {
        /// What is wrong.
        detail: &'static str,
    },
    /// The header is not the JSON of safetensors, or what it says of its tensors contradicts itself.
    #[error("the header is damaged ({0}): train the model again or fetch it anew")]
    Json(#[from] serde_json::Error),
    /// Not the tensors of this shape.
    #[error("tensor {name}: {detail}: load the model with the shape it was trained with")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong.
        detail: &'static str,
    },
    /// The library could not write.
    #[error("the network can not be written as safetensors: {0}")]
    Write(#[from] SafeTensorError),
}

impl Network {
    /// Its bytes; the same network always gives the same.
    ///
    /// # Errors
    /// When the library refuses, which no network within the limits makes it do.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, WeightsError> {
        let layers: Vec<[(Vec<usize>, Vec<u8>); 2]> = self
            .layers()
            .iter()
            .map(|layer| {
                let weights = (layer.weights.shape().to_vec(), bytes_of(&layer.weights));
                [weights, (vec![layer.bias.len()], bytes_of(&layer.bias))]
            })
            .collect();
        let mut tensors = Vec::with_capacity(2 * layers.len());
        for (index, layer) in layers.iter().enumerate() {
            for (part, (shape, bytes)) in ["weight", "bias"].into_iter().zip(layer) {
                tensors.push((name_of(index, part), TensorView::new(Dtype::F32, shape.clone(), bytes)?));
            }
        }
        Ok(serialize(tensors, None)?)
    }

    /// The network of these bytes, if they hold exactly the tensors of `shape`.
    ///
    /// # Errors
    /// When the bytes are damaged, too long, of another shape, or hold NaN or infinity.
    pub fn from_safetensors(bytes: &[u8], shape: &NetworkShape) -> Result<Self, WeightsError> {
        let numbers = shape.parameter_count().map_err(NetworkError::from)?;
        let most = LENGTH_BYTES + HEADER_BYTES_MAX + NUMBER_BYTES * numbers;
        if bytes.len() > most {
            return Err(WeightsError::TooLong { given: bytes.len(), most });
        }
        let (metadata, data) = split(bytes)?;
        if metadata.data_len() != NUMBER_BYTES * numbers {
            return Err(header("it holds another number of parameters than this shape has"));
        }
        let widths: Vec<usize> = shape.widths().collect();
        let layers = widths.windows(2).enumerate().map(|(index, pair)| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let name = name_of(index, "weight");
            let weights = tensor(&metadata, data, &name, &[outputs, inputs])?;
            let weights = Array2::from_shape_vec((outputs, inputs), weights)
                .map_err(|_| WeightsError::Tensor { name, detail: "has another size" })?;
            let bias = tensor(&metadata, data, &name_of(index, "bias"), &[outputs])?;
            Ok(Dense { weights, bias })
        });
        let layers = layers.collect::<Result<Vec<_>, WeightsError>>()?;
        Ok(Self::from_layers(shape, &layers)?)
    }
}

/// The checked header and the bytes it describes.
fn split(bytes: &[u8]) -> Result<(Metadata, &[u8]), WeightsError> {
    let (length, rest) = bytes.split_first_chunk().ok_or_else(|| header("it is cut off"))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > HEADER_BYTES_MAX {
        return Err(header("it is too long"));
    }
    let (text, data) = rest.split_at_checked(length).ok_or_else(|| header("it is cut off"))?;
    let metadata: Metadata = serde_json::from_slice(text)?;
    if metadata.data_len() != data.len() {
        return Err(header("it describes another number of bytes"));
    }
    Ok((metadata, data))
}

fn tensor(metadata: &Metadata, data: &[u8], name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
    let fault = |detail| WeightsError::Tensor { name: name.to_owned(), detail };
    let info = metadata.info(name).ok_or_else(|| fault("is missing"))?;
    if info.dtype != Dtype::F32 {
        return Err(fault("is not of 32-bit floats"));
    }
    if info.shape != shape {
        return Err(fault("has another size"));
    }
    let bytes =
        data.get(info.data_offsets.0..info.data_offsets.1).ok_or_else(|| fault("lies outside the file"))?;
    Ok(bytes.as_chunks::<NUMBER_BYTES>().0.iter().map(|number| f32::from_le_bytes(*number)).collect())
}

fn header(detail: &'static str) -> WeightsError {
    WeightsError::Header { detail }
}

fn name_of(index: usize, part: &str) -> String {
    format!("layers.{index}.{part}")
}

fn bytes_of<'a>(numbers: impl IntoIterator<Item = &'a f32>) -> Vec<u8> {
    numbers.into_iter().flat_map(|x| x.to_le_bytes()).collect()
}
