//! Users of the tenant, and tenants.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::new_id;
use tagpol_serve_core::roles::Role;
use tagpol_serve_db::{Member, NewEntry, Repository, Scope, User, UserStatus};
use utoipa::{IntoParams, ToSchema};

use super::audit::page_size;
use super::texts::check_name;
use crate::cursor;
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::permission::{ManageTenants, ManageUsers};
use crate::problem::Failure;
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/users",
            ("listUsers", "Returns a page of the users of the tenant", &[200]),
            list,
        ),
        Route::read("/api/v1/users/{id}", ("getUser", "Returns a user of the tenant", &[200]), get),
        Route::write(
            Method::POST,
            "/api/v1/users",
            ("addUser", "Adds a user, and returns a one-time link to sign in with", &[201]),
            About::Tenant,
            add,
        ),
        Route::write(
            Method::PUT,
            "/api/v1/users/{id}",
            ("setUser", "Changes the name, the role or the status of a user", &[200]),
            About::Tenant,
            set,
        ),
        Route::write(
            Method::POST,
            "/api/v1/users/{id}/link",
            ("linkUser", "Makes a one-time link to sign in with, in place of earlier ones", &[201]),
            About::Tenant,
            link,
        ),
        Route::write(
            Method::DELETE,
            "/api/v1/users/{id}",
            ("removeUser", "Takes a user out of the tenant", &[204]),
            About::Tenant,
            remove,
        ),
        Route::read(
            "/api/v1/tenants",
            ("listTenants", "Returns the tenants of this server", &[200]),
            list_tenants,
        ),
        Route::write(
            Method::POST,
            "/api/v1/tenants",
            ("addTenant", "Adds a tenant, whose first user is the one who makes the request", &[201]),
            About::Nobody,
            add_tenant,
        ),
    ]
}

/// A user of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// The id.
    id: String,
    /// The address to sign in with. Null: the person was erased, or an identity provider has verified none.
    email: Option<String>,
    /// The name.
    name: String,
    /// `viewer`, `editor`, `admin` or `super_admin`.
    role: &'static str,
    /// `active`, `disabled` or `erased`.
    status: &'static str,
    /// When the account was added.
    created_at: Timestamp,
}

fn shown(member: Member) -> UserView {
    user_view(member.user, member.role)
}

/// Returns a user as responses have it.
pub(super) fn user_view(user: User, role: Role) -> UserView {
    UserView {
        id: user.id,
        email: user.email,
        name: user.name,
        role: role.as_str(),
        status: user.status.as_str(),
        created_at: Timestamp(user.created_at),
    }
}

/// Which users.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserQuery {
    /// Where the page begins: `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// Most users of the page: 1 to 500.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserPage {
    /// The users.
    items: Vec<UserView>,
    /// The cursor of the next page. Null: this is the last one.
    next: Option<String>,
}

fn list(call: &Call<'_, ManageUsers>, query: UserQuery) -> Result<Reply<UserPage>, Failure> {
    let limit = page_size(query.limit)?;
    let (key, scope) = (&call.app.master_key, Scope::tenant(&call.holder.tenant));
    let list = format!("users {}", call.holder.tenant);
    let after: Option<String> = cursor::decode(key, &list, query.cursor.as_deref())?;
    let members =
        call.app.database.read::<_, StateError>(&scope, |r| r.members(after.as_deref(), limit + 1))?;
    let next = members.get(limit).and_then(|_| members.get(limit - 1));
    let next = next.map(|last| cursor::encode(key, &list, &last.user.id));
    Ok(Reply::ok(UserPage { items: members.into_iter().take(limit).map(shown).collect(), next }))
}

fn get(call: &Call<'_, ManageUsers>, _: NoQuery) -> Result<Reply<UserView>, Failure> {
    let id = call.path("id");
    let scope = Scope::tenant(&call.holder.tenant);
    let found = call.app.database.read::<_, StateError>(&scope, |r| r.member(id))?;
    Ok(Reply::ok(shown(found.ok_or_else(|| ApiError::not_found("user", id))?)))
}

