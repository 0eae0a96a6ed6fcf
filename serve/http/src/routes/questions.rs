//! Questions about what is served, answered as a stream, and what is remembered of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Method, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tagpol_app::CancelToken;
use tagpol_app::advising::conversation::{Answer, Conversation, Event, Memory, Model, Text};
use tagpol_app::advising::format::{answer_value, event_value};
use tagpol_app::advising::prompt::Values;
use tagpol_app::conversing::frameworks;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::roles;
use tagpol_serve_db::{NewEntry, Repository};
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::events::event_stream;
use crate::app::App;
use crate::asking::{EvaluationFacts, ServedTools, Turn};
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::host::{ProjectHost, Serving};
use crate::identity::Identity;
use crate::permission::Ask;
use crate::problem::Failure;
use crate::timestamp::Timestamp;

/// The address of questions.
pub(crate) const QUESTIONS: &str = "/api/v1/conversation/questions";

/// Most characters of a question.
const LONGEST: usize = 2_000;

/// How often it is checked whether the client is still there.
const WATCH: Duration = Duration::from_millis(100);

/// After how many of these checks something is sent, so that proxies keep the connection.
const PING: u32 = 150;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/conversation",
            (
                "getConversation",
                "Returns what you asked about the project, and what the answers were",
                &[200],
            ),
            conversation,
        ),
        Route::write(
            Method::DELETE,
            "/api/v1/conversation",
            ("forgetConversation", "Forgets what you asked about the project", &[204]),
            About::Project,
            forget,
        ),
        Route::answer(
            QUESTIONS,
            ("ask", "Answers a question about what is served (server-sent events)", &[200]),
            ask,
        ),
    ]
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationView {
    /// The language model that words answers, such as `openai gpt-x`. Null: none is configured, and answers are facts.
    model: Option<String>,
    /// Whether the model may read values of tags, names and ids. If not, it reads aliases.
    shares_values: bool,
    /// The frameworks that the policies support.
    frameworks: Vec<String>,
    /// The framework that the last answer was about first. Null: all alike.
    framework: Option<String>,
    /// When the evaluation was made whose facts are in answers.
    evaluated_at: Timestamp,
    /// What is remembered, the oldest first: the last 20 questions.
    turns: Vec<TurnView>,
}

/// A question and its answer, as they are remembered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TurnView {
    /// What was asked.
    question: String,
    /// The statements of the answer.
    answer: Vec<String>,
    /// The policy that was proposed. Null: none was.
    proposal: Option<String>,
}

/// Returns what is remembered of a conversation.
pub(crate) fn turns(memory: &Memory) -> Vec<TurnView> {
    let text = |texts: &[Text]| -> String {
        let text = |text: &Text| match text {
            Text::Words(text) | Text::Value(text) => text.clone(),
        };
        texts.iter().map(text).collect()
    };
    let turn = |turn: &tagpol_app::advising::conversation::Turn| TurnView {
        question: text(&turn.question),
        answer: turn.answer.iter().map(|sentence| text(sentence)).collect(),
        proposal: turn.proposal.clone(),
    };
    memory.turns().map(turn).collect()
}

fn conversation(call: &Call<'_, Ask>, _: NoQuery) -> Result<Reply<ConversationView>, Failure> {
    let (project, user) = (call.project()?, &call.holder.user);
    let serving = project.serving()?;
    let stored = call.app.database.read::<_, StateError>(&project.scope(), |r| r.conversation(user))?;
    let memory = stored.and_then(|text| Memory::from_json(&text)).unwrap_or_default();
    let model = call.app.settings.configuration.model.as_ref();
    Ok(Reply::ok(ConversationView {
        model: model.map(|model| model.name()),
        shares_values: model.is_some_and(|model| model.values() == Values::Shared),
        frameworks: frameworks(&serving.program).into_iter().map(str::to_owned).collect(),
        framework: memory.framework.clone(),
        evaluated_at: Timestamp(serving.generation.contents().clock()),
        turns: turns(&memory),
    }))
}

fn forget(call: &Call<'_, Ask>, r: &mut Repository<'_>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    if r.forget_conversation(&call.holder.user)? {
        audit(call, r, "question.forget")?;
    }
    Ok(Reply::empty())
}

/// Adds an entry to the audit trail, which has nothing of what was asked.
fn audit(call: &Call<'_, Ask>, r: &mut Repository<'_>, action: &str) -> Result<(), Failure> {
    let (actor, object) = (&call.holder.actor, call.project()?.id());
    r.audit(&NewEntry { actor, action, object, details: json!({}) })?;
    Ok(())
}

/// A question.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewQuestion {
    /// The question, in words: 1 to 2,000 characters.
    question: String,
    /// The framework that the answer is about first, such as `soc2`. Null: all alike.
    #[serde(default)]
    framework: Option<String>,
}

impl NewQuestion {
    fn check(&self, serving: &Serving) -> Result<(), ApiError> {
        let count = self.question.trim().chars().count();
        if count == 0 || count > LONGEST {
            let detail = format!("a question has 1 to {LONGEST} characters");
            return Err(ApiError::new(Code::InvalidValue, detail).at("/question"));
        }
        if self.question.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            return Err(
                ApiError::new(Code::InvalidValue, "a question has no control characters").at("/question")
            );
        }
        let known = frameworks(&serving.program);
        let Some(framework) = self.framework.as_deref().filter(|name| !known.contains(name)) else {
            return Ok(());
        };
        let detail = format!("no policy supports a control of the framework `{framework}`");
        let error = ApiError::new(Code::InvalidValue, detail).at("/framework");
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        Err(if known.is_empty() { error } else { error.help(format!("the policies support {known}")) })
    }
}

