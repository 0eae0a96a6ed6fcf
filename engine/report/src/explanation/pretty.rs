//! An explanation for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects, Style};
use tagpol_interp::Row;
use tagpol_sema::program::{ActionKind, Loc, Severity};
use tagpol_sema::words::duration;

use super::{checks, tags};
use crate::text::{clean, decimal, money};
use tagpol_eval::message::shown;
use tagpol_explain::change::{Advice, Change};
use tagpol_explain::check::CheckReason;
use tagpol_explain::contenders::{Contender, Fate, Giver};
use tagpol_explain::narrate;
use tagpol_explain::resource::{About, CheckStory, Explanation, TagStory};

const BOLD: Style = Style::new().effects(Effects::BOLD);
const DIM: Style = Style::new().effects(Effects::DIMMED);
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Returns the explanation: all tags, findings and the smallest change, or only what is asked about,
/// and then with each rule that did not fire and each check that holds. In colours, which the writer may
/// strip.
pub fn pretty(explanation: &Explanation, about: Option<About>) -> String {
    let mut out = String::new();
    heading(&mut out, &explanation.resource, explanation.snapshot.currency.as_deref());
    let told = tags(explanation, about);
    if !told.is_empty() {
        let _ = writeln!(out, "\n{BOLD}Tags{BOLD:#}");
    }
    // What nothing speaks of needs no line of its own.
    let (silent, told): (Vec<&TagStory>, Vec<&TagStory>) =
        told.into_iter().partition(|story| story.contenders.is_empty() && story.value.is_none());
    for story in told {
        tag(&mut out, story, about.is_some());
    }
    if !silent.is_empty() {
        let names: Vec<&str> = silent.iter().map(|story| story.name.as_str()).collect();
        let _ = writeln!(
            out,
            "  {YELLOW}missing{YELLOW:#}, with no native key, rule or default: {}",
            names.join(", ")
        );
    }
    if !matches!(about, Some(About::Tag(_))) {
        findings(&mut out, &checks(explanation, about), about.is_some());
    }
    if about.is_none() {
        advice(&mut out, explanation);
    }
    out
}

fn heading(out: &mut String, row: &Row, currency: Option<&str>) {
    let name = row.name.as_deref().unwrap_or(&row.id);
    let _ = writeln!(out, "{BOLD}{}{BOLD:#}", clean(name));
    if name != row.id {
        let _ = writeln!(out, "  {}", clean(&row.id));
    }
    let cost = row.monthly_cost.map(|cost| {
        let currency = currency.map(|currency| format!(" {currency}")).unwrap_or_default();
        format!("{}{currency} a month", money(decimal(cost)))
    });
    let created = row.created.map(|created| format!("created {}", created.format("%Y-%m-%d %H:%M UTC")));
    let attrs =
        [row.type_.clone(), row.provider.clone(), row.account.clone(), row.region.clone(), created, cost];
    let attrs: Vec<String> = attrs.into_iter().flatten().map(|text| clean(&text)).collect();
    if !attrs.is_empty() {
        let _ = writeln!(out, "  {}", attrs.join(" · "));
    }
}

fn tag(out: &mut String, story: &TagStory, all: bool) {
    let value = match &story.value {
        None => format!("{} is {YELLOW}missing{YELLOW:#}", story.name),
        Some(value) => format!("{} = {GREEN}{}{GREEN:#}", story.name, clean(&shown(value))),
    };
    let note = match (&story.value, story.valid) {
        (Some(_), false) => format!("  {RED}not valid{RED:#}, want {}", clean(&story.ty)),
        _ => String::new(),
    };
    let source = story.source.map(|source| format!("  {DIM}{}{DIM:#}", source.as_str())).unwrap_or_default();
    let _ = writeln!(out, "  {value}{source}{note}");
    for contender in &story.contenders {
        // Without a value each rule that could have given one is of interest.
        let quiet = matches!(contender.fate, Fate::DidNotFire(_)) && story.value.is_some();
        if all || !quiet {
            let sign = if contender.fate == Fate::Won { "+" } else { "-" };
            let _ = writeln!(out, "    {DIM}{sign}{DIM:#} {}", clean(&sentence(story, contender)));
        }
    }
}

