//! What the program says of its command line to shells and to `man`.

use crate::{done, program, said};

#[test]
fn completions_and_the_manual_name_every_subcommand() {
    let folder = tempfile::tempdir().unwrap();
    let commands = [
        "serve",
        "migrate",
        "seed",
        "chat",
        "doctor",
        "health",
        "config",
        "backup",
        "restore",
        "completions",
        "man",
    ];
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = said(&done(program(&folder).args(["completions", shell])));
        for command in commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let page = said(&done(program(&folder).arg("man")));
    assert!(page.contains(".TH digital-twin 1"), "{page}");
    let pages = folder.path().join("pages");
    done(program(&folder).arg("man").arg(&pages));
    for command in commands {
        assert!(
            page.contains(&format!("digital\\-twin\\-{command}(1)")),
            "{command}"
        );
        assert!(
            pages.join(format!("digital-twin-{command}.1")).exists(),
            "{command}"
        );
    }
}
