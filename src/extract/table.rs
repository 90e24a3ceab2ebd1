//! Tables: each row as a line that names its columns, so that a row that is found alone can be understood.

use csv::ReaderBuilder;

use super::draft::Draft;
use super::{Extracted, Kind, Unreadable};

/// Reads values that are separated by this character; the first row names the columns.
pub(super) fn read(text: &str, separator: u8) -> Result<Extracted, Unreadable> {
    let mut reader = ReaderBuilder::new()
        .delimiter(separator_of(text, separator))
        .flexible(true)
        .from_reader(text.as_bytes());
    let damaged = |error: csv::Error| Unreadable::damaged("a table", error);
    let columns = reader.headers().map_err(damaged)?.clone();
    let mut draft = Draft::default();
    let mut rows = 0;
    for row in reader.records() {
        let row = row.map_err(damaged)?;
        let values: Vec<String> = (row.iter().enumerate())
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(place, value)| match columns.get(place).map(str::trim) {
                Some(column) if !column.is_empty() => format!("{column}: {}", value.trim()),
                _ => value.trim().to_owned(),
            })
            .collect();
        draft.line(&values.join("; "))?;
        rows += 1;
    }
    if rows == 0 {
        let names: Vec<&str> = columns.iter().collect();
        draft.line(&names.join("; "))?;
    }
    Ok(draft.finish(Kind::Table))
}

/// A semicolon where programs of the continent write one: when the first line has more of them.
fn separator_of(text: &str, separator: u8) -> u8 {
    let line = text.lines().next().unwrap_or_default().as_bytes();
    let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
    match separator == b',' && count(b';') > count(b',') {
        true => b';',
        false => separator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_names_its_columns() {
        for text in [
            "name,town\nAda,\"Kalmar, Öland\"\nBo,\n",
            "name;town\nAda;Kalmar, Öland\nBo;\n",
        ] {
            let read = read(text, b',').unwrap();
            assert_eq!(read.text, "name: Ada; town: Kalmar, Öland\nname: Bo");
        }
    }

    #[test]
    fn a_table_without_rows_still_says_what_its_columns_are() {
        assert_eq!(read("name,town\n", b',').unwrap().text, "name; town");
    }
}
