//! Signing in at an identity provider.

use axum::http::header;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::secrets::Secret;
use tagpol_serve_db::{NewEntry, Scope};
use tagpol_serve_identity::oidc::Callback;
use utoipa::{IntoParams, ToSchema};

use super::auth::set_cookie;
use crate::endpoint::{Call, NoQuery, Nothing, Reply, Route};
use crate::identity::cookie;
use crate::permission::Public;
use crate::problem::Failure;
use crate::sign_on::{Refusal, SignOn};
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/auth/oidc",
            ("listIdentityProviders", "Returns the identity providers for the sign-in page", &[200]),
            list,
        ),
        Route::read(
            "/api/v1/auth/oidc/{id}/start",
            ("startSignOn", "Sends the browser to an identity provider", &[302]),
            start,
        ),
        Route::read(
            "/api/v1/auth/oidc/{id}/callback",
            ("finishSignOn", "Signs in who comes back from an identity provider", &[302]),
            callback,
        ),
    ]
}

/// An identity provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderView {
    /// Its id.
    id: String,
    /// Its name for people.
    title: String,
    /// The path to which a browser goes to sign in there.
    start: String,
}

/// The identity providers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Providers {
    /// By id. Empty: people sign in with passwords only.
    items: Vec<ProviderView>,
}

fn list(call: &Call<'_, Public>, _: NoQuery) -> Result<Reply<Providers>, Failure> {
    let view = |provider: &SignOn| ProviderView {
        id: provider.id.clone(),
        title: provider.configuration.title.clone().unwrap_or_else(|| provider.id.clone()),
        start: format!("/api/v1/auth/oidc/{}/start", provider.id),
    };
    Ok(Reply::ok(Providers { items: call.app.sign_on.iter().map(view).collect() }))
}

fn provider<'a>(call: &Call<'a, Public>) -> Result<&'a SignOn, ApiError> {
    let id = call.path("id");
    let found = call.app.sign_on.iter().find(|provider| provider.id == id);
    found.ok_or_else(|| ApiError::not_found("identity provider", id))
}

/// Where a sign-in leads.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartQuery {
    /// The path that is shown after the sign-in. If omitted, the first page.
    #[serde(default)]
    next: Option<String>,
}

fn start(call: &Call<'_, Public>, query: StartQuery) -> Result<Reply<Nothing>, Failure> {
    let provider = provider(call)?;
    let next = query.next.unwrap_or_else(|| "/".to_owned());
    // Browsers take `//` and `/\` for the beginning of another host.
    let is_path = next.starts_with('/') && !next.starts_with("//") && next.len() <= 1000;
    if !is_path || next.contains('\\') || !next.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ApiError::new(Code::InvalidRequest, "`next` is not a path of this server")
            .in_parameter("next")
            .into());
    }
    match provider.begin(&next, &call.app.master_key, &**call.app.database.source()) {
        Ok((url, sealed)) => Ok(Reply::redirect(url.as_str())
            .secret()
            .header(header::SET_COOKIE, pending_cookie(call, Some(&sealed)))),
        Err(error) => Ok(refused(call, provider, &error.into())),
    }
}

/// What a provider adds to the address with which the browser comes back. It may add more.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct CallbackQuery {
    /// The state that the browser took along.
    #[serde(default)]
    state: String,
    /// The code.
    #[serde(default)]
    code: Option<String>,
    /// The issuer.
    #[serde(default)]
    iss: Option<String>,
    /// Why nobody signed in.
    #[serde(default)]
    error: Option<String>,
    /// The same for people.
    #[serde(default)]
    error_description: Option<String>,
}

fn callback(call: &Call<'_, Public>, query: CallbackQuery) -> Result<Reply<Nothing>, Failure> {
    let provider = provider(call)?;
    let CallbackQuery { state, code, iss, error, error_description } = query;
    let callback = Callback { state, code, iss, error, error_description };
    match signed_in(call, provider, callback)? {
        Ok((secret, next)) => Ok(Reply::redirect(&next)
            .secret()
            .header(header::SET_COOKIE, pending_cookie(call, None))
            .header(header::SET_COOKIE, set_cookie(call.app, Some(&secret)))),
        Err(refusal) => Ok(refused(call, provider, &refusal)),
    }
}

fn signed_in(
    call: &Call<'_, Public>,
    provider: &SignOn,
    callback: Callback,
) -> Result<Result<(Secret, String), Refusal>, Failure> {
    let app = call.app;
    let sealed = cookie(&call.request.headers, pending_cookie_name(call));
    let now = app.database.source().now();
    let (person, next) = match provider.finish(sealed.as_deref(), callback, &app.master_key, now) {
        Ok(finished) => finished,
        Err(refusal) => return Ok(Err(refusal)),
    };
    app.database.write(&Scope::tenant(&provider.configuration.tenant), |r| {
        let user = match provider.account(r, &person)? {
            Ok(user) => user,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let details = json!({ "method": "oidc", "provider": provider.id });
        let actor = format!("user:{user}");
        r.audit(&NewEntry { actor: &actor, action: "auth.sign_in", object: &user, details })?;
        Ok(Ok((r.start_session(&user)?, next)))
    })
}

/// Returns to the sign-in page, which shows the reason. The log has the whole of it.
fn refused(call: &Call<'_, Public>, provider: &SignOn, refusal: &Refusal) -> Reply<Nothing> {
    (call.app.settings.log)(&json!({
        "time": Timestamp(call.app.database.source().now()),
        "level": "warn",
        "message": "sign-in refused",
        "provider": provider.id,
        "error": refusal.to_string(),
    }));
    Reply::redirect(&format!("/sign-in?error={}", refusal.code()))
        .header(header::SET_COOKIE, pending_cookie(call, None))
}

fn pending_cookie_name(call: &Call<'_, Public>) -> &'static str {
    if call.app.settings.is_https() { "__Host-tagpol-oidc" } else { "tagpol-oidc" }
}

/// The cookie with a sign-in that has begun. None: it has ended.
fn pending_cookie(call: &Call<'_, Public>, sealed: Option<&str>) -> String {
    let name = pending_cookie_name(call);
    let secure = if call.app.settings.is_https() { "; Secure" } else { "" };
    let (value, seconds) = sealed.map_or(("", 0), |sealed| (sealed, 600));
    // The way back from the provider is a link of another site, which `Strict` would not send it along with.
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}