/// A user to be added.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// The address to sign in with.
    email: String,
    /// The name.
    name: String,
    /// `viewer`, `editor`, `admin` or `super_admin`.
    role: String,
}

/// A user who was added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddedUser {
    /// The id.
    id: String,
    /// The address with which the user signs in once, within 24 hours. It is shown only now. Null: the user has an account
    /// already, in another tenant.
    link: Option<String>,
}

fn role(name: &str) -> Result<Role, ApiError> {
    Role::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        ApiError::new(Code::InvalidValue, format!("there is no role `{name}`"))
            .at("/role")
            .help(format!("write one of: {}", names.join(", ")))
    })
}

fn add(
    call: &Call<'_, ManageUsers>,
    r: &mut Repository<'_>,
    body: NewUser,
) -> Result<Reply<AddedUser>, Failure> {
    let email = body.email.trim().to_lowercase();
    let is_address = email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if !is_address || email.len() > 320 || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(ApiError::new(Code::InvalidValue, "this is not an email address").at("/email").into());
    }
    check_name(&body.name)?;
    let role = role(&body.role)?;
    let id = match r.user_by_email(&email)? {
        // A person of another tenant, who gets a role in this one.
        Some(user) if r.member(&user.id)?.is_none() => {
            r.set_role(&user.id, role)?;
            user.id
        }
        Some(_) => {
            return Err(ApiError::new(Code::Conflict, "there is a user with this address")
                .at("/email")
                .into());
        }
        None => {
            let added = r.add_user(&email, body.name.trim(), role)?;
            added.ok_or_else(|| {
                ApiError::new(Code::Conflict, "there is a user with this address").at("/email")
            })?
        }
    };
    let actor = &call.holder.actor;
    r.audit(&NewEntry { actor, action: "user.add", object: &id, details: json!({ "role": role.as_str() }) })?;
    let link = if is_of_this_tenant(r, &id)? { Some(sign_in_link(call, r, &id)?) } else { None };
    Ok(Reply::created(AddedUser { id, link }).secret())
}

/// Whether an account is in this tenant only. The account of a person in several tenants is not for one of them to take over
/// or to change.
fn is_of_this_tenant(r: &mut Repository<'_>, user: &str) -> Result<bool, StateError> {
    let tenants = r.tenants_of(user)?;
    Ok(tenants.iter().all(|(tenant, _)| tenant == r.tenant()))
}

/// Checks that an account is in this tenant only.
pub(super) fn check_own_account(r: &mut Repository<'_>, user: &str) -> Result<(), Failure> {
    if is_of_this_tenant(r, user)? {
        return Ok(());
    }
    Err(ApiError::new(Code::Conflict, "the account belongs to other tenants as well")
        .help("only its role in this tenant can be changed here")
        .into())
}

fn sign_in_link(call: &Call<'_, ManageUsers>, r: &mut Repository<'_>, user: &str) -> Result<String, Failure> {
    let secret = r.make_link(user)?;
    Ok(format!("{}/sign-in#{}", call.app.settings.url(), secret.reveal()))
}

fn link(
    call: &Call<'_, ManageUsers>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<AddedUser>, Failure> {
    let id = call.path("id");
    r.member(id)?.ok_or_else(|| ApiError::not_found("user", id))?;
    check_own_account(r, id)?;
    let actor = &call.holder.actor;
    r.audit(&NewEntry { actor, action: "auth.link", object: id, details: json!({}) })?;
    let link = Some(sign_in_link(call, r, id)?);
    Ok(Reply::created(AddedUser { id: id.to_owned(), link }).secret())
}

/// What changes of a user; what is omitted stays.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserUpdate {
    /// The name.
    #[serde(default)]
    name: Option<String>,
    /// `viewer`, `editor`, `admin` or `super_admin`.
    #[serde(default)]
    role: Option<String>,
    /// `active` or `disabled`.
    #[serde(default)]
    status: Option<String>,
}

