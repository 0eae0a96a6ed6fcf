//! `tagpol review`

use std::io::BufRead as _;

use tagpol_app::evaluation::Which;
use tagpol_app::state::{Action, Change, StateError};

use super::clock;
use super::model::no_model;
use super::suggest::{Suggested, suggestions, told};
use super::tags::decider;
use crate::args::ReviewArgs;
use crate::context::context;
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::project;
use crate::suggesting::Ground;
use crate::suggesting::predict::refresh;

/// What a person answers.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Accept,
    Reject,
    Skip,
    Quit,
    /// Another value.
    Other(String),
    /// Nothing that is known: a slip must not become the value of a tag.
    Unknown,
}

impl Reply {
    fn parse(line: &str) -> Self {
        match line.trim() {
            "a" | "accept" | "y" | "yes" => Self::Accept,
            "r" | "reject" | "n" | "no" => Self::Reject,
            "" | "s" | "skip" => Self::Skip,
            "q" | "quit" => Self::Quit,
            other => match other.strip_prefix('=').map(str::trim) {
                Some(value) if !value.is_empty() => Self::Other(value.to_owned()),
                _ => Self::Unknown,
            },
        }
    }
}

pub(crate) fn run(args: &ReviewArgs, output: &mut Output) -> Result<Exit, Failure> {
    let project = project::open(args.ground.path.as_deref(), &context(args.ground.now))?;
    let who = decider::name(args.decider.by.as_deref(), project.root())?;
    let ground = Ground::open(project, &args.ground, output)?;
    let source = ground.source();
    let target = args.tag.as_deref().map(|tag| source.target(tag)).transpose()?;
    let asked = refresh(&source, output)?.ok_or_else(no_model)?;
    let suggested = suggestions(&source, target, Which::All, args.at_least)?;
    let mut decided = 0;
    let mut lines = std::io::stdin().lock().lines();
    for (at, one) in suggested.iter().enumerate() {
        let gap = if at > 0 { "\n" } else { "" };
        output.print(&format!("{gap}{}/{}  {}", at + 1, suggested.len(), told(&asked, one)))?;
        let reply = loop {
            output.print("accept (a), reject (r), skip (s), quit (q), or =VALUE: ")?;
            let Some(Ok(line)) = lines.next() else { break Reply::Quit };
            match Reply::parse(&line) {
                Reply::Unknown => {}
                Reply::Other(value) if !source.is_valid(one.target, &value) => {
                    output.print(&format!("`{}` is no value of `{}`\n", one_line(&value), one.said.tag))?;
                }
                reply => break reply,
            }
        };
        let Some(change) = change(one, &reply, args.decider.note.as_deref()) else {
            if reply == Reply::Quit {
                break;
            }
            continue;
        };
        // Each answer is kept at once, so that nothing is lost when the terminal is closed.
        let at = clock(args.ground.now);
        source.store.write::<_, StateError>(&source.store.database()?, |state| {
            state.decide(at, &who, std::slice::from_ref(&change))
        })?;
        decided += 1;
    }
    output.print(&format!(
        "\n{} of {}\n",
        counted(decided, "decision", "decisions"),
        counted(suggested.len(), "suggestion", "suggestions")
    ))?;
    Ok(Exit::Success)
}

fn change(one: &Suggested, reply: &Reply, note: Option<&str>) -> Option<Change> {
    let (action, value) = match reply {
        Reply::Accept => (Action::Confirm, one.said.value.clone()),
        Reply::Reject => (Action::Reject, one.said.value.clone()),
        Reply::Other(value) => (Action::Set, value.clone()),
        Reply::Skip | Reply::Quit | Reply::Unknown => return None,
    };
    Some(Change {
        action,
        resource: one.said.resource.clone(),
        tag: one.said.tag.clone(),
        value: Some(value),
        note: note.map(str::to_owned),
    })
}
