//! How deep a JSON text is nested, so that both encodings have the same limit (the JSON reader's own is fixed).

/// The most arrays and objects that are open at once. Of bytes that are not JSON it says something that is not too
/// small for what a JSON reader sees before it stops.
pub(super) fn json_depth(bytes: &[u8]) -> usize {
    let mut depth: usize = 0;
    let mut deepest = 0;
    let mut in_string = false;
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        match (in_string, byte) {
            (true, b'\\') => {
                bytes.next();
            }
            (_, b'"') => in_string = !in_string,
            (false, b'[' | b'{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_except_in_strings() {
        for (text, depth) in [
            ("", 0),
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[{"b":[]},[]]}"#, 4),
            (r#"["[[[", {"]": "{{"}]"#, 2),
            (r#"["\"[[[\\", []]"#, 2),
            ("]]]]{", 1),
        ] {
            assert_eq!(json_depth(text.as_bytes()), depth, "{text}");
        }
    }
}
