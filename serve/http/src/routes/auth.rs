//! Signing in and out, access tokens, one's own account.

use axum::http::{Method, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::roles::TABLE;
use tagpol_serve_core::secrets::{PASSWORD_LENGTH, Secret, hash_password, verify_password};
use tagpol_serve_db::{NewEntry, Refreshed, Repository, Scope, User, UserStatus};
use tagpol_serve_identity::token::LIFETIME;
use utoipa::ToSchema;

use crate::app::App;
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::identity::{Credential, TokenClaims, credential};
use crate::permission::{Public, SignedIn};
use crate::problem::Failure;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::write_prepared(
            Method::POST,
            "/api/v1/auth/login",
            ("login", "Starts a session, with a password or a one-time link", &[204]),
            About::Nobody,
            check_login,
            login,
        ),
        Route::write(
            Method::POST,
            "/api/v1/auth/logout",
            ("logout", "Ends the session", &[204]),
            About::Tenant,
            logout,
        ),
        Route::write_prepared(
            Method::POST,
            "/api/v1/auth/token",
            ("issueToken", "Issues an access token, for a password or a refresh token", &[200]),
            About::Nobody,
            check_grant,
            token,
        ),
        Route::write(
            Method::DELETE,
            "/api/v1/auth/token",
            (
                "endRefreshTokens",
                "Ends all refresh tokens of one's own account; access tokens end within 15 minutes",
                &[204],
            ),
            About::Tenant,
            end_refresh_tokens,
        ),
        Route::read(
            "/api/v1/auth/me",
            ("me", "Returns who makes the request, and what the role allows", &[200]),
            me,
        ),
        Route::write_prepared(
            Method::PUT,
            "/api/v1/auth/password",
            (
                "setPassword",
                "Changes one's own password, and ends all other sessions and refresh tokens",
                &[204],
            ),
            About::Tenant,
            check_new_password,
            set_password,
        ),
        Route::read("/.well-known/jwks.json", ("jwks", "Returns the keys of access tokens", &[200]), jwks),
    ]
}

/// What signs in: a password, or the secret of a one-time link.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// The address of the account.
    #[serde(default)]
    email: Option<String>,
    /// Its password.
    #[serde(default)]
    password: Option<String>,
    /// The secret of a one-time link.
    #[serde(default)]
    link: Option<String>,
    /// The tenant. If omitted, the first one of the account.
    #[serde(default)]
    tenant: Option<String>,
}

/// What a request to sign in was found to be, before the transaction: hashing takes long.
struct Checked<B> {
    body: B,
    /// The user of a right password. None: something else signs in.
    user: Option<Result<User, ApiError>>,
    /// What failed attempts are counted for: the account and the address.
    subjects: [String; 2],
}

fn check_login(call: &Call<'_, Public>, body: Login) -> Result<Checked<Login>, Failure> {
    if body.link.is_some() {
        return Ok(Checked { body, user: None, subjects: Default::default() });
    }
    let (user, subjects) = check_password(call, body.email.as_deref(), body.password.as_deref())?;
    Ok(Checked { body, user: Some(user), subjects })
}

fn login(
    call: &Call<'_, Public>,
    r: &mut Repository<'_>,
    checked: Checked<Login>,
) -> Result<Reply<Nothing>, Failure> {
    let Checked { body, user, subjects } = checked;
    let (user, tenant, method) = match user {
        None => {
            let used = r.use_link(body.link.as_deref().unwrap_or_default())?;
            let wrong = || {
                let detail = "the link was used, its time is over, or the account cannot be used";
                ApiError::new(Code::WrongCredentials, detail)
                    .help("sign in with a password, or let somebody who manages users make another link")
            };
            let (user, tenant) = used.ok_or_else(wrong)?;
            (user, tenant, "link")
        }
        Some(user) => match counted(r, user, &subjects)? {
            Ok(user) => {
                let tenant = tenant_of(r, &user, body.tenant.as_deref())?;
                (user.id, tenant, "password")
            }
            Err(error) => return Ok(Reply::failed(error)),
        },
    };
    let secret = r.in_tenant(&tenant, |r| {
        let actor = format!("user:{user}");
        let details = json!({ "method": method });
        r.audit(&NewEntry { actor: &actor, action: "auth.sign_in", object: &user, details })?;
        r.start_session(&user)
    })?;
    Ok(Reply::empty().header(header::SET_COOKIE, set_cookie(call.app, Some(&secret))))
}

