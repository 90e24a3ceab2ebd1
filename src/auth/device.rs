//! What a log-in came from, in words that its person knows it again by: told from the `User-Agent` and not more than shown.

use storage::Device;

/// Characters of a header that are looked at: browsers send fewer.
const LOOKED_AT_MAX: usize = 512;

/// Characters of the name of a program that is no browser.
const PROGRAM_CHARS_MAX: usize = 40;

/// What marks a browser, and its name. Most say that they are several: the first that fits is meant.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    // Without a window it calls itself HeadlessChrome.
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
];

/// What marks a system, and its name; the first that fits is meant.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// Says what a `User-Agent` is of.
pub fn device(user_agent: &str) -> Device {
    let said: String = user_agent.chars().take(LOOKED_AT_MAX).collect();
    let first = |marks: &[(&str, &str)]| {
        let found = marks.iter().find(|(mark, _)| said.contains(mark));
        found.map(|(_, name)| (*name).to_owned())
    };
    Device {
        program: first(&BROWSERS).or_else(|| program(&said)),
        system: first(&SYSTEMS),
    }
}

/// The name that a program gives itself, without its version.
fn program(said: &str) -> Option<String> {
    let name = said.split(['/', ' ', '(']).next().unwrap_or_default();
    let is_plain = name.chars().all(|char| char.is_ascii_graphic());
    let is_name = !name.is_empty() && is_plain && name != "Mozilla";
    is_name.then(|| name.chars().take(PROGRAM_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_and_programs_are_told_in_words() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (said, program, system) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
                Some("Firefox"),
                Some("Linux"),
            ),
            (
                &format!(
                    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
                ),
                Some("Edge"),
                Some("Windows"),
            ),
            (
                &format!(
                    "Mozilla/5.0 (Linux; Android 16; Pixel 9) {webkit} Chrome/142.0.0.0 Mobile Safari/537.36"
                ),
                Some("Chrome"),
                Some("Android"),
            ),
            (
                &format!(
                    "Mozilla/5.0 (X11; Linux x86_64) {webkit} HeadlessChrome/142.0.0.0 Safari/537.36"
                ),
                Some("Chrome"),
                Some("Linux"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/19.0 Mobile/15E148 Safari/604.1",
                Some("Safari"),
                Some("iPhone"),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/19.0 Safari/605.1.15",
                Some("Safari"),
                Some("macOS"),
            ),
            ("digital-twin/0.1.0", Some("digital-twin"), None),
            ("python-requests/2.32.3", Some("python-requests"), None),
            ("Mozilla/5.0", None, None),
            ("", None, None),
            ("\u{202e}evil", None, None),
        ] {
            let expected = Device {
                program: program.map(str::to_owned),
                system: system.map(str::to_owned),
            };
            assert_eq!(device(said), expected, "{said}");
        }
    }

    #[test]
    fn a_long_name_is_cut() {
        let name = device(&"x".repeat(100_000)).program.unwrap_or_default();
        assert_eq!(name.len(), PROGRAM_CHARS_MAX);
    }
}
