//! The first pages: sign in, the list of resources, one resource. Plain files without a framework.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

const PAGE: &str = include_str!("pages/index.html");
const SCRIPT: &str = include_str!("pages/app.js");
const STYLE: &str = include_str!("pages/app.css");

/// Returns the file of a path. None: it is not one of the pages.
pub(crate) fn page(path: &str) -> Option<Response> {
    let (media_type, text) = match path {
        "/" | "/sign-in" => ("text/html; charset=utf-8", PAGE),
        "/assets/app.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "/assets/app.css" => ("text/css; charset=utf-8", STYLE),
        _ if path.starts_with("/resources/") => ("text/html; charset=utf-8", PAGE),
        _ => return None,
    };
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    Some(response)
}