/// Checks a password; returns the user, or why there is none, and what a failure is counted for.
fn check_password(
    call: &Call<'_, Public>,
    email: Option<&str>,
    password: Option<&str>,
) -> Result<(Result<User, ApiError>, [String; 2]), Failure> {
    let (Some(email), Some(password)) = (email, password) else {
        let detail = "`email` and `password`, or `link`, are missing";
        return Err(ApiError::new(Code::InvalidRequest, detail).into());
    };
    if password.len() > *PASSWORD_LENGTH.end() * 4 || email.len() > 320 {
        return Err(ApiError::new(Code::InvalidRequest, "the address or the password is too long").into());
    }
    let subjects = [format!("account:{}", email.to_lowercase()), format!("address:{}", call.request.address)];
    let now = call.app.database.source().now();
    let user = call.app.database.write::<_, Failure>(&Scope::tenant(""), |r| {
        for subject in &subjects {
            if let Some(until) = r.blocked_until(subject)? {
                let seconds = u32::try_from((until - now).num_seconds() + 1).unwrap_or(1);
                let detail = "there were too many failed attempts to sign in";
                return Err(ApiError::new(Code::TooManyRequests, detail).retry_after(seconds).into());
            }
        }
        // Counted as failures until the password has turned out to be right, since many may be tried at the same time.
        for subject in &subjects {
            r.count_failure(subject)?;
        }
        Ok(r.user_by_email(email)?.filter(|user| user.status == UserStatus::Active))
    })?;
    // As long for an account that does not exist as for one that does.
    let hash = user.as_ref().and_then(|user| user.password.clone());
    let is_right = verify_password(password, hash.as_deref());
    let wrong = || ApiError::new(Code::WrongCredentials, "the address or the password is wrong");
    Ok((user.filter(|_| is_right).ok_or_else(wrong), subjects))
}

/// Forgets failed attempts after one that succeeded.
fn counted(
    r: &mut Repository<'_>,
    user: Result<User, ApiError>,
    subjects: &[String],
) -> Result<Result<User, ApiError>, Failure> {
    if user.is_ok() {
        for subject in subjects {
            r.forget_failures(subject)?;
        }
    }
    Ok(user)
}

fn tenant_of(r: &mut Repository<'_>, user: &User, asked: Option<&str>) -> Result<String, Failure> {
    let tenants = r.tenants_of(&user.id)?;
    let mut found = tenants.into_iter().map(|(tenant, _)| tenant);
    let tenant = match asked {
        Some(asked) => found.find(|tenant| tenant == asked),
        None => found.next(),
    };
    tenant.ok_or_else(|| ApiError::new(Code::WrongCredentials, "the account is not in this tenant").into())
}

/// The cookie of a session. None: it has ended.
pub(super) fn set_cookie(app: &App, secret: Option<&Secret>) -> String {
    let name = app.settings.cookie_name();
    let secure = if app.settings.is_https() { "; Secure" } else { "" };
    match secret {
        Some(secret) => {
            let secret = secret.reveal();
            format!("{name}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200{secure}")
        }
        None => format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}"),
    }
}

fn logout(call: &Call<'_, SignedIn>, r: &mut Repository<'_>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    if let Some(Credential::Cookie(secret)) =
        credential(&call.request.headers, call.app.settings.cookie_name())
    {
        r.end_session(&secret)?;
        let holder = &call.holder;
        let details = json!({});
        r.audit(&NewEntry { actor: &holder.actor, action: "auth.sign_out", object: &holder.user, details })?;
    }
    Ok(Reply::empty().header(header::SET_COOKIE, set_cookie(call.app, None)))
}

