//! The name of a file: what a person may be shown of the name that a client gave. It is never a path.

/// Characters of a name: what fits a line of a screen.
const CHARS_MAX: usize = 200;

/// Makes a name that can be shown: the last part of a path, without what would hide or turn its letters. Where nothing is left,
/// it is nameless.
pub fn display_name(given: Option<&str>, nameless: &str) -> String {
    let given = given.unwrap_or_default();
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|char| is_visible(*char)).collect();
    let trimmed = visible.trim_matches(|char: char| char == '.' || char.is_whitespace());
    if trimmed.is_empty() {
        return nameless.to_owned();
    }
    shortened(trimmed)
}

/// Cuts the middle, so that the ending stays.
fn shortened(name: &str) -> String {
    let count = name.chars().count();
    if count <= CHARS_MAX {
        return name.to_owned();
    }
    let tail: String = name.chars().skip(count - 20).collect();
    let head: String = name.chars().take(CHARS_MAX - 21).collect();
    format!("{head}…{tail}")
}

fn is_visible(char: char) -> bool {
    let turns_or_hides = matches!(
        char,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    );
    !char.is_control() && !turns_or_hides
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMELESS: &str = "document.txt";

    #[test]
    fn a_name_is_never_a_path_and_never_hides_anything() {
        for (given, shown) in [
            (Some("notes.md"), "notes.md"),
            (Some("../../x"), "x"),
            (Some("..\\..\\windows\\x.txt"), "x.txt"),
            (Some("/etc/passwd"), "passwd"),
            (Some("C:\\x"), "x"),
            (Some("履歴 書.md"), "履歴 書.md"),
            (Some("a\0b\nc.txt"), "abc.txt"),
            (Some("invoice\u{202e}fdp.md"), "invoicefdp.md"),
            (Some(".hidden"), "hidden"),
            (Some(" padded .md "), "padded .md"),
            (Some(".."), NAMELESS),
            (Some("dir/"), NAMELESS),
            (Some(""), NAMELESS),
            (None, NAMELESS),
        ] {
            assert_eq!(display_name(given, NAMELESS), shown, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let shown = display_name(Some(&format!("{}.md", "x".repeat(4_096))), NAMELESS);
        assert_eq!(shown.chars().count(), CHARS_MAX);
        assert!(shown.ends_with(".md"));
    }
}
