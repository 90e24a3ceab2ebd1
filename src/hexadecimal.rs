//! Bytes as people compare them.

/// Bytes in hexadecimal digits, the small ones.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