/// What a contender is, what it says, and what became of it.
fn sentence(story: &TagStory, contender: &Contender) -> String {
    let who = giver(contender);
    match &contender.fate {
        Fate::Won => who,
        Fate::Beaten { conflict } => {
            let winner = story.contenders.iter().find(|other| other.fate == Fate::Won);
            let winner = winner.map_or_else(|| "something stronger".to_owned(), |winner| name(&winner.giver));
            let conflict = if *conflict { "; the two contradict each other" } else { "" };
            format!("{who}, beaten by {winner}{conflict}")
        }
        Fate::DidNotFire(part) => {
            format!("{} does not fire: {}", name(&contender.giver), narrate::decisive(part))
        }
        Fate::NoValue(value) => {
            let place = contender.loc.as_ref().map(place).unwrap_or_default();
            format!("{} fires, but `{}` is missing{place}", name(&contender.giver), shown(value))
        }
        Fate::Discarded => who,
    }
}

fn name(giver: &Giver) -> String {
    match giver {
        Giver::Rule { name, .. } => format!("rule {name}"),
        Giver::Native { key, .. } => format!("native key `{}`", shown(key)),
        Giver::Decision => "a person".to_owned(),
        Giver::Model { .. } => "the model".to_owned(),
        Giver::Default => "its default".to_owned(),
    }
}

fn giver(contender: &Contender) -> String {
    let at = contender.loc.as_ref().map(place).unwrap_or_default();
    let value = shown(contender.value.as_deref().unwrap_or_default());
    match &contender.giver {
        Giver::Rule { name, kind, priority } => {
            let verb = if *kind == ActionKind::Set { "sets" } else { "fills" };
            format!("rule {name} {verb} `{value}` at priority {priority}{at}")
        }
        Giver::Native { key, raw } => {
            let says = format!("native key `{}` says `{}`", shown(key), shown(raw));
            match (&contender.value, &contender.loc) {
                (None, _) => format!("{says}, which counts as missing{at}"),
                (Some(value), Some(_)) if value != raw => {
                    format!("{says}, which becomes `{}`{at}", shown(value))
                }
                (Some(value), None) if value != raw => format!("{says}, which becomes `{}`", shown(value)),
                _ => says,
            }
        }
        Giver::Decision => format!("a person decided `{value}`"),
        Giver::Model { confidence } => {
            format!("the model says `{value}` with confidence {}", confidence.normalize())
        }
        Giver::Default => format!("its default `{value}`{at}"),
    }
}

fn place(loc: &Loc) -> String {
    format!(" ({})", narrate::at(loc))
}

fn findings(out: &mut String, told: &[&CheckStory], all: bool) {
    let (found, others): (Vec<&&CheckStory>, Vec<&&CheckStory>) =
        told.iter().partition(|story| story.is_finding());
    if !told.is_empty() {
        let _ = writeln!(out, "\n{BOLD}{}{BOLD:#}", if all { "Checks" } else { "Findings" });
    }
    let severity = |story: &&&CheckStory| std::cmp::Reverse(story.severity);
    let mut sorted = found.clone();
    sorted.sort_by_key(severity);
    for story in &sorted {
        finding(out, story);
    }
    if all {
        for story in others {
            let _ = writeln!(out, "  {GREEN}ok{GREEN:#}  {}", clean(&no_finding(story)));
        }
        return;
    }
    let holds = others.iter().filter(|story| matches!(story.reason, CheckReason::Holds(_))).count();
    let out_of_scope = others.len() - holds;
    let _ = writeln!(
        out,
        "  {DIM}{holds} of {} checks hold, {out_of_scope} are of policies that do not speak of it{DIM:#}",
        told.len()
    );
}

fn no_finding(story: &CheckStory) -> String {
    match &story.reason {
        CheckReason::OutOfScope(part) => {
            format!("{}/{} does not speak of it: {}", story.policy, story.check, narrate::decisive(part))
        }
        CheckReason::Holds(part) => {
            format!("{}/{} holds: {}", story.policy, story.check, narrate::decisive(part))
        }
        CheckReason::Exempt(_) | CheckReason::Pending { .. } | CheckReason::Open(_) => String::new(),
    }
}

fn finding(out: &mut String, story: &CheckStory) {
    let state = match story.reason {
        CheckReason::Exempt(_) => "exempt",
        CheckReason::Pending { .. } => "pending",
        _ => "open",
    };
    let color = color_of(story.severity);
    let _ = writeln!(
        out,
        "  {color}{}{color:#}  {BOLD}{}/{}{BOLD:#}  {state}",
        story.severity.as_str(),
        clean(&story.policy),
        clean(&story.check)
    );
    for line in reasons(story) {
        let _ = writeln!(out, "    {}", clean(&line));
    }
}

