//! Whether libtorch works on this machine: what `doctor` asks.

use tch::{Kind, Tensor, utils};

use crate::EngineError;
use crate::load_error::first_line;

/// Multiplies two small matrices, and says in a line what libtorch is and can do here.
///
/// # Errors
/// [`EngineError::Torch`] when it fails or gives a wrong product.
pub fn check_libtorch() -> Result<String, EngineError> {
    let torch = |error: tch::TchError| EngineError::Torch {
        reason: first_line(&error),
    };
    let a = Tensor::f_from_slice(&[1.0_f32, 2.0, 3.0, 4.0])
        .and_then(|a| a.f_view([2, 2]))
        .map_err(torch)?;
    let product = a
        .f_matmul(&a)
        .and_then(|product| product.f_reshape([-1]))
        .map_err(torch)?;
    let product = product.f_to_kind(Kind::Float).map_err(torch)?;
    let numbers = Vec::<f32>::try_from(&product).map_err(torch)?;
    // The products are small whole numbers, which f32 holds exactly.
    if numbers != [7.0, 10.0, 15.0, 22.0] {
        let reason = format!("a product of two matrices came out as {numbers:?}");
        return Err(EngineError::Torch { reason });
    }
    let have = |name: &str, has: bool| format!("{name} {}", if has { "yes" } else { "no" });
    let parts = [
        have("OpenMP", utils::has_openmp()),
        have("oneDNN", utils::has_mkldnn()),
        have("CUDA", utils::has_cuda()),
    ];
    Ok(format!("works ({})", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtorch_multiplies_matrices() {
        assert!(super::check_libtorch().unwrap().starts_with("works"));
    }

    #[test]
    fn memory_that_cannot_be_had_is_an_error_and_not_the_end_of_the_process() {
        // More than the address space of a process.
        let numbers = 1_i64 << 47;
        let result = Tensor::f_zeros([numbers], (Kind::Float, tch::Device::Cpu));
        let error = first_line(&result.expect_err("nobody has so much memory"));
        assert!(error.contains("memory"), "{error}");
    }
}
