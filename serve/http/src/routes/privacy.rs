//! What is stored about a person, and erasing it.

use axum::http::Method;
use serde::Serialize;
use serde_json::json;
use tagpol_app::advising::conversation::Memory;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_db::{
    Access, AccessFilter, AuditFilter, NewEntry, Repository, Scope, StoredConversation, Subject,
    SubjectMessage, UserStatus,
};
use utoipa::ToSchema;

use super::access::{self, AccessEntry};
use super::audit::{self, AuditEntry};
use super::names::Names;
use super::questions::{TurnView, turns};
use super::tokens::{TokenView, token_view};
use super::users::{UserView, check_own_account, check_someone_is_left, user_view};
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::permission::ErasePeople;
use crate::problem::Failure;
use crate::timestamp::Timestamp;

/// Requests that are read at a time.
const PAGE: usize = 5_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/privacy/subjects/{id}",
            ("exportSubject", "Returns everything that is stored about a user", &[200]),
            export,
        ),
        Route::write_prepared(
            Method::DELETE,
            "/api/v1/privacy/subjects/{id}",
            ("eraseSubject", "Erases a user, and returns what was removed and what remains", &[200]),
            About::Tenant,
            take_back,
            erase,
        ),
    ]
}

/// Everything that is stored about a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubjectExport {
    /// The account.
    account: UserView,
    /// Accounts at identity providers.
    identities: Vec<IdentityView>,
    /// Sessions that have not ended.
    sessions: Vec<SessionView>,
    /// API tokens.
    tokens: Vec<TokenView>,
    /// Messages of alerts that were written to the person: the newest first.
    messages: Vec<MessageView>,
    /// Conversations about projects, as far as they are remembered.
    conversations: Vec<SubjectConversation>,
    /// Requests that the person made in the last 90 days, also with API tokens: the newest first.
    requests: Vec<AccessEntry>,
    /// What the person did, also with API tokens: the newest first.
    actions: Vec<AuditEntry>,
    /// What was done to the account.
    changes: Vec<AuditEntry>,
}

/// An account at an identity provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityView {
    /// The provider.
    issuer: String,
    /// The id of the person there.
    subject: String,
    /// When it was first used here.
    created_at: Timestamp,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// When it began.
    created_at: Timestamp,
    /// When it ends.
    expires_at: Timestamp,
}

/// A message of an alert.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    /// Its id.
    id: String,
    /// Its subject.
    title: String,
    /// When it was written.
    created_at: Timestamp,
    /// When it was delivered. Null: it was not.
    delivered_at: Option<Timestamp>,
}

/// A conversation about a project.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubjectConversation {
    /// The project.
    project: String,
    /// When the last question was asked.
    updated_at: Timestamp,
    /// The questions and answers, the oldest first.
    turns: Vec<TurnView>,
}

fn subject(r: &mut Repository<'_>, id: &str) -> Result<Subject, Failure> {
    Ok(r.subject(id)?.ok_or_else(|| ApiError::not_found("user", id))?)
}

fn export(call: &Call<'_, ErasePeople>, _: NoQuery) -> Result<Reply<SubjectExport>, Failure> {
    let (id, actor) = (call.path("id"), &call.holder.actor);
    call.app.database.write(&Scope::tenant(&call.holder.tenant), |r| {
        let subject = subject(r, id)?;
        let mut actions = Vec::new();
        let mut requests = Vec::new();
        for actor in subject.actors() {
            requests.extend(requests_of(r, &actor)?);
            actions.extend(entries(r, AuditFilter { actor: Some(actor), ..AuditFilter::default() })?);
        }
        let of_account = AuditFilter { object: Some(id.to_owned()), ..AuditFilter::default() };
        let changes = entries(r, of_account)?;
        let messages = match &subject.user.email {
            Some(email) => r.messages_about(email)?,
            None => Vec::new(),
        };
        let conversations = r.conversations_of(id)?.into_iter().map(conversation_view).collect();
        r.audit(&NewEntry { actor, action: "privacy.export", object: id, details: json!({}) })?;
        let identity = |(issuer, subject, at)| IdentityView { issuer, subject, created_at: Timestamp(at) };
        let session = |(from, to)| SessionView { created_at: Timestamp(from), expires_at: Timestamp(to) };
        let Subject { user, role, identities, sessions, tokens } = subject;
        Ok(Reply::ok(SubjectExport {
            account: user_view(user, role),
            identities: identities.into_iter().map(identity).collect(),
            sessions: sessions.into_iter().map(session).collect(),
            tokens: tokens.into_iter().map(token_view).collect(),
            messages: messages.into_iter().map(message_view).collect(),
            conversations,
            requests,
            actions,
            changes,
        }))
    })
}