/// A question that is being answered.
struct Answering {
    app: Arc<App>,
    project: Arc<ProjectHost>,
    serving: Arc<Serving>,
    identity: Identity,
    asked: NewQuestion,
    /// What is remembered of the conversation so far.
    before: Option<String>,
    cancel: CancelToken,
    /// Without a limit: an answer is bounded, and a model that writes one must not be blocked.
    sender: mpsc::UnboundedSender<String>,
}

fn ask(call: &Call<'_, Ask>, asked: NewQuestion, app: &Arc<App>) -> Result<Response<Body>, Failure> {
    let project = call.shared_project()?;
    let serving = project.serving()?;
    asked.check(&serving)?;
    if serving.facts.is_none() {
        let error =
            ApiError::new(Code::NotReady, "an earlier version of tagpol made the evaluation that is served");
        return Err(error.help("evaluate again with `POST compliance/recheck`").into());
    }
    let identity = call.holder.clone();
    let person = format!("{}/{}", identity.tenant, identity.user);
    let turn = app.asking.turn(&person, Instant::now())?;
    let before = app.database.write::<_, Failure>(&project.scope(), |r| {
        audit(call, r, "question.ask")?;
        Ok(r.conversation(&identity.user)?)
    })?;
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let cancel = CancelToken::new();
    let runtime = tokio::runtime::Handle::current();
    runtime.spawn(watch(Arc::clone(app), sender.downgrade(), cancel.clone()));
    let app = Arc::clone(app);
    let answering = Answering { app, project, serving, identity, asked, before, cancel, sender };
    runtime.spawn_blocking(move || answering.run(turn));
    Ok(event_stream(futures_util::stream::poll_fn(move |context| receiver.poll_recv(context))))
}

/// Ends an answer early if the client leaves or the server ends, and keeps the connection until then.
async fn watch(app: Arc<App>, sender: mpsc::WeakUnboundedSender<String>, cancel: CancelToken) {
    let mut checks: u32 = 0;
    // The sender is gone with the end of the answer.
    while let Some(sender) = sender.upgrade() {
        if sender.is_closed() || app.settings.stop.load(Ordering::Relaxed) {
            cancel.cancel();
            return;
        }
        checks = checks.wrapping_add(1);
        if checks.is_multiple_of(PING) {
            let _ = sender.send(": ping\n\n".to_owned());
        }
        drop(sender);
        tokio::time::sleep(WATCH).await;
    }
}

impl Answering {
    /// Answers, and remembers the answer. Blocks. The turn ends before the last event is sent: whoever has it may ask again.
    fn run(self, turn: Turn) {
        let Some(facts) = &self.serving.facts else { return };
        let memory = self.before.as_deref().and_then(Memory::from_json).unwrap_or_default();
        let model = self.app.settings.configuration.model.as_ref();
        let values = model.map_or(Values::Aliases, |model| model.values());
        let mut conversation = Conversation::new(&facts.input, memory, values);
        conversation.set_framework(self.asked.framework.clone());
        let answer = match model.map(|model| model.answering(&self.cancel)) {
            Some(Ok(mut model)) => self.answer(&mut conversation, facts, Some(&mut model)),
            Some(Err(error)) => {
                let answer = self.answer(&mut conversation, facts, None);
                Answer { without_model: Some(error.to_string()), ..answer }
            }
            None => self.answer(&mut conversation, facts, None),
        };
        if self.cancel.reason().is_some() {
            return;
        }
        let is_remembered = self.remember(conversation.memory());
        let contents = self.serving.generation.contents();
        drop(turn);
        self.send(
            "answer",
            &json!({
                "answer": answer_value(self.asked.question.trim(), &answer, conversation.facts()),
                "evaluated_at": Timestamp(contents.clock()),
                "has_newer_decisions": self.serving.decisions() > contents.decisions,
                "is_remembered": is_remembered,
            }),
        );
    }

    fn answer(
        &self,
        conversation: &mut Conversation,
        facts: &EvaluationFacts,
        model: Option<&mut dyn Model>,
    ) -> Answer {
        let mut tools = ServedTools {
            app: &self.app,
            project: &self.project,
            serving: &self.serving,
            facts,
            edits_policies: self.identity.role.may(roles::Permission::EditPolicies),
        };
        let mut listener = |event: Event<'_>| {
            let (name, data) = event_value(event);
            self.send(name, &data);
        };
        conversation.ask(self.asked.question.trim(), &mut tools, model, &mut listener)
    }

    /// Sends an event. Whoever has left gets none: the answer ends soon.
    fn send(&self, name: &str, data: &Value) {
        let _ = self.sender.send(format!("event: {name}\ndata: {data}\n\n"));
    }

    /// Remembers the conversation, unless it was forgotten or went on elsewhere since the question was asked.
    fn remember(&self, memory: &Memory) -> bool {
        let (user, before) = (&self.identity.user, self.before.as_deref());
        let stored = self.app.database.write::<_, StateError>(&self.project.scope(), |r| {
            r.set_conversation(user, before, &memory.to_json())
        });
        stored.unwrap_or_default()
    }
}
