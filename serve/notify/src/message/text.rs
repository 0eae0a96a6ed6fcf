//! Words. Names and tag values come from clouds, where anybody may have written them: they are texts everywhere.

use std::fmt::Write;

use tagpol_sink::terminal;

use super::{Kind, Line, Message};
use crate::alert::{Notice, NoticeLine, Recipient, Rule, Target};

/// Longest name or value in a line, in characters.
const LONGEST: usize = 120;

/// Returns a text on one line that displays as what it is, cut at `longest` characters with `…`.
pub fn inert(text: &str, longest: usize) -> String {
    if text.chars().nth(longest).is_none() {
        return terminal::line(text);
    }
    let shortened: String = text.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", terminal::line(&shortened))
}

/// The subject of a notice: what has changed, for whom.
pub(super) fn title(rule: &Rule, notice: &Notice, project: &str) -> String {
    let new = notice.lines.iter().filter(|line| matches!(line, NoticeLine::New(_))).count();
    let still = notice.lines.iter().filter(|line| matches!(line, NoticeLine::StillOpen(_))).count();
    let over = notice.lines.len() - new - still;
    let what = if notice.open == 0 {
        "everything resolved".to_owned()
    } else if notice.target == Target::Report {
        format!("{} open", notice.open)
    } else {
        let parts = [(new, "new"), (still, "still open"), (over, "closed")];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        parts.join(", ")
    };
    let whose = match &notice.recipient {
        Recipient::Owner(owner) => format!(" for {}", inert(owner, 80)),
        Recipient::Unowned => " without an owner".to_owned(),
        Recipient::Everyone => String::new(),
    };
    let escalated = match notice.target {
        Target::Routing => "",
        Target::Report => "report: ",
        Target::Escalation => "escalated: ",
    };
    format!("[{}] {escalated}{}: {what}{whose}", inert(project, 60), inert(&rule.name, 80))
}

/// Returns a line as one sentence.
pub(crate) fn sentence(line: &Line) -> String {
    let mut text = inert(line.resource_name.as_deref().unwrap_or(&line.resource), LONGEST);
    let _ = write!(text, ": policy {}", inert(&line.policy, LONGEST));
    if let Some(tag) = &line.tag {
        let _ = write!(text, ", tag {}", inert(tag, LONGEST));
    }
    if let Some(cost) = &line.monthly_cost {
        let _ = write!(text, ", {cost} a month");
    }
    if let Some(since) = line.since {
        let _ = write!(text, ", since {}", since.format("%Y-%m-%d"));
    }
    text
}

/// Returns the mark in front of a line: `new, critical`.
pub(crate) fn mark(line: &Line) -> String {
    match line.severity {
        Some(severity) => format!("{}, {}", line.change.words(), severity.name()),
        None => line.change.words().to_owned(),
    }
}

/// Returns the sentence that says how much there is. Empty for a test message.
pub(crate) fn summary(message: &Message) -> String {
    if message.kind == Kind::Test {
        return "This channel works. Nothing else is to be done.".to_owned();
    }
    match message.open {
        0 => "No finding is open any more.".to_owned(),
        1 => "1 finding is open.".to_owned(),
        open => format!("{open} findings are open."),
    }
}

/// Returns the sentence about changes that are not listed; None if all are.
pub(crate) fn left_out(message: &Message) -> Option<String> {
    match message.left_out {
        0 => None,
        1 => Some("1 more change is not listed here.".to_owned()),
        more => Some(format!("{more} more changes are not listed here.")),
    }
}

/// Returns the whole message as plain text.
pub fn plain_text(message: &Message) -> String {
    let mut text = summary(message);
    text.push_str("\n\n");
    for line in &message.lines {
        let _ = writeln!(text, "- {} ({})", sentence(line), mark(line));
    }
    if let Some(more) = left_out(message) {
        let _ = writeln!(text, "\n{more}");
    }
    if let Some(link) = &message.link {
        let _ = writeln!(text, "\nAll findings: {link}");
    }
    text
}
