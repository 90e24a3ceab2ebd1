//! What the machine can do: how fast it reads memory and multiplies matrices.

use std::hint::black_box;
use std::time::Instant;

use tch::{Device, Kind, Tensor};

/// Larger than any processor's cache.
const READ_BYTES: usize = 1 << 29;

/// Runs of each kernel; the fastest counts.
const READ_RUNS: usize = 50;
const PRODUCT_RUNS: usize = 5;

/// Rows and columns of the matrices; the size that suits the machine best counts.
const SIZES: [i64; 3] = [1024, 2048, 4096];

/// Bytes a second that so many threads together read from memory.
pub(crate) fn bytes_per_second(threads: usize) -> f64 {
    let memory = vec![1_u64; READ_BYTES / size_of::<u64>()];
    let part = memory.len().div_ceil(threads);
    let sum = |part: &[u64]| part.iter().fold(0_u64, |sum, one| sum.wrapping_add(*one));
    let run = |_| {
        let since = Instant::now();
        std::thread::scope(|scope| {
            for part in memory.chunks(part) {
                scope.spawn(move || black_box(sum(part)));
            }
        });
        READ_BYTES as f64 / since.elapsed().as_secs_f64()
    };
    (0..READ_RUNS).map(run).fold(0.0, f64::max)
}

/// Operations a second of the product of two matrices.
pub(crate) fn operations_per_second(kind: Kind, threads: usize) -> f64 {
    tch::set_num_threads(i32::try_from(threads).expect("threads are few"));
    let of_size = |size: i64| {
        let matrix = || Tensor::randn([size, size], (kind, Device::Cpu));
        let (left, right) = (matrix(), matrix());
        let run = |_| {
            let since = Instant::now();
            drop(black_box(left.matmul(&right)));
            2.0 * (size as f64).powi(3) / since.elapsed().as_secs_f64()
        };
        (0..PRODUCT_RUNS).map(run).fold(0.0, f64::max)
    };
    SIZES.into_iter().map(of_size).fold(0.0, f64::max)
}
