//! Saved views: filters with a name, of one's own or shared.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::roles;
use tagpol_serve_db::{NewEntry, NewView, Repository, View};
use utoipa::ToSchema;

use super::names::Names;
use super::texts::check_name;
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::permission::OwnViews;
use crate::problem::Failure;
use crate::timestamp::Timestamp;

/// Most views that a person saves in a project.
const MOST_OWN: i64 = 200;

/// Most views that are listed.
const MOST_LISTED: usize = 2_000;

/// Most characters of a query.
const LONGEST_QUERY: usize = 8_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/views",
            ("listViews", "Returns saved views: one's own, and those that are shared", &[200]),
            list,
        ),
        Route::write(Method::POST, "/api/v1/views", ("addView", "Saves a view", &[201]), About::Project, add),
        Route::write(
            Method::PUT,
            "/api/v1/views/{id}",
            ("setView", "Changes a view of one's own", &[200]),
            About::Project,
            set,
        ),
        Route::write(
            Method::DELETE,
            "/api/v1/views/{id}",
            ("removeView", "Removes a view: one's own, or as an administrator a shared one", &[204]),
            About::Project,
            remove,
        ),
    ]
}

/// A saved view.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedView {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// What it shows: the query of an address, such as `where=environment%20is%20missing&sort=cost`.
    query: String,
    /// Whether everybody who can read the project sees it.
    shared: bool,
    /// Whether it is one's own.
    is_own: bool,
    /// The name of the person who saved it.
    owner_name: String,
    /// When it was saved first.
    created_at: Timestamp,
}

/// The saved views.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedViews {
    /// All of them, by name.
    items: Vec<SavedView>,
}

/// A view to be saved.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewContents {
    /// Its name: 1 to 200 characters.
    name: String,
    /// What it shows: the query of an address, at most 8,000 characters.
    query: String,
    /// Whether everybody who can read the project sees it.
    #[serde(default)]
    shared: bool,
}

impl ViewContents {
    fn checked(&self) -> Result<NewView<'_>, ApiError> {
        let name = self.name.trim();
        let invalid = |detail: String, pointer| ApiError::new(Code::InvalidValue, detail).at(pointer);
        check_name(name)?;
        if self.query.chars().count() > LONGEST_QUERY || self.query.contains(char::is_control) {
            return Err(invalid(
                format!("a query has at most {LONGEST_QUERY} characters, in one line"),
                "/query",
            ));
        }
        Ok(NewView { name, query: &self.query, shared: self.shared })
    }
}

fn shown(view: View, user: &str, names: &Names) -> SavedView {
    SavedView {
        is_own: view.owner == user,
        owner_name: names.of(&format!("user:{}", view.owner)),
        id: view.id,
        name: view.name,
        query: view.query,
        shared: view.shared,
        created_at: Timestamp(view.created_at),
    }
}

fn names(r: &mut Repository<'_>, views: &[View]) -> Result<Names, StateError> {
    let owners: Vec<String> = views.iter().map(|view| format!("user:{}", view.owner)).collect();
    Names::read(r, owners.iter().map(String::as_str))
}

fn list(call: &Call<'_, OwnViews>, _: NoQuery) -> Result<Reply<SavedViews>, Failure> {
    let user = &call.holder.user;
    let (views, names) = call.app.database.read::<_, StateError>(&call.project()?.scope(), |r| {
        let views = r.views(user, MOST_LISTED)?;
        let names = names(r, &views)?;
        Ok((views, names))
    })?;
    Ok(Reply::ok(SavedViews { items: views.into_iter().map(|view| shown(view, user, &names)).collect() }))
}

fn read(r: &mut Repository<'_>, id: &str, user: &str) -> Result<SavedView, Failure> {
    let view = r.view(id)?.ok_or_else(|| ApiError::not_found("view", id))?;
    let names = names(r, std::slice::from_ref(&view))?;
    Ok(shown(view, user, &names))
}

fn add(
    call: &Call<'_, OwnViews>,
    r: &mut Repository<'_>,
    body: ViewContents,
) -> Result<Reply<SavedView>, Failure> {
    let new = body.checked()?;
    let user = &call.holder.user;
    if r.count_views(user)? >= MOST_OWN {
        let detail = format!("you have {MOST_OWN} views already");
        return Err(ApiError::new(Code::Conflict, detail).help("remove some").into());
    }
    let id = r.add_view(user, &new)?;
    audit(call, r, "view.add", &id, &new)?;
    Ok(Reply::created(read(r, &id, user)?))
}

fn audit(
    call: &Call<'_, OwnViews>,
    r: &mut Repository<'_>,
    action: &str,
    id: &str,
    new: &NewView<'_>,
) -> Result<(), StateError> {
    let details = json!({ "name": new.name, "shared": new.shared });
    r.audit(&NewEntry { actor: &call.holder.actor, action, object: id, details }).map(drop)
}

fn set(
    call: &Call<'_, OwnViews>,
    r: &mut Repository<'_>,
    body: ViewContents,
) -> Result<Reply<SavedView>, Failure> {
    let new = body.checked()?;
    let (id, user) = (call.path("id"), &call.holder.user);
    let view = visible(call, r)?;
    if view.owner != *user {
        return Err(ApiError::new(Code::Forbidden, "the view belongs to somebody else")
            .help("save it as a view of your own")
            .into());
    }
    r.set_view(id, &new)?;
    audit(call, r, "view.set", id, &new)?;
    Ok(Reply::ok(read(r, id, user)?))
}

fn remove(call: &Call<'_, OwnViews>, r: &mut Repository<'_>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let id = call.path("id");
    let view = visible(call, r)?;
    if view.owner != call.holder.user && !call.holder.role.may(roles::Permission::EditPolicies) {
        return Err(ApiError::new(Code::Forbidden, "the view belongs to somebody else").into());
    }
    r.remove_view(id)?;
    let details = json!({ "name": view.name });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "view.remove", object: id, details })?;
    Ok(Reply::empty())
}

/// Returns the view of the address. What is neither shared nor one's own does not exist.
fn visible(call: &Call<'_, OwnViews>, r: &mut Repository<'_>) -> Result<View, Failure> {
    let id = call.path("id");
    let view = r.view(id)?.filter(|view| view.shared || view.owner == call.holder.user);
    Ok(view.ok_or_else(|| ApiError::not_found("view", id))?)
}
