//! API tokens of one's own.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::roles::Role;
use tagpol_serve_db::{ApiToken, NewEntry, NewToken, Repository, Scope};
use utoipa::ToSchema;

use super::texts::check_name;
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::permission::OwnTokens;
use crate::problem::Failure;
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/tokens",
            ("listTokens", "Returns one's own API tokens, without their secrets", &[200]),
            list,
        ),
        Route::write(
            Method::POST,
            "/api/v1/tokens",
            ("addToken", "Makes an API token, whose secret is shown once", &[201]),
            About::Tenant,
            add,
        ),
        Route::write(
            Method::DELETE,
            "/api/v1/tokens/{id}",
            ("revokeToken", "Revokes an API token", &[204]),
            About::Tenant,
            revoke,
        ),
    ]
}

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// The role that it has at most.
    role: &'static str,
    /// When it was made.
    created_at: Timestamp,
    /// When it ends. Null: never.
    expires_at: Option<Timestamp>,
    /// When it was revoked. Null: it was not.
    revoked_at: Option<Timestamp>,
}

/// One's own API tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// The tokens, the newest first.
    items: Vec<TokenView>,
}

fn list(call: &Call<'_, OwnTokens>, _: NoQuery) -> Result<Reply<Tokens>, Failure> {
    let scope = Scope::tenant(&call.holder.tenant);
    let tokens = call.app.database.read::<_, StateError>(&scope, |r| r.tokens(&call.holder.user))?;
    Ok(Reply::ok(Tokens { items: tokens.into_iter().map(token_view).collect() }))
}

/// Returns an API token as responses have it.
pub(super) fn token_view(token: ApiToken) -> TokenView {
    TokenView {
        id: token.id,
        name: token.name,
        role: token.role.as_str(),
        created_at: Timestamp(token.created_at),
        expires_at: token.expires_at.map(Timestamp),
        revoked_at: token.revoked_at.map(Timestamp),
    }
}

/// An API token to be made.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenSpec {
    /// Its name.
    name: String,
    /// The role that it has at most. If omitted, that of the user.
    #[serde(default)]
    role: Option<String>,
    /// When it ends. If omitted, never.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// An API token that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddedToken {
    /// Its id.
    id: String,
    /// The secret, which is sent as `Authorization: Bearer …`. It is shown only now.
    secret: String,
}

fn add(
    call: &Call<'_, OwnTokens>,
    r: &mut Repository<'_>,
    body: TokenSpec,
) -> Result<Reply<AddedToken>, Failure> {
    check_name(&body.name)?;
    let holder = &call.holder;
    // It would outlive the one that made it.
    if holder.actor.starts_with("token:") {
        let detail = "an API token cannot make another one";
        return Err(ApiError::new(Code::Forbidden, detail).help("sign in as the user").into());
    }
    let role = match body.role.as_deref() {
        None => holder.role,
        Some(name) => Role::parse(name).filter(|role| *role <= holder.role).ok_or_else(|| {
            ApiError::new(
                Code::InvalidValue,
                format!("`{name}` is not a role up to `{}`", holder.role.as_str()),
            )
            .at("/role")
        })?,
    };
    if body.expires_at.is_some_and(|at| at.0 <= call.app.database.source().now()) {
        return Err(ApiError::new(Code::InvalidValue, "the time is over already").at("/expires_at").into());
    }
    let new = NewToken {
        user: &holder.user,
        name: body.name.trim(),
        role,
        expires_at: body.expires_at.map(|at| at.0),
    };
    let (id, secret) = r.add_token(&new)?;
    // Without the name, which can be that of a person.
    let details = json!({ "role": role.as_str() });
    r.audit(&NewEntry { actor: &holder.actor, action: "token.add", object: &id, details })?;
    Ok(Reply::created(AddedToken { id, secret: secret.reveal().to_owned() }).secret())
}

fn revoke(call: &Call<'_, OwnTokens>, r: &mut Repository<'_>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let (id, holder) = (call.path("id"), &call.holder);
    if !r.revoke_token(&holder.user, id)? {
        return Err(ApiError::not_found("token", id).into());
    }
    r.audit(&NewEntry { actor: &holder.actor, action: "token.revoke", object: id, details: json!({}) })?;
    Ok(Reply::empty())
}
