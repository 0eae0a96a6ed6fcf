//! `tagpol review`

use std::collections::VecDeque;
use std::io::BufRead as _;

use tagpol_app::models::{ActiveModel, Suggested, SuggestionGroup, grouped, refresh, suggestions};

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

/// Resources of a group that are named in addition to the first.
const LISTED: usize = 5;

/// An answer to a group of suggestions.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Accept,
    Reject,
    Skip,
    Quit,
    /// Ask about each resource of the group.
    Each,
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
            "e" | "each" => Self::Each,
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
    let all = suggested.len();
    let mut groups: VecDeque<SuggestionGroup> = grouped(suggested).into();
    let (mut decided, mut seen) = (0, 0);
    let mut lines = std::io::stdin().lock().lines();
    while let Some(group) = groups.pop_front() {
        let Some(one) = group.suggestions.first() else { continue };
        let gap = if seen > 0 { "\n" } else { "" };
        output.print(&format!("{gap}{}/{all}  {}", seen + 1, shown(&model, &group)))?;
        let is_group = group.suggestions.len() > 1;
        let each = if is_group { "each (e), " } else { "" };
        let reply = loop {
            output.print(&format!("accept (a), reject (r), skip (s), {each}quit (q), or =VALUE: "))?;
            let Some(Ok(line)) = lines.next() else { break Reply::Quit };
            match Reply::parse(&line) {
                Reply::Unknown => {}
                Reply::Each if !is_group => {}
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
        if reply == Reply::Quit {
            break;
        }
        if reply == Reply::Each {
            for one in group.suggestions.into_iter().rev() {
                groups.push_front(SuggestionGroup { suggestions: vec![one] });
            }
            continue;
        }
        seen += group.suggestions.len();
        let note = args.decider.note.as_deref();
        let changes: Vec<Change> =
            group.suggestions.iter().filter_map(|one| change(one, &reply, note)).collect();
        if changes.is_empty() {
            continue;
        }
        // Each answer is written at once, so that none is lost if the terminal is closed.
        let at = clock(args.input.now);
        data.store.write::<_, StateError>(|state| state.decide(at, &who, &changes))?;
        decided += changes.len();
    }
    output.print(&format!("\ndecided {decided} of {}\n", counted(all, "suggestion", "suggestions")))?;
    Ok(Exit::Success)
}

/// Returns the first suggestion of a group with its reasons, and the other resources that the answer is for.
fn shown(model: &ActiveModel, group: &SuggestionGroup) -> String {
    let Some((first, others)) = group.suggestions.split_first() else { return String::new() };
    let mut text = described(model, first);
    if !others.is_empty() {
        let named: Vec<String> =
            others.iter().take(LISTED).map(|one| one_line(&one.prediction.resource)).collect();
        let more = if others.len() > LISTED { ", …" } else { "" };
        let count = counted(others.len(), "resource", "resources");
        text.push_str(&format!("  the same for {count} like it: {}{more}\n", named.join(", ")));
    }
    text
}

fn change(one: &Suggested, reply: &Reply, note: Option<&str>) -> Option<Change> {
    let (action, value) = match reply {
        Reply::Accept => (Action::Confirm, one.prediction.value.clone()),
        Reply::Reject => (Action::Reject, one.prediction.value.clone()),
        Reply::Other(value) => (Action::Set, value.clone()),
        Reply::Skip | Reply::Each | Reply::Quit | Reply::Unknown => return None,
    };
    Some(Change {
        action,
        resource: one.prediction.resource.clone(),
        tag: one.prediction.tag.clone(),
        value: Some(value),
        note: note.map(str::to_owned),
    })
}
