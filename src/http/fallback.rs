//! What is said where no route answers: 405 with the methods that the path has, or 404.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::dev::ResourceDef;
use utoipa::openapi::{OpenApi, PathItem};

use super::problem::Problem;

/// Which methods each path has; read from the description of the API, so that the two cannot differ.
#[derive(Debug, Clone)]
pub struct Routes(BTreeMap<String, (ResourceDef, String)>);

impl Routes {
    /// The routes of this description, and these paths that answer GET and stand in no description.
    pub fn new(api: &OpenApi, undescribed: &[&str]) -> Self {
        let described = api
            .paths
            .paths
            .iter()
            .map(|(path, item)| (path.clone(), allowed(item)));
        let undescribed = undescribed
            .iter()
            .map(|path| ((*path).to_owned(), "GET, HEAD".to_owned()));
        let routes = described.chain(undescribed).map(|(path, allow)| {
            let pattern = ResourceDef::new(path.as_str());
            (path, (pattern, allow))
        });
        Self(routes.collect())
    }

    fn allow(&self, path: &str) -> Option<&str> {
        self.0
            .values()
            .find(|(pattern, _)| pattern.is_match(path))
            .map(|(_, allow)| allow.as_str())
    }
}

/// What is wrong with a request that no route answers.
pub(super) fn no_route(request: &HttpRequest, routes: &Routes) -> Problem {
    match routes.allow(request.path()) {
        Some(allow) => Problem::method_not_allowed(request.method().as_str(), allow.to_owned()),
        None => Problem::not_found("path"),
    }
}

fn allowed(item: &PathItem) -> String {
    let methods = [
        (item.get.is_some(), "GET, HEAD"),
        (item.post.is_some(), "POST"),
        (item.patch.is_some(), "PATCH"),
        (item.put.is_some(), "PUT"),
        (item.delete.is_some(), "DELETE"),
    ];
    let present: Vec<_> = methods
        .into_iter()
        .filter(|(is_present, _)| *is_present)
        .map(|(_, name)| name)
        .collect();
    present.join(", ")
}
