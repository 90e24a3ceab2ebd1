//! Rows as lines of JSON: one array a row, `null`, numbers and texts as they are, bytes in base64. What stands where is said by
//! the table's columns.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::{Column, ColumnKind};
use crate::StorageError;
use crate::value::Value;

/// Adds one row at the end.
pub(crate) fn write_row(
    columns: &[Column],
    values: &[Value],
    lines: &mut Vec<u8>,
) -> Result<(), StorageError> {
    lines.push(b'[');
    for (place, (column, value)) in columns.iter().zip(values).enumerate() {
        if place > 0 {
            lines.push(b',');
        }
        match (column.kind, value) {
            (_, Value::Null) => lines.extend_from_slice(b"null"),
            (ColumnKind::Int, Value::Int(number)) => {
                lines.extend_from_slice(number.to_string().as_bytes());
            }
            (ColumnKind::Text, Value::Text(text)) => write_text(text, lines)?,
            (ColumnKind::Bytes, Value::Blob(bytes)) => {
                write_text(&STANDARD.encode(bytes), lines)?;
            }
            _ => return Err(unexpected(column)),
        }
    }
    lines.extend_from_slice(b"]\n");
    Ok(())
}

/// Reads one row.
pub(crate) fn read_row(columns: &[Column], line: &[u8]) -> Result<Vec<Value>, StorageError> {
    let row: Vec<Json> = serde_json::from_slice(line)
        .map_err(|error| StorageError::Corrupt(format!("a row is not a line of JSON: {error}")))?;
    if row.len() != columns.len() {
        return Err(StorageError::Corrupt(format!(
            "a row has {} values for {} columns",
            row.len(),
            columns.len()
        )));
    }
    let values = columns.iter().zip(row).map(|(column, value)| {
        let value = match (column.kind, value) {
            (_, Json::Null) => Value::Null,
            (ColumnKind::Int, Json::Number(number)) => {
                Value::Int(number.as_i64().ok_or_else(|| unexpected(column))?)
            }
            (ColumnKind::Text, Json::String(text)) => Value::Text(text),
            (ColumnKind::Bytes, Json::String(text)) => {
                Value::Blob(STANDARD.decode(text).map_err(|_| unexpected(column))?)
            }
            _ => return Err(unexpected(column)),
        };
        Ok(value)
    });
    values.collect()
}

fn write_text(text: &str, lines: &mut Vec<u8>) -> Result<(), StorageError> {
    serde_json::to_writer(lines, text)
        .map_err(|error| StorageError::Internal(format!("a text cannot be written: {error}")))
}

fn unexpected(column: &Column) -> StorageError {
    let Column { name, kind } = column;
    StorageError::Corrupt(format!("a value of the column {name} is no {kind}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns() -> Vec<Column> {
        let named = [
            ("number", ColumnKind::Int),
            ("text", ColumnKind::Text),
            ("bytes", ColumnKind::Bytes),
        ];
        named
            .map(|(name, kind)| Column {
                name: name.to_owned(),
                kind,
            })
            .to_vec()
    }

    fn row() -> impl Strategy<Value = Vec<Value>> {
        (
            proptest::option::of(any::<i64>()),
            proptest::option::of(any::<String>()),
            proptest::option::of(proptest::collection::vec(any::<u8>(), 0..100)),
        )
            .prop_map(|(number, text, bytes)| vec![number.into(), text.into(), bytes.into()])
    }

    proptest! {
        #[test]
        fn a_row_is_one_line_and_comes_back(row in row()) {
            let mut lines = Vec::new();
            write_row(&columns(), &row, &mut lines).unwrap();
            let (end, line) = lines.split_last().unwrap();
            prop_assert_eq!(*end, b'\n');
            prop_assert!(!line.contains(&b'\n'));
            prop_assert_eq!(read_row(&columns(), line).unwrap(), row);
        }

        #[test]
        fn whatever_stands_in_a_line_it_is_a_row_or_an_error(line in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(row) = read_row(&columns(), &line) {
                prop_assert_eq!(row.len(), 3);
            }
        }
    }

    #[test]
    fn a_row_looks_like_this() {
        let row = vec![
            Value::Int(i64::MIN),
            Value::Text("a \"quote\"\nand 🧮".to_owned()),
            Value::Blob(vec![0, 255]),
        ];
        let mut lines = Vec::new();
        write_row(&columns(), &row, &mut lines).unwrap();
        let expected = "[-9223372036854775808,\"a \\\"quote\\\"\\nand 🧮\",\"AP8=\"]\n";
        assert_eq!(String::from_utf8(lines).unwrap(), expected);
    }

    #[test]
    fn what_does_not_fit_a_column_is_refused() {
        for line in [
            "[1,\"a\"]",
            "[1,\"a\",\"AA==\",null]",
            "[\"1\",\"a\",\"AA==\"]",
            "[1.5,\"a\",\"AA==\"]",
            "[9223372036854775808,\"a\",\"AA==\"]",
            "[1,2,\"AA==\"]",
            "[1,\"a\",\"A\"]",
            "{}",
            "",
        ] {
            let refused = read_row(&columns(), line.as_bytes());
            assert!(matches!(refused, Err(StorageError::Corrupt(_))), "{line}");
        }
        let misplaced = [Value::Text(String::new()), Value::Null, Value::Null];
        let refused = write_row(&columns(), &misplaced, &mut Vec::new());
        assert!(matches!(refused, Err(StorageError::Corrupt(_))));
    }
}
