//! Every format against the dequantisation of gguf-py, bit for bit.

use serde::Deserialize;

use super::*;
use crate::fixtures;

#[derive(Deserialize)]
struct Blocks {
    code: u32,
    name: String,
    /// Hexadecimal.
    bytes: String,
    /// Little-endian f32, hexadecimal.
    values: String,
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks_exact(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn blocks_of_every_format_have_the_values_of_gguf_py_bit_for_bit() {
    let blocks: Vec<Blocks> = fixtures::read("blocks.json");
    for one in &blocks {
        let encoding = Encoding::from_code(one.code).unwrap();
        let values = encoding.decode(&bytes(&one.bytes));
        let written: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        assert!(written == bytes(&one.values), "{}", one.name);
        assert_eq!(encoding.name(), one.name);
    }
    let mut read: Vec<&str> = blocks.iter().map(|one| one.name.as_str()).collect();
    let last = read.pop().unwrap();
    assert_eq!(format!("{} and {last}", read.join(", ")), Encoding::KNOWN);
}

#[test]
fn formats_that_are_not_read_are_named() {
    assert_eq!(Encoding::from_code(10), Err("Q2_K".into()));
    assert_eq!(Encoding::from_code(20), Err("IQ4".into()));
    assert_eq!(Encoding::from_code(999), Err("type 999".into()));
}
