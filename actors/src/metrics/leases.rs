//! What is counted of the leases of replies: who got them, and whether they were kept.

use std::sync::LazyLock;

use prometheus::{IntCounterVec, Opts, Registry};

/// Claims of replies by this node; `outcome` is one of [`Claim`].
static CLAIMS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "twin_reply_claims_total",
        "Claims of replies, by outcome: begun, taken_over, elsewhere or failed",
    )
});

/// Renewals of the leases of replies that this node writes; `outcome` is one of [`Renewal`].
static RENEWALS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters(
        "twin_reply_renewals_total",
        "Renewals of leases of replies, by outcome: renewed, lost or failed",
    )
});

/// What became of a claim.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Claim {
    /// Nobody had claimed the reply before.
    Begun,
    /// Somebody had, and has lost it or given it up: a node that died or was stopped, or whoever an owner took it from.
    TakenOver,
    /// Another node writes it, or it has ended.
    Elsewhere,
    /// Storage failed: whoever looks for replies without a lease finds it.
    Failed,
}

/// What became of a renewal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Renewal {
    /// The lease goes on.
    Renewed,
    /// Another has taken the reply over.
    Lost,
    /// Storage failed.
    Failed,
}

impl Claim {
    const ALL: [Self; 4] = [Self::Begun, Self::TakenOver, Self::Elsewhere, Self::Failed];

    /// Of a claim that succeeded, by the epoch that it got.
    pub(crate) const fn with_epoch(epoch: u64) -> Self {
        match epoch {
            0 | 1 => Self::Begun,
            _ => Self::TakenOver,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::TakenOver => "taken_over",
            Self::Elsewhere => "elsewhere",
            Self::Failed => "failed",
        }
    }
}

impl Renewal {
    const ALL: [Self; 3] = [Self::Renewed, Self::Lost, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::Lost => "lost",
            Self::Failed => "failed",
        }
    }
}

/// Counts a claim.
pub(crate) fn claimed(claim: Claim) {
    CLAIMS.with_label_values(&[claim.as_str()]).inc();
}

/// Counts a renewal.
pub(crate) fn renewed(renewal: Renewal) {
    RENEWALS.with_label_values(&[renewal.as_str()]).inc();
}

/// Registers these metrics; every label value is there from the start, at zero.
///
/// # Errors
/// When they are registered there already.
pub(super) fn register(registry: &Registry) -> prometheus::Result<()> {
    for claim in Claim::ALL {
        CLAIMS.with_label_values(&[claim.as_str()]).inc_by(0);
    }
    for renewal in Renewal::ALL {
        RENEWALS.with_label_values(&[renewal.as_str()]).inc_by(0);
    }
    registry.register(Box::new(CLAIMS.clone()))?;
    registry.register(Box::new(RENEWALS.clone()))
}

fn counters(name: &str, help: &str) -> IntCounterVec {
    IntCounterVec::new(Opts::new(name, help), &["outcome"])
        .expect("the name and the label are valid")
}
