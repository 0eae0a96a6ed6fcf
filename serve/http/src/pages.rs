//! The dashboard; and plain pages for programs that were built without it: sign in, the list of resources, one resource.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tagpol_serve_core::Source;
use tagpol_serve_core::errors::Code;
use tagpol_serve_core::secrets::hex;
use tagpol_serve_web as dashboard;

use crate::problem;

const PAGE: &str = include_str!("pages/index.html");
const SCRIPT: &str = include_str!("pages/app.js");
const STYLE: &str = include_str!("pages/app.css");

/// Prefixes of addresses for programs: an unknown address below them gets an error instead of the page.
const INTERFACE: &[&str] =
    &["/api/", "/assets/", "/graphql", "/lsp", "/metrics", "/healthz", "/readyz", "/.well-known/"];

/// Returns the file or the page of a path. None: there is none.
pub(crate) fn page(path: &str, headers: &HeaderMap, source: &dyn Source) -> Option<Response> {
    if path == "/errors" {
        return Some(html(errors()));
    }
    if !dashboard::is_included() {
        return plain(path);
    }
    if let Some(file) = dashboard::file(path).filter(|file| file.path != "/index.html") {
        return Some(asset(&file, headers));
    }
    if INTERFACE.iter().any(|start| path.starts_with(start)) {
        return None;
    }
    let mut bytes = [0; 16];
    source.fill(&mut bytes);
    let nonce = hex(&bytes);
    let mut response = html(dashboard::page(&nonce)?);
    let policy = HeaderValue::from_str(&dashboard::content_security_policy(&nonce)).ok()?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    // Every response has a nonce of its own.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(response)
}

/// Returns the page that the `type` of each problem refers to.
fn errors() -> String {
    let mut text = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Errors of tagpol</title>\
                    <link rel=\"icon\" href=\"data:,\"></head>\n<body>\n<h1>Errors of the interface</h1>\n<dl>\n"
        .to_owned();
    for code in Code::ALL {
        let (name, title, status) = (code.as_str(), code.title(), problem::status(code).as_u16());
        text.push_str(&format!(
            "<dt id=\"{name}\"><code>{name}</code></dt><dd>Status {status}. {title}.</dd>\n"
        ));
    }
    text.push_str("</dl>\n</body>\n</html>\n");
    text
}

fn asset(file: &dashboard::File, headers: &HeaderMap) -> Response {
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let gzip = file.gzip.filter(|_| accepted.split(',').any(|coding| coding.trim().starts_with("gzip")));
    let mut response = gzip.unwrap_or(file.bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type()));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if file.is_immutable() {
        headers
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    }
    response
}

fn plain(path: &str) -> Option<Response> {
    let (media_type, text) = match path {
        "/" | "/sign-in" | "/password" => return Some(html(PAGE)),
        "/assets/app.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "/assets/app.css" => ("text/css; charset=utf-8", STYLE),
        _ if path.starts_with("/resources/") => return Some(html(PAGE)),
        _ => return None,
    };
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    Some(response)
}

fn html(text: impl IntoResponse) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}
