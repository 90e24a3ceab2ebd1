//! Forward passes in our own vector code, for processors with AVX-512 BF16, and AMX where they have that.
//!
//! ```text
//! decoder         language models: mixed batches over a cache of keys and values
//! encoder         sentence models: texts of any lengths one behind the other, without padding
//! matrix          weights in panels: 4 or 8 bits where the file has them so, else bf16 or f32
//! product         rows times a matrix, cut into tasks
//! pool            the threads that do the tasks
//! kernels         the vector code
//! ```
//!
//! All sums are f32. A row's numbers never depend on the rows beside it nor on the number of threads, so every reply and every
//! vector is what it would be alone. They do depend on the processor: tiles add up in another order than vectors.

mod decoder;
mod encoder;

mod matrix;

mod product;

mod pool;
mod shared_slice;

mod cpu;
mod kernels;

use tch::Kind;

use crate::LoadError;
use crate::model::TensorReader;
pub(crate) use cpu::Avx512Bf16;
pub(crate) use decoder::FusedDecoder;
pub(crate) use encoder::FusedEncoder;

/// Reads a vector in f32.
fn vector(reader: &mut TensorReader<'_>, name: &str, len: usize) -> Result<Vec<f32>, LoadError> {
    let tensor = reader.read(name, &[len as i64])?;
    tensor
        .f_to_kind(Kind::Float)
        .and_then(Vec::try_from)
        .map_err(|error| reader.torch(&error))
}