/// Returns all requests of an actor in the access log.
fn requests_of(r: &mut Repository<'_>, actor: &str) -> Result<Vec<AccessEntry>, StateError> {
    let filter = AccessFilter { actor: Some(actor.to_owned()), ..AccessFilter::default() };
    let names = Names::read(r, [actor])?;
    let mut found: Vec<Access> = Vec::new();
    loop {
        let last = found.last().map(|last| (last.at, last.id.clone()));
        let page = r.access_log(&filter, last.as_ref().map(|(at, id)| (*at, id.as_str())), PAGE)?;
        let count = page.len();
        found.extend(page);
        if count < PAGE {
            return Ok(found.into_iter().map(|one| access::shown(one, &names)).collect());
        }
    }
}

fn conversation_view(stored: StoredConversation) -> SubjectConversation {
    let StoredConversation { project, memory, updated_at } = stored;
    let memory = Memory::from_json(&memory).unwrap_or_default();
    SubjectConversation { project, updated_at: Timestamp(updated_at), turns: turns(&memory) }
}

fn message_view(message: SubjectMessage) -> MessageView {
    let SubjectMessage { id, title, created_at, delivered_at } = message;
    MessageView { id, title, created_at: Timestamp(created_at), delivered_at: delivered_at.map(Timestamp) }
}

/// Returns all entries of the audit trail that a filter finds.
fn entries(r: &mut Repository<'_>, filter: AuditFilter) -> Result<Vec<AuditEntry>, StateError> {
    let mut found = Vec::new();
    r.each_entry(&filter, |entry| found.push(entry))?;
    let names = Names::read(r, found.iter().map(|entry| entry.actor.as_str()))?;
    Ok(found.into_iter().map(|entry| audit::shown(entry, &names)).collect())
}

/// What erasing a person removed, and what remains.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Erasure {
    /// What is shown from now on in place of the name.
    pseudonym: String,
    /// Accounts at identity providers that were removed.
    identities: u64,
    /// Sessions that were ended.
    sessions: u64,
    /// API tokens that were revoked.
    tokens: u64,
    /// Messages of alerts to the person that were removed, delivered or not.
    messages: u64,
    /// Conversations that were forgotten: those of the person, and those of others that name the address.
    conversations: u64,
    /// Values of tags that were the address of the person, and were taken back.
    values: usize,
    /// Entries of the audit trail whose values contain the address. They stay, since the trail could not be verified
    /// without them.
    audit_entries: i64,
    /// What this server cannot change.
    remains: [&'static str; 3],
}

/// What this server cannot change.
const REMAINS: [&str; 3] = [
    "tags in your clouds, and the inventories that were read from there: change them there, and fetch again",
    "backups that were made before: delete them",
    "archives of old records, with messages and network addresses: delete those that you do not have to keep",
];

/// Takes back what was decided with the address of the person as the value. It is a transaction for each project; whoever is
/// interrupted does it again.
fn take_back(call: &Call<'_, ErasePeople>, _: Nothing) -> Result<usize, Failure> {
    let (id, holder) = (call.path("id"), &call.holder);
    let found = call.app.database.read::<_, Failure>(&Scope::tenant(&holder.tenant), |r| {
        let found = subject(r, id)?;
        check_own_account(r, id)?;
        if found.user.status == UserStatus::Erased {
            return Err(ApiError::new(Code::Conflict, "the person was erased before").into());
        }
        if found.user.id == holder.user {
            let help = "another user with the role `super_admin` can do it";
            return Err(ApiError::new(Code::Conflict, "you cannot erase yourself").help(help).into());
        }
        Ok(found)
    })?;
    let Some(email) = found.user.email else { return Ok(0) };
    let mut values = 0;
    for project in call.app.projects.iter().filter(|project| project.tenant() == holder.tenant) {
        values += call.app.database.write::<_, StateError>(&project.scope(), |r| {
            let taken = r.take_back_values(&holder.actor, &email)?;
            let details = json!({ "values": taken });
            r.audit(&NewEntry { actor: &holder.actor, action: "privacy.values", object: id, details })?;
            Ok(taken)
        })?;
    }
    Ok(values)
}

fn erase(
    call: &Call<'_, ErasePeople>,
    r: &mut Repository<'_>,
    values: usize,
) -> Result<Reply<Erasure>, Failure> {
    let id = call.path("id");
    let found = subject(r, id)?;
    let audit_entries = match &found.user.email {
        Some(email) => r.audit_mentions(email)?,
        None => 0,
    };
    let erased = r.erase(&found)?;
    check_someone_is_left(r)?;
    let actor = &call.holder.actor;
    r.audit(&NewEntry { actor, action: "privacy.erase", object: id, details: json!({}) })?;
    Ok(Reply::ok(Erasure {
        pseudonym: erased.pseudonym,
        identities: erased.identities,
        sessions: erased.sessions,
        tokens: erased.tokens,
        messages: erased.messages,
        conversations: erased.conversations,
        values,
        audit_entries,
        remains: REMAINS,
    }))
}
