//! A GGUF writer for tests, and what the reader says to files that lie.

use std::io::Write;

use proptest::prelude::*;

use super::*;

/// Writes a GGUF file piece by piece, with every number open to falsification.
#[derive(Clone)]
pub(crate) struct Forge {
    pub(crate) keys: Vec<(String, Vec<u8>)>,
    pub(crate) tensors: Vec<ForgedTensor>,
}

#[derive(Clone)]
pub(crate) struct ForgedTensor {
    pub(crate) name: String,
    /// As the file has it: innermost first.
    pub(crate) sizes: Vec<u64>,
    pub(crate) code: u32,
    pub(crate) offset: u64,
    pub(crate) data: Vec<u8>,
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

impl Forge {
    /// A file with one key of each kind and two tensors.
    fn sample() -> Self {
        let mut forge = Forge {
            keys: Vec::new(),
            tensors: Vec::new(),
        };
        forge.key("general.architecture", 8, &text("llama"));
        forge.key("count", 4, &7_u32.to_le_bytes());
        forge.key("float", 6, &0.5_f32.to_le_bytes());
        forge.key("flag", 7, &[1]);
        forge.key(
            "words",
            9,
            &[
                &8_u32.to_le_bytes()[..],
                &2_u64.to_le_bytes(),
                &text("a"),
                &text("b"),
            ]
            .concat(),
        );
        forge.key(
            "numbers",
            9,
            &[
                &5_u32.to_le_bytes()[..],
                &2_u64.to_le_bytes(),
                &[1, 0, 0, 0, 255, 255, 255, 255],
            ]
            .concat(),
        );
        forge.tensor("plain", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        forge.tensor("other", &[4], &[0.0, -1.0, 0.5, 9.0]);
        forge
    }

    pub(crate) fn key(&mut self, name: &str, kind: u32, value: &[u8]) {
        self.keys
            .push((name.into(), [&kind.to_le_bytes(), value].concat()));
    }

    pub(crate) fn tensor(&mut self, name: &str, sizes: &[u64], values: &[f32]) {
        let offset = self.tensors.last().map_or(0, |last| {
            (last.offset + last.data.len() as u64).next_multiple_of(32)
        });
        let data = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.tensors.push(ForgedTensor {
            name: name.into(),
            sizes: sizes.to_vec(),
            code: 0,
            offset,
            data,
        });
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.keys.len() as u64).to_le_bytes());
        for (name, value) in &self.keys {
            bytes.extend([text(name), value.clone()].concat());
        }
        for tensor in &self.tensors {
            bytes.extend(text(&tensor.name));
            bytes.extend((tensor.sizes.len() as u32).to_le_bytes());
            bytes.extend(tensor.sizes.iter().flat_map(|size| size.to_le_bytes()));
            bytes.extend(tensor.code.to_le_bytes());
            bytes.extend(tensor.offset.to_le_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        let start = bytes.len();
        for tensor in &self.tensors {
            let place = (start as u64)
                .saturating_add(tensor.offset)
                .min(bytes.len() as u64 + 64) as usize;
            bytes.resize(place.max(bytes.len()), 0);
            bytes.extend(&tensor.data);
        }
        bytes
    }
}

fn refusal(bytes: &[u8]) -> String {
    match read_header(bytes, bytes.len() as u64) {
        Ok(_) => "accepted".into(),
        Err(Fault::Wrong(reason) | Fault::Foreign(reason)) => reason,
        Err(Fault::Io(error)) => format!("input or output: {error}"),
    }
}

#[test]
fn keys_and_tensors_are_read_as_they_were_written() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&Forge::sample().bytes()).unwrap();
    let mut gguf = Gguf::open(file.path()).unwrap();
    assert_eq!(gguf.text("general.architecture").unwrap(), "llama");
    assert_eq!(gguf.count("count").unwrap(), 7);
    assert_eq!(gguf.float("float").unwrap(), 0.5);
    assert_eq!(gguf.key("flag"), Some(&Value::Bool(true)));
    assert_eq!(gguf.texts("words").unwrap(), ["a", "b"]);
    assert_eq!(gguf.key("numbers"), Some(&Value::Integers(vec![1, -1])));
    assert_eq!(
        gguf.read("plain", &[3, 2]).unwrap(),
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    );
    assert_eq!(gguf.read("other", &[4]).unwrap(), [0.0, -1.0, 0.5, 9.0]);
    assert_eq!(gguf.main_encoding(), Some(Encoding::F32));
}

#[test]
fn a_wrong_type_or_shape_or_a_missing_part_is_named() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&Forge::sample().bytes()).unwrap();
    let mut gguf = Gguf::open(file.path()).unwrap();
    let path = file.path().display();
    let damaged = format!("{path} is damaged or is not what it claims to be: ");
    let said = |error: LoadError| error.to_string().strip_prefix(&damaged).unwrap().to_owned();
    assert_eq!(
        said(gguf.count("flag").unwrap_err()),
        "the key flag should hold a count, but holds a bool"
    );
    assert_eq!(
        said(gguf.text("absent").unwrap_err()),
        "the key absent should hold a text, but holds nothing"
    );
    assert_eq!(
        said(gguf.read("absent", &[1]).unwrap_err()),
        "the tensor absent is missing"
    );
    assert_eq!(
        said(gguf.read("plain", &[2, 3]).unwrap_err()),
        "the tensor plain has the shape [3, 2] instead of [2, 3]"
    );
}

