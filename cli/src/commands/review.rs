//! `tagpol review`

use std::io::BufRead as _;
use tagpol_app::models::{Suggested, refresh, suggestions};

use tagpol_app::evaluation::Which;
use tagpol_app::state::{Action, Change, StateError};

use super::clock;
use super::model::no_model;
use super::suggest::described;
use super::tags::decider;
use crate::args::ReviewArgs;
use crate::context::context;
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::inference;
use crate::output::{Output, counted};
use crate::project;

/// An answer to a suggestion.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Accept,
    Reject,
    Skip,
    Quit,
    /// Another value.
    Other(String),
    /// Anything else: a typo must not become the value of a tag.
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
    let run_context = context(args.input.now);
    let project = project::open(args.input.path.as_deref(), &run_context)?;
    let who = decider::name(args.decider.by.as_deref(), project.root())?;
    let context = inference::training(&project, &args.input, &run_context, output)?;
    let data = context.data();
    let target = args.tag.as_deref().map(|tag| data.target(tag)).transpose()?;
    let model = refresh(&data, &run_context)?.ok_or_else(no_model)?;
    let suggested = suggestions(&data, target, Which::All, args.at_least)?;
    let mut decided = 0;
    let mut lines = std::io::stdin().lock().lines();
    for (at, one) in suggested.iter().enumerate() {
        let gap = if at > 0 { "\n" } else { "" };
        output.print(&format!("{gap}{}/{}  {}", at + 1, suggested.len(), described(&model, one)))?;
        let reply = loop {
            output.print("accept (a), reject (r), skip (s), quit (q), or =VALUE: ")?;
            let Some(Ok(line)) = lines.next() else { break Reply::Quit };
            match Reply::parse(&line) {
                Reply::Unknown => {}
                Reply::Other(value) if !data.is_valid(one.target, &value) => {
                    output.print(&format!(
                        "`{}` is not a valid value of `{}`\n",
                        one_line(&value),
                        one.prediction.tag
                    ))?;
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
        // Each answer is written at once, so that none is lost if the terminal is closed.
        let at = clock(args.input.now);
        data.store.write::<_, StateError>(|state| state.decide(at, &who, std::slice::from_ref(&change)))?;
        decided += 1;
    }
    output.print(&format!(
        "\ndecided {decided} of {}\n",
        counted(suggested.len(), "suggestion", "suggestions")
    ))?;
    Ok(Exit::Success)
}

fn change(one: &Suggested, reply: &Reply, note: Option<&str>) -> Option<Change> {
    let (action, value) = match reply {
        Reply::Accept => (Action::Confirm, one.prediction.value.clone()),
        Reply::Reject => (Action::Reject, one.prediction.value.clone()),
        Reply::Other(value) => (Action::Set, value.clone()),
        Reply::Skip | Reply::Quit | Reply::Unknown => return None,
    };
    Some(Change {
        action,
        resource: one.prediction.resource.clone(),
        tag: one.prediction.tag.clone(),
        value: Some(value),
        note: note.map(str::to_owned),
    })
}
