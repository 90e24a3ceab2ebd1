//! `/api/v1/admin`: what administrators see and do. They see accounts and ids, and nothing that anybody says.
//!
//! **Invariant**: what an administrator changes is in the audit log before it is done.

pub(super) mod audit_log;
pub(super) mod health;
pub(super) mod users;

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use protocol::ErrorCode;

use super::Edge;
use super::audit::Origin;
use super::caller::Caller;
use super::problem::Problem;

/// An administrator who is logged in.
#[derive(Debug)]
pub(super) struct Admin {
    /// Who, and from where.
    pub origin: Origin,
}

/// An administrator who may change something now; taking one counts against the person's quota.
#[derive(Debug)]
pub(super) struct WritingAdmin {
    /// Who, and from where.
    pub origin: Origin,
}

impl FromRequest for Admin {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let edge = web::Data::<Edge>::clone(Edge::of(request));
        let caller = Caller::from_request(request, payload);
        Box::pin(async move { admin(&edge, &caller.await?).await })
    }
}

impl FromRequest for WritingAdmin {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let edge = web::Data::<Edge>::clone(Edge::of(request));
        let caller = Caller::from_request(request, payload);
        Box::pin(async move {
            let caller = caller.await?;
            let Admin { origin } = admin(&edge, &caller).await?;
            edge.rate_limits.check_write(caller.user_id)?;
            Ok(Self { origin })
        })
    }
}

/// The database is asked each time: who is no administrator any more is none at once.
async fn admin(edge: &Edge, caller: &Caller) -> Result<Admin, Problem> {
    let user = edge.storage.user(caller.user_id).await?;
    match user.is_some_and(|user| user.is_admin) {
        true => Ok(Admin {
            origin: caller.origin,
        }),
        false => {
            let detail = "this is for administrators of the server";
            Err(Problem::new(ErrorCode::Forbidden, detail))
        }
    }
}