#[test]
fn each_lie_is_called_by_its_name() {
    let good = Forge::sample();
    assert_eq!(refusal(&good.bytes()), "accepted");
    type Falsify = fn(&mut Forge);
    let lies: [(Falsify, &str); 12] = [
        (
            |f| f.tensors[1].offset = u64::MAX - 8,
            "it ends within or before the tensor other",
        ),
        (
            |f| f.tensors[0].sizes = vec![1 << 40, 1 << 40],
            "the tensor plain is larger than any memory",
        ),
        (
            |f| f.tensors[0].sizes = vec![1 << 50],
            "it ends within or before the tensor plain",
        ),
        (
            |f| f.tensors[1].offset = 4,
            "the tensors plain and other overlap",
        ),
        (
            |f| f.tensors[1].name = "plain".into(),
            "the tensor plain occurs twice",
        ),
        (
            |f| f.tensors[0].sizes = vec![],
            "the tensor plain has 0 dimensions",
        ),
        (
            |f| f.tensors[0].sizes = vec![1; 5],
            "the tensor plain has 5 dimensions",
        ),
        (
            |f| f.tensors[0].code = 10,
            "its tensor plain is stored as Q2_K; read here are F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K",
        ),
        (
            |f| f.tensors[0].code = 2,
            "the rows of the tensor plain are not whole blocks of Q4_0",
        ),
        (
            |f| f.keys[1].0 = "float".into(),
            "the key float occurs twice",
        ),
        (
            |f| f.key("general.alignment", 4, &0_u32.to_le_bytes()),
            "the key general.alignment does not hold an alignment",
        ),
        (|f| f.key("odd", 77, &[]), "77 is not a type of a value"),
    ];
    for (falsify, reason) in lies {
        let mut forge = good.clone();
        falsify(&mut forge);
        assert_eq!(refusal(&forge.bytes()), reason);
    }
}

#[test]
fn lying_counts_and_lengths_are_refused_before_memory_is_taken() {
    let mut long_array = Forge::sample();
    long_array.key(
        "long",
        9,
        &[&4_u32.to_le_bytes()[..], &u64::MAX.to_le_bytes()].concat(),
    );
    assert!(
        refusal(&long_array.bytes())
            .starts_with("an array of 18446744073709551615 values does not fit")
    );
    let mut nested = Forge::sample();
    nested.key(
        "nested",
        9,
        &[&9_u32.to_le_bytes()[..], &1_u64.to_le_bytes()].concat(),
    );
    assert_eq!(
        refusal(&nested.bytes()),
        "an array of arrays is not used by any model"
    );
    let mut long_text = Forge::sample();
    long_text.key("long", 8, &u64::MAX.to_le_bytes());
    assert!(
        refusal(&long_text.bytes()).starts_with("a text of 18446744073709551615 bytes is longer")
    );

    let with_counts = |tensors: u64, keys: u64| {
        let mut bytes = Forge::sample().bytes();
        bytes[8..16].copy_from_slice(&tensors.to_le_bytes());
        bytes[16..24].copy_from_slice(&keys.to_le_bytes());
        refusal(&bytes)
    };
    assert_eq!(
        with_counts(u64::MAX, 0),
        "18446744073709551615 tensors are more than the 65536 believed"
    );
    assert_eq!(
        with_counts(0, 1 << 40),
        "1099511627776 keys are more than the 4096 believed"
    );
}

#[test]
fn what_is_no_gguf_file_is_told_so() {
    assert_eq!(refusal(b""), "it ends after 0 bytes, where 4 more are due");
    assert_eq!(
        refusal(b"{\"a\": 1}"),
        "it does not begin with the letters GGUF"
    );
    assert_eq!(
        refusal(b"GGUF\x01\0\0\0........"),
        "it has the GGUF version 1; known here: 2 and 3"
    );
    assert_eq!(refusal(b"GGUF\0\0\0\x03........"), "it is big-endian");
    let missing = Gguf::open(Path::new("no/such/model.gguf")).unwrap_err();
    assert_eq!(missing.to_string(), "no/such/model.gguf does not exist");
}

#[test]
fn a_file_cut_short_at_any_byte_is_refused() {
    let bytes = Forge::sample().bytes();
    for length in 0..bytes.len() {
        assert_ne!(
            refusal(&bytes[..length]),
            "accepted",
            "cut to {length} of {} bytes",
            bytes.len()
        );
    }
}

proptest! {
    #[test]
    fn no_change_of_any_bytes_makes_the_reader_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Forge::sample().bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(length.index(bytes.len()) + 1);
        let _ = refusal(&bytes);
    }
}
