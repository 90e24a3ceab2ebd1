//! What is counted of documents that are taken in.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, IntCounterVec, Opts, Registry, exponential_buckets};

use super::IngestError;

/// Documents that were taken in or not; `outcome` is one of [`OUTCOMES`].
static DOCUMENTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let options = Opts::new(
        "twin_documents_total",
        "Documents that were taken in or not, by outcome: kept, refused or failed",
    );
    IntCounterVec::new(options, &["outcome"]).expect("the name and the label are valid")
});

/// From the claim of a document to its pieces in the database, for those that became ready, in seconds. No labels.
static SECONDS: LazyLock<Histogram> = LazyLock::new(|| {
    let options = HistogramOpts::new(
        "twin_document_ingest_seconds",
        "Time to read, cut, embed and keep a document, of those that became ready",
    )
    // 10 ms to 164 s: from a note to a book on a busy machine.
    .buckets(exponential_buckets(0.01, 2.0, 15).expect("the buckets are valid"));
    Histogram::with_opts(options).expect("the name is valid")
});

const KEPT: &str = "kept";
const REFUSED: &str = "refused";
const FAILED: &str = "failed";
const OUTCOMES: [&str; 3] = [KEPT, REFUSED, FAILED];

/// Registers them; every label value is there from the start, at zero.
///
/// # Errors
/// When they are registered there already.
pub fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    for outcome in OUTCOMES {
        DOCUMENTS.with_label_values(&[outcome]).inc_by(0);
    }
    registry.register(Box::new(DOCUMENTS.clone()))?;
    registry.register(Box::new(SECONDS.clone()))
}

/// A document is ready.
pub(super) fn taken(took: Duration) {
    DOCUMENTS.with_label_values(&[KEPT]).inc();
    SECONDS.observe(took.as_secs_f64());
}

/// A document was refused, when it was uploaded or when it was read, or something failed.
pub(super) fn not_taken(error: &IngestError) {
    let label = match error {
        IngestError::Unreadable(_) | IngestError::TooManyPieces => REFUSED,
        IngestError::Storage(error) if !error.is_failure() => REFUSED,
        _ => FAILED,
    };
    DOCUMENTS.with_label_values(&[label]).inc();
}
