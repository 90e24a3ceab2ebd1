//! What the processor must be able to do, as a value that proves it.

/// Proof that this processor has the AVX-512 instructions of the kernels: F, BW, DQ, VL and BF16.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512Bf16(());

impl Avx512Bf16 {
    /// Asks the processor.
    pub(crate) fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bf16");
        has_all.then_some(Self(()))
    }
}
