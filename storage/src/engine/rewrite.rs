//! `$n` becomes `?n` for SQLite, which would number `$n` by first appearance, silently.

/// Rewrites the placeholders of a statement, leaving quoted text alone.
pub(super) fn numbered(sql: &str) -> String {
    let mut rewritten = String::with_capacity(sql.len());
    let mut quote = None;
    let mut characters = sql.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '$') if characters.peek().is_some_and(char::is_ascii_digit) => {
                rewritten.push('?');
                continue;
            }
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        rewritten.push(character);
    }
    rewritten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_keep_their_numbers_and_quoted_text_keeps_its_dollars() {
        for (sql, expected) in [
            ("SELECT $2 - $1 - $2", "SELECT ?2 - ?1 - ?2"),
            ("SELECT '$1', \"$2\", $3", "SELECT '$1', \"$2\", ?3"),
            ("SELECT 'it''s $1' || $12", "SELECT 'it''s $1' || ?12"),
            ("SELECT $ FROM t", "SELECT $ FROM t"),
        ] {
            assert_eq!(numbered(sql), expected);
        }
    }
}
