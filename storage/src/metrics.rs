//! What storage measures.

use prometheus::Registry;

/// Registers storage's metrics; a second call for the same registry fails.
pub fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    let _ = registry;
    unimplemented!()
}
