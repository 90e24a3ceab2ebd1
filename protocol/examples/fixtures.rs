//! Writes the golden frames and `docs/asyncapi.json` anew: `cargo run -p protocol --example fixtures`. A difference is a
//! change of the protocol.

use std::path::Path;

#[path = "../tests/protocol/asyncapi.rs"]
mod asyncapi;
#[path = "../tests/protocol/samples.rs"]
mod samples;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    std::fs::create_dir_all(&folder)?;
    for (name, content) in samples::fixture_files() {
        std::fs::write(folder.join(name), content)?;
        println!("wrote {}", folder.join(name).display());
    }
    std::fs::write(asyncapi::path(), asyncapi::document())?;
    println!("wrote {}", asyncapi::path().display());
    Ok(())
}
