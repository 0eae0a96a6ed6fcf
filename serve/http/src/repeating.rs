//! Requests that are repeated because their response was lost.

use axum::http::{Method, StatusCode, header};
use sha2::{Digest as _, Sha256};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::secrets::hex;
use tagpol_serve_db::{Answered, Lookup, Repository};

use crate::endpoint::{Incoming, NO_STORE, Parts};
use crate::problem::Failure;

/// Answers a request with an `Idempotency-Key` once: the same request gets the same response.
///
/// # Errors
/// [`Code::IdempotencyMismatch`], [`Code::Conflict`]; those of `answer`.
pub(crate) fn once(
    repository: &mut Repository<'_>,
    actor: &str,
    request: &Incoming,
    answer: impl FnOnce(&mut Repository<'_>) -> Result<Parts, Failure>,
) -> Result<Parts, Failure> {
    let mut keys =
        request.headers.get_all("idempotency-key").iter().filter(|_| request.method == Method::POST);
    let Some(key) = keys.next().filter(|_| !actor.is_empty()) else { return answer(repository) };
    let key = key.to_str().ok().filter(|key| (1..=200).contains(&key.len()) && keys.next().is_none());
    // Without it, a request that is repeated would be done twice.
    let key = key.ok_or_else(|| {
        ApiError::new(Code::InvalidRequest, "the `Idempotency-Key` must be one of 1 to 200 ASCII characters")
    })?;
    let mut hash = Sha256::new();
    let file = request.upload.as_ref().map_or("", |upload| &upload.hash);
    for part in [request.uri.to_string().as_bytes(), &request.body, file.as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let hash = hex(&hash.finalize());
    match repository.answered(actor, key, &hash)? {
        Lookup::Same(Answered { status, body }) if body.is_empty() && status != 204 => {
            let detail = "the request was answered, and its response had a secret that is shown once";
            Err(ApiError::new(Code::Conflict, detail).into())
        }
        Lookup::Same(Answered { status, body }) => Ok(Parts {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
            media_type: (!body.is_empty()).then_some("application/json"),
            body: body.into_bytes(),
            headers: vec![(header::HeaderName::from_static("idempotency-replayed"), "true".to_owned())],
            problem: None,
        }),
        Lookup::Other => Err(ApiError::new(
            Code::IdempotencyMismatch,
            "another request had the same `Idempotency-Key` within 24 hours",
        )
        .into()),
        Lookup::New => {
            let parts = answer(repository)?;
            if parts.problem.is_some() {
                return Ok(parts);
            }
            // Secrets are stored as hashes only.
            let has_secret = parts.headers.iter().any(|(_, value)| value == NO_STORE);
            let body = if has_secret { Vec::new() } else { parts.body.clone() };
            let body = String::from_utf8(body).unwrap_or_default();
            let answered = Answered { status: parts.status.as_u16(), body };
            repository.remember_answer(actor, key, &hash, &answered)?;
            Ok(parts)
        }
    }
}
