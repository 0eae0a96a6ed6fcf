//! `tagpol tags`

pub(super) mod decider;
mod import;
mod list;
mod request;
mod resource;

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;
use tagpol_app::state::{Action, CurrentDecision, Decision, StateStore};

use self::request::Request;
use super::clock;
use crate::args::{AnswerArgs, DeciderArgs, FeedbackArgs, FeedbackCommand, RowFormat, TagsArgs, TagsCommand};
use crate::context::context;
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::output::{Output, counted};
use crate::project;
use crate::targets::{Targets, format_of_extension};
use crate::{rows, state};

pub(crate) fn run(args: &TagsArgs, output: &mut Output) -> Result<Exit, Failure> {
    let store = || state::at(args.project.as_deref(), &args.wait, &context(None));
    match &args.command {
        TagsCommand::Set { resource, tags, decider } => {
            decide(args, &store()?, Action::Set, resource, tags, decider, output)
        }
        TagsCommand::Unset { resource, tags, decider } => {
            decide(args, &store()?, Action::Unset, resource, tags, decider, output)
        }
        TagsCommand::Confirm(AnswerArgs { resource, tags, decider }) => {
            decide(args, &store()?, Action::Confirm, resource, tags, decider, output)
        }
        TagsCommand::Reject(AnswerArgs { resource, tags, decider }) => {
            decide(args, &store()?, Action::Reject, resource, tags, decider, output)
        }
        TagsCommand::Import { file, format, decider } => {
            let requests = import::requests(file, *format, decider.note.as_deref())?;
            apply(args, &store()?, &requests, decider, output)
        }
        TagsCommand::Export { format, output: path } => export(&store()?, *format, path.as_deref(), output),
        TagsCommand::List { source, format, output: targets, now } => {
            list::run(args, source, &Targets::new(*format, targets)?, *now, output)
        }
        TagsCommand::History { resource, format } => history(args, resource.as_deref(), *format, output),
    }
}

/// `tagpol feedback`
pub(crate) fn feedback(args: &FeedbackArgs, output: &mut Output) -> Result<Exit, Failure> {
    let command = match &args.command {
        FeedbackCommand::Accept(answer) => TagsCommand::Confirm(answer.clone()),
        FeedbackCommand::Reject(answer) => TagsCommand::Reject(answer.clone()),
    };
    run(&TagsArgs { command, project: args.project.clone(), any_id: false, wait: args.wait.clone() }, output)
}

fn decide(
    args: &TagsArgs,
    store: &StateStore,
    action: Action,
    resource: &str,
    tags: &[String],
    decider: &DeciderArgs,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let requests: Result<Vec<Request>, Failure> =
        tags.iter().map(|tag| Request::parse(action, resource, tag, decider.note.as_deref())).collect();
    apply(args, store, &requests?, decider, output)
}

/// Checks what is to be decided against the tags of the project, and decides it.
fn apply(
    args: &TagsArgs,
    store: &StateStore,
    requests: &[Request],
    decider: &DeciderArgs,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let context = context(None);
    let project = project::open(args.project.as_deref(), &context)?;
    let program = project::program(&project, &context, output)?;
    requests.iter().try_for_each(|request| request.check(program))?;
    request::check_once(requests)?;
    let mut requests = requests.to_vec();
    resource::resolve(&project, &mut requests, args.any_id, &context, output)?;
    let who = decider::name(decider.by.as_deref(), project.root())?;
    let decided = store.write(|state| -> Result<Vec<Decision>, Failure> {
        let changes = request::changes(&requests, state)?;
        Ok(state.decide(clock(None), &who, &changes)?)
    })?;
    let same = requests.len() - decided.len();
    if requests.len() <= 20 {
        output.print(&decided.iter().map(line).collect::<String>())?;
    } else {
        output.print(&format!("{}\n", counted(decided.len(), "decision", "decisions")))?;
    }
    if same > 0 {
        let what = counted(same, "tag", "tags");
        output.note(&format!("{what} unchanged: already decided this way, or not decided at all\n"));
    }
    Ok(Exit::Success)
}

/// What a decision changed, for people.
fn line(decision: &Decision) -> String {
    let quoted = |value: &Option<String>| {
        value.as_ref().map_or("nothing".to_owned(), |value| format!("`{}`", one_line(value)))
    };
    let (old, new) = (quoted(&decision.old_value), quoted(&decision.new_value));
    let what = match decision.action {
        Action::Set | Action::Confirm if decision.old_value.is_none() => new,
        Action::Set | Action::Confirm => format!("{new}, was {old}"),
        Action::Unset => format!("no decision, was {old}"),
        Action::Reject => format!("not {old}"),
    };
    format!("{}: {} = {what}\n", one_line(&decision.resource), decision.tag)
}