/// Why there is a finding, a line each.
fn reasons(story: &CheckStory) -> Vec<String> {
    let mut lines: Vec<String> = story.message.iter().cloned().collect();
    match &story.reason {
        CheckReason::Open(part) => lines.push(format!("asks: {}", narrate::decisive(part))),
        CheckReason::Pending { part, age, grace } => {
            lines.push(format!("asks: {}", narrate::decisive(part)));
            lines.push(format!("grace: {}", narrate::pending(*age, *grace)));
        }
        CheckReason::Exempt(_) | CheckReason::OutOfScope(_) | CheckReason::Holds(_) => {}
    }
    lines.extend(story.scope.iter().map(|scope| format!("in scope: {}", narrate::decisive(scope))));
    if let Some(waiver) = &story.waiver {
        let because = shown(&waiver.because);
        lines.push(format!("waived until {}{}: {because}", waiver.until, place(&waiver.loc)));
    }
    lines.extend(
        story
            .not_waived
            .iter()
            .filter(|line| *line != "no waiver speaks of it")
            .map(|line| format!("not waived: {line}")),
    );
    lines.extend(story.remedy.iter().map(|remedy| format!("the policy's remedy is `{}`", shown(remedy))));
    let escalate = story.escalate.as_ref().filter(|_| story.waiver.is_none());
    lines.extend(escalate.map(|escalation| {
        let to = shown(&escalation.to);
        if story.escalation_due {
            format!("due to be told to {to}: it is open for {} or longer", duration(escalation.after))
        } else {
            format!("told to {to} once it is open for {}", duration(escalation.after))
        }
    }));
    lines
}

fn advice(out: &mut String, explanation: &Explanation) {
    let advice = &explanation.advice;
    if advice.open == 0 {
        return;
    }
    let _ = writeln!(out, "\n{BOLD}To make it compliant{BOLD:#}");
    for stuck in &advice.stuck {
        if let Some(story) = explanation.checks.iter().find(|story| story.at == *stuck) {
            let path = format!("{}/{}", story.policy, story.check);
            let _ = writeln!(
                out,
                "  no change of tags mends {}, which asks: {}",
                clean(&path),
                clean(&story.asks)
            );
        }
    }
    let all = advice.open == advice.stuck.len();
    match (&advice.keeping, &advice.smallest) {
        _ if all => {}
        (Some(keeping), Some(smallest)) if keeping.len() > smallest.len() => {
            changes(out, explanation, "what is missing or wrong:", keeping);
            changes(out, explanation, "fewer changes, but of what is valid now:", smallest);
        }
        (Some(found), _) | (None, Some(found)) => {
            let rest = if advice.stuck.is_empty() { "" } else { " that mends the rest" };
            changes(out, explanation, &format!("the smallest change of tags{rest}:"), found);
        }
        (None, None) => nothing(out, advice),
    }
    if advice.gave_up && (advice.smallest.is_some() || advice.keeping.is_some()) {
        let _ = writeln!(out, "  {DIM}the search ended early; there may be a smaller change{DIM:#}");
    }
}

fn nothing(out: &mut String, advice: &Advice) {
    let said = if advice.gave_up {
        "no change of tags was found; the search ended early"
    } else {
        "no change of tags mends all of it at once"
    };
    let _ = writeln!(out, "  {said}");
}

fn changes(out: &mut String, explanation: &Explanation, title: &str, changes: &[Change]) {
    let _ = writeln!(out, "  {title}");
    for change in changes {
        let Some(tag) = explanation.tags.get(change.tag.0 as usize) else { continue };
        let side = |value: &Option<String>| match value {
            None => "missing".to_owned(),
            Some(value) => format!("`{}`", clean(&shown(value))),
        };
        let example = change.example_of.as_ref();
        let example =
            example.map(|asked| format!("  {DIM}for example; {}{DIM:#}", clean(asked))).unwrap_or_default();
        let (from, to) = (side(&change.from), side(&change.to));
        let _ = writeln!(out, "    {}: {from} -> {GREEN}{to}{GREEN:#}{example}", tag.name);
    }
}

fn color_of(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => RED,
        Severity::Medium => YELLOW,
        Severity::Low => AnsiColor::Cyan.on_default(),
    }
}