fn set(
    call: &Call<'_, ManageUsers>,
    r: &mut Repository<'_>,
    body: UserUpdate,
) -> Result<Reply<UserView>, Failure> {
    let id = call.path("id");
    let member = r.member(id)?.ok_or_else(|| ApiError::not_found("user", id))?;
    let is_erased = member.user.status == UserStatus::Erased;
    if is_erased {
        return Err(ApiError::new(Code::Conflict, "the person was erased").into());
    }
    if body.name.is_some() || body.status.is_some() {
        check_own_account(r, id)?;
    }
    if let Some(name) = &body.name {
        check_name(name)?;
        r.rename_user(id, name.trim())?;
    }
    if let Some(name) = &body.role {
        r.set_role(id, role(name)?)?;
    }
    match body.status.as_deref() {
        None => {}
        Some("active") => r.set_status(id, UserStatus::Active)?,
        Some("disabled") => r.set_status(id, UserStatus::Disabled)?,
        Some(other) => {
            return Err(ApiError::new(Code::InvalidValue, format!("there is no status `{other}`"))
                .at("/status")
                .help("write `active` or `disabled`")
                .into());
        }
    }
    check_someone_is_left(r)?;
    // Names are in no entry, since entries cannot be erased.
    let details = json!({ "renamed": body.name.is_some(), "role": body.role, "status": body.status });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "user.set", object: id, details })?;
    let changed = r.member(id)?.ok_or_else(|| ApiError::not_found("user", id))?;
    Ok(Reply::ok(shown(changed)))
}

/// Somebody must be able to undo what was done. The transaction is given up otherwise.
pub(super) fn check_someone_is_left(r: &mut Repository<'_>) -> Result<(), Failure> {
    if r.count_members(Role::SuperAdmin)? > 0 {
        return Ok(());
    }
    Err(ApiError::new(Code::Conflict, "the tenant would have no active user with the role `super_admin`")
        .into())
}

fn remove(
    call: &Call<'_, ManageUsers>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let id = call.path("id");
    if !r.remove_member(id)? {
        return Err(ApiError::not_found("user", id).into());
    }
    check_someone_is_left(r)?;
    r.audit(&NewEntry { actor: &call.holder.actor, action: "user.remove", object: id, details: json!({}) })?;
    Ok(Reply::empty())
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantView {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// When it was added.
    created_at: Timestamp,
}

/// The tenants of this server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tenants {
    /// Those in which the one who asks manages tenants, by id.
    items: Vec<TenantView>,
}

fn list_tenants(call: &Call<'_, ManageTenants>, _: NoQuery) -> Result<Reply<Tenants>, Failure> {
    let user = &call.holder.user;
    let (all, own) = call
        .app
        .database
        .read::<_, StateError>(&Scope::tenant(""), |r| Ok((r.tenants()?, r.tenants_of(user)?)))?;
    let is_own = |id: &str| own.iter().any(|(tenant, role)| tenant == id && *role == Role::SuperAdmin);
    let items = all.into_iter().filter(|tenant| is_own(&tenant.id)).map(|tenant| TenantView {
        id: tenant.id,
        name: tenant.name,
        created_at: Timestamp(tenant.created_at),
    });
    Ok(Reply::ok(Tenants { items: items.collect() }))
}

/// A tenant to be added.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTenant {
    /// Its name.
    name: String,
}

fn add_tenant(
    call: &Call<'_, ManageTenants>,
    r: &mut Repository<'_>,
    body: NewTenant,
) -> Result<Reply<TenantView>, Failure> {
    check_name(&body.name)?;
    let id = new_id("ten", &**call.app.database.source());
    let (name, holder) = (body.name.trim(), &call.holder);
    r.in_tenant(&id, |r| {
        r.add_tenant(name)?;
        r.set_role(&holder.user, Role::SuperAdmin)?;
        r.audit(&NewEntry { actor: &holder.actor, action: "tenant.add", object: &id, details: json!({}) })
    })?;
    let created_at = Timestamp(call.app.database.source().now());
    Ok(Reply::created(TenantView { id, name: name.to_owned(), created_at }))
}