/// What an access token is issued for.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    /// `password` or `refresh_token`.
    grant_type: String,
    /// The address of the account, with a password.
    #[serde(default)]
    email: Option<String>,
    /// The password.
    #[serde(default)]
    password: Option<String>,
    /// The refresh token.
    #[serde(default)]
    refresh_token: Option<String>,
    /// The tenant. If omitted, the first one of the account.
    #[serde(default)]
    tenant: Option<String>,
}

/// An access token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedToken {
    /// The access token: a JSON Web Token, signed with EdDSA.
    access_token: String,
    /// How it is sent: `Bearer`.
    token_type: &'static str,
    /// Seconds until it ends.
    expires_in: i64,
    /// What gets the next one. It counts once.
    refresh_token: String,
}

fn check_grant(call: &Call<'_, Public>, body: TokenRequest) -> Result<Checked<TokenRequest>, Failure> {
    match body.grant_type.as_str() {
        "password" => {
            let (user, subjects) = check_password(call, body.email.as_deref(), body.password.as_deref())?;
            Ok(Checked { body, user: Some(user), subjects })
        }
        "refresh_token" => Ok(Checked { body, user: None, subjects: Default::default() }),
        other => Err(ApiError::new(Code::InvalidRequest, format!("`{other}` is not a supported grant type"))
            .at("/grant_type")
            .help("write `password` or `refresh_token`")
            .into()),
    }
}

fn token(
    call: &Call<'_, Public>,
    r: &mut Repository<'_>,
    checked: Checked<TokenRequest>,
) -> Result<Reply<IssuedToken>, Failure> {
    let Checked { body, user, subjects } = checked;
    let (user, tenant, refresh) = match user {
        None => match refreshed(r, body.refresh_token.as_deref().unwrap_or_default())? {
            Ok(refreshed) => refreshed,
            Err(error) => return Ok(Reply::failed(error)),
        },
        Some(user) => {
            let user = match counted(r, user, &subjects)? {
                Ok(user) => user,
                Err(error) => return Ok(Reply::failed(error)),
            };
            let tenant = tenant_of(r, &user, body.tenant.as_deref())?;
            let refresh = r.in_tenant(&tenant, |r| {
                let actor = format!("user:{}", user.id);
                let details = json!({ "method": "password" });
                r.audit(&NewEntry { actor: &actor, action: "auth.token", object: &user.id, details })?;
                r.add_refresh_token(&user.id)
            })?;
            (user.id, tenant, refresh)
        }
    };
    let now = call.app.database.source().now();
    let session = r.in_tenant(&tenant, |r| r.session_of_user(&user))?;
    let session =
        session.ok_or_else(|| ApiError::new(Code::WrongCredentials, "the account cannot be used"))?;
    let claims = TokenClaims { tenant, name: session.name, role: session.role };
    let issued = call.app.issuer.issue(&user, claims, now);
    Ok(Reply::ok(IssuedToken {
        access_token: issued.map_err(|error| Failure::Internal(error.to_string()))?,
        token_type: "Bearer",
        expires_in: LIFETIME.num_seconds(),
        refresh_token: refresh.reveal().to_owned(),
    })
    .secret())
}

/// Replaces a refresh token; returns the user, the tenant and the next token.
fn refreshed(
    r: &mut Repository<'_>,
    presented: &str,
) -> Result<Result<(String, String, Secret), ApiError>, Failure> {
    let wrong = || ApiError::new(Code::WrongCredentials, "the refresh token is not valid");
    let Some(tenant) = r.tenant_of_refresh_token(presented)? else { return Ok(Err(wrong())) };
    Ok(match r.in_tenant(&tenant, |r| r.refresh(presented))? {
        Refreshed::Replaced { session, next } => Ok((session.user, tenant, next)),
        Refreshed::Unknown => Err(wrong()),
        Refreshed::Reused => {
            Err(wrong().help("it was used before, so that all tokens that follow from it were revoked"))
        }
    })
}

