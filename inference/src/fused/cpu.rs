//! What the processor must be able to do, as values that prove it.

#![expect(
    unsafe_code,
    reason = "what the system saves of the processor is asked in the processor's and the system's own way"
)]

use std::sync::OnceLock;

/// Proof that this processor has the AVX-512 instructions of the kernels: F, BW, DQ, VL and BF16.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512Bf16 {
    amx: Option<AmxBf16>,
}

/// Proof that this process may use tiles, and multiply bf16 with them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AmxBf16(());

impl Avx512Bf16 {
    /// Asks the processor.
    pub(crate) fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bf16");
        has_all.then(|| Self {
            amx: AmxBf16::detect(),
        })
    }

    /// The tiles, if there are any.
    pub(crate) fn amx(self) -> Option<AmxBf16> {
        self.amx
    }

    /// What bf16 is multiplied with.
    pub(crate) fn name(self) -> &'static str {
        match self.amx {
            Some(_) => "amx-bf16",
            None => "avx512-bf16",
        }
    }

    /// The same processor as if it had no tiles.
    #[cfg(test)]
    pub(crate) fn without_tiles(self) -> Self {
        Self { amx: None }
    }
}

impl AmxBf16 {
    /// Asks the processor and the system, the latter once in the life of the process.
    fn detect() -> Option<Self> {
        static GRANTED: OnceLock<bool> = OnceLock::new();
        let granted = *GRANTED.get_or_init(|| has_tiles() && system_saves_tiles());
        granted.then_some(Self(()))
    }
}

/// Whether the processor has AMX-TILE and AMX-BF16, and the system lets it use both parts of their state.
fn has_tiles() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};

    /// Leaf 1, ECX.
    const OSXSAVE: u32 = 1 << 27;
    /// Leaf 7, EDX.
    const AMX_BF16: u32 = 1 << 22;
    const AMX_TILE: u32 = 1 << 24;
    /// XCR0: the configuration and the data of tiles.
    const TILES: u64 = 0b11 << 17;

    if __cpuid(0).eax < 7 || __cpuid(1).ecx & OSXSAVE == 0 {
        return false;
    }
    // SAFETY: OSXSAVE says that XCR0 can be read.
    let enabled = unsafe { _xgetbv(0) };
    let features = __cpuid_count(7, 0).edx;
    features & AMX_TILE != 0 && features & AMX_BF16 != 0 && enabled & TILES == TILES
}

/// Asks Linux for the right of this process to use tiles, whose 8 KiB it saves only for who has asked.
#[cfg(target_os = "linux")]
fn system_saves_tiles() -> bool {
    use std::ffi::{c_int, c_long};

    unsafe extern "C" {
        fn syscall(number: c_long, ...) -> c_long;
    }

    const ARCH_PRCTL: c_long = 158;
    const ARCH_REQ_XCOMP_PERM: c_int = 0x1023;
    /// The number of the tiles' data among the parts of XCR0.
    const TILE_DATA: c_long = 18;

    // SAFETY: the call takes two numbers and changes nothing but what this process may use. It fails before Linux 5.16, and
    // where a thread has a signal stack that tiles would not fit on.
    unsafe { syscall(ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0 }
}

/// No other system that we know of has been tried.
#[cfg(not(target_os = "linux"))]
fn system_saves_tiles() -> bool {
    false
}