const EXPORTED: [&str; 6] = ["resource", "tag", "value", "note", "who", "at"];

/// A current decision as a row, in the order of [`EXPORTED`].
#[derive(Serialize)]
struct ExportRow {
    resource: String,
    tag: String,
    value: String,
    note: Option<String>,
    who: String,
    at: String,
}

impl From<CurrentDecision> for ExportRow {
    fn from(decision: CurrentDecision) -> Self {
        let CurrentDecision { resource, tag, value, at, actor, note } = decision;
        Self { resource, tag, value, note, who: actor, at: rows::time(at) }
    }
}

fn export(
    store: &StateStore,
    format: Option<RowFormat>,
    path: Option<&Path>,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let known = [
        ("csv", RowFormat::Csv),
        ("json", RowFormat::Json),
        ("jsonl", RowFormat::Json),
        ("ndjson", RowFormat::Json),
    ];
    let format = match format {
        Some(format) => format,
        None => format_of_extension(path, &known, RowFormat::Csv)?,
    };
    let decisions = store.read(|state| state.all_decisions())?;
    let text = rows::text(format, &EXPORTED, decisions.unwrap_or_default().into_iter().map(ExportRow::from))?;
    match path {
        Some(path) => write_whole(path, &text)?,
        None => output.print_exactly(&text)?,
    }
    Ok(Exit::Success)
}

const TRAIL: [&str; 9] = ["seq", "at", "who", "action", "resource", "tag", "old_value", "new_value", "note"];

/// An entry of the trail as a row, in the order of [`TRAIL`].
#[derive(Serialize)]
struct HistoryRow<'a> {
    seq: i64,
    at: String,
    who: &'a str,
    action: &'static str,
    resource: &'a str,
    tag: &'a str,
    old_value: Option<&'a str>,
    new_value: Option<&'a str>,
    note: Option<&'a str>,
}

impl<'a> From<&'a Decision> for HistoryRow<'a> {
    fn from(decision: &'a Decision) -> Self {
        Self {
            seq: decision.seq,
            at: rows::time(decision.at),
            who: &decision.actor,
            action: decision.action.as_str(),
            resource: &decision.resource,
            tag: &decision.tag,
            old_value: decision.old_value.as_deref(),
            new_value: decision.new_value.as_deref(),
            note: decision.note.as_deref(),
        }
    }
}

fn history(
    args: &TagsArgs,
    resource: Option<&str>,
    format: Option<RowFormat>,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let context = context(None);
    let store = state::at(args.project.as_deref(), &args.wait, &context)?;
    let trail_of =
        |id: Option<&str>| store.read(|state| state.whole_trail(id)).map(Option::unwrap_or_default);
    let mut trail = trail_of(resource)?;
    let mut id = resource.map(str::to_owned);
    // The inventory is needed only for text that is not the id of a decision.
    if let Some(text) = resource.filter(|_| trail.is_empty()) {
        let project = project::open(args.project.as_deref(), &context)?;
        id = Some(resource::id_of(&project, text, &context)?);
        trail = trail_of(id.as_deref())?;
    }
    let resource = id.as_deref();
    if let Some(format) = format {
        output.print_exactly(&rows::text(format, &TRAIL, trail.iter().map(HistoryRow::from))?)?;
        return Ok(Exit::Success);
    }
    match resource {
        _ if !trail.is_empty() => {}
        Some(resource) => {
            output.note(&format!("there is no decision for `{}`\n", one_line(resource)));
        }
        None => {
            output.note("there are no decisions yet; make one with `tagpol tags set RESOURCE TAG=VALUE`\n")
        }
    }
    let mut text = String::new();
    for decision in &trail {
        let note = decision.note.as_ref().map(|note| format!(" ({})", one_line(note))).unwrap_or_default();
        let (at, who) = (rows::time(decision.at), one_line(&decision.actor));
        let action = decision.action.as_str();
        let _ = write!(text, "{:>5}  {at}  {who}  {action}  {}", decision.seq, line(decision).trim_end());
        let _ = writeln!(text, "{note}");
    }
    output.print(&text)?;
    Ok(Exit::Success)
}