fn end_refresh_tokens(
    call: &Call<'_, SignedIn>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let holder = &call.holder;
    r.end_refresh_tokens(&holder.user)?;
    let details = json!({});
    r.audit(&NewEntry { actor: &holder.actor, action: "auth.tokens_end", object: &holder.user, details })?;
    Ok(Reply::empty())
}

/// Who makes a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The id of the user.
    id: String,
    /// The name of the user.
    name: String,
    /// The tenant.
    tenant: String,
    /// The role.
    role: &'static str,
    /// The permissions of the role.
    permissions: Vec<&'static str>,
    /// The projects of the tenant.
    projects: Vec<String>,
}

fn me(call: &Call<'_, SignedIn>, _: NoQuery) -> Result<Reply<Me>, Failure> {
    let holder = &call.holder;
    let allowed = TABLE.iter().filter(|row| row.least.is_some() && holder.role.may(row.permission));
    let of_tenant = call.app.projects.iter().filter(|project| project.tenant() == holder.tenant);
    Ok(Reply::ok(Me {
        id: holder.user.clone(),
        name: holder.name.clone(),
        tenant: holder.tenant.clone(),
        role: holder.role.as_str(),
        permissions: allowed.map(|row| row.name).collect(),
        projects: of_tenant.map(|project| project.id().to_owned()).collect(),
    }))
}

/// A new password.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The password so far. An account without one has none.
    #[serde(default)]
    current: Option<String>,
    /// The new one: 12 to 256 characters.
    new: String,
}

/// Checks the password so far, and hashes the new one.
fn check_new_password(call: &Call<'_, SignedIn>, body: NewPassword) -> Result<String, Failure> {
    let holder = &call.holder;
    if !holder.actor.starts_with("user:") {
        return Err(ApiError::new(Code::Forbidden, "an API token cannot change the password").into());
    }
    let scope = Scope::tenant(&holder.tenant);
    let member = call.app.database.read::<_, StateError>(&scope, |r| r.member(&holder.user))?;
    let member = member.ok_or_else(|| ApiError::not_found("user", &holder.user))?;
    if let Some(hash) = member.user.password.as_deref()
        && !verify_password(body.current.as_deref().unwrap_or_default(), Some(hash))
    {
        return Err(ApiError::new(Code::InvalidValue, "the current password is wrong").at("/current").into());
    }
    if !PASSWORD_LENGTH.contains(&body.new.chars().count()) {
        let (least, most) = (PASSWORD_LENGTH.start(), PASSWORD_LENGTH.end());
        let detail = format!("a password has {least} to {most} characters");
        return Err(ApiError::new(Code::InvalidValue, detail).at("/new").into());
    }
    let hash = hash_password(&body.new, &**call.app.database.source());
    hash.ok_or_else(|| Failure::Internal("a password cannot be hashed".to_owned()))
}

fn set_password(
    call: &Call<'_, SignedIn>,
    r: &mut Repository<'_>,
    hash: String,
) -> Result<Reply<Nothing>, Failure> {
    let holder = &call.holder;
    r.set_password(&holder.user, &hash)?;
    let details = json!({});
    r.audit(&NewEntry { actor: &holder.actor, action: "auth.password", object: &holder.user, details })?;
    let secret = r.start_session(&holder.user)?;
    Ok(Reply::empty().header(header::SET_COOKIE, set_cookie(call.app, Some(&secret))))
}

/// The keys of access tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Jwks {
    /// Public keys, as RFC 7517 has them.
    keys: Vec<serde_json::Value>,
}

fn jwks(call: &Call<'_, Public>, _: NoQuery) -> Result<Reply<Jwks>, Failure> {
    let keys = call.app.issuer.keys.jwks();
    let keys = keys.get("keys").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    Ok(Reply::ok(Jwks { keys }).header(header::CACHE_CONTROL, "public, max-age=300"))
}
