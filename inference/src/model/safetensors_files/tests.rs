//! What the reader says to safetensors files that lie.

use std::fs;

use proptest::prelude::*;

use super::*;

/// A file of the given header and data.
fn forge(header: &str, data: &[u8]) -> Vec<u8> {
    [
        &(header.len() as u64).to_le_bytes()[..],
        header.as_bytes(),
        data,
    ]
    .concat()
}

const HEADER: &str = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[1,2],"data_offsets":[8,12]}}"#;

fn good() -> Vec<u8> {
    let floats = [1.5_f32, -2.0].map(f32::to_le_bytes).concat();
    forge(HEADER, &[&floats[..], &[0x80, 0x3f, 0x00, 0xc0]].concat())
}

fn open(bytes: &[u8]) -> Result<SafetensorsFiles, String> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("model.safetensors"), bytes).unwrap();
    SafetensorsFiles::open(directory.path()).map_err(|error| {
        let said = error
            .to_string()
            .replace(&directory.path().display().to_string(), "DIR");
        said.replace(
            "DIR/model.safetensors is damaged or is not what it claims to be: ",
            "",
        )
    })
}

fn refusal(bytes: &[u8]) -> String {
    open(bytes).err().unwrap_or_else(|| "accepted".into())
}

#[test]
fn tensors_are_read_in_their_own_number_type() {
    let mut files = open(&good()).unwrap();
    let a = files.read("a", &[2]).unwrap();
    let b = files.read("b", &[1, 2]).unwrap();
    assert_eq!((a.kind(), b.kind()), (Kind::Float, Kind::BFloat16));
    assert_eq!(Vec::<f32>::try_from(a).unwrap(), [1.5, -2.0]);
    assert_eq!(
        Vec::<f32>::try_from(b.to_kind(Kind::Float).view(2)).unwrap(),
        [1.0, -2.0]
    );
    assert_eq!(files.unread(), Vec::<&str>::new());
    assert!(
        files
            .read("a", &[1, 2])
            .unwrap_err()
            .to_string()
            .ends_with("the tensor a has the shape [2] instead of [1, 2]")
    );
    assert!(
        files
            .read("c", &[1])
            .unwrap_err()
            .to_string()
            .ends_with("the tensor c is missing")
    );
}

#[test]
fn each_lie_is_called_by_its_name() {
    assert_eq!(refusal(&good()), "accepted");
    assert_eq!(
        refusal(b"abc"),
        "its 3 bytes do not even hold the length of a header"
    );
    assert_eq!(
        refusal(&u64::MAX.to_le_bytes()),
        "its header claims 18446744073709551615 bytes, the file has 8"
    );
    assert_eq!(
        refusal(&good()[..good().len() - 1]),
        "its tensors should take 12 bytes, but 11 follow the header"
    );
    assert_eq!(
        refusal(&[good(), vec![0]].concat()),
        "its tensors should take 12 bytes, but 13 follow the header"
    );
    assert!(refusal(&forge("{", &[])).starts_with("its header: "));
    for lie in [
        r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
        r#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}"#,
        r#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
    ] {
        assert!(
            refusal(&forge(lie, &[0; 8])).starts_with("its header: "),
            "{lie}"
        );
    }
}

proptest! {
    #[test]
    fn no_change_of_any_bytes_makes_the_reader_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = good();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(length.index(bytes.len()) + 1);
        let _ = refusal(&bytes);
    }
}
