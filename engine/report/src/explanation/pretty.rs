//! An explanation for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects, Style};
use tagpol_interp::Row;
use tagpol_sema::pretty::duration;
use tagpol_sema::program::{ActionKind, Loc, Severity};
use tagpol_state::CurrentDecision;

use super::{checks, tags};
use crate::text::{clean, decimal, money};
use tagpol_eval::message::shown;
use tagpol_explain::candidates::{Candidate, Outcome, RelatedSource, ValueSource};
use tagpol_explain::change::{Advice, Change};
use tagpol_explain::check::CheckReason;
use tagpol_explain::narrate;
use tagpol_explain::resource::{About, CheckExplanation, Explanation, TagExplanation};

const BOLD: Style = Style::new().effects(Effects::BOLD);
const DIM: Style = Style::new().effects(Effects::DIMMED);
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Returns the explanation: all tags, findings and the smallest change, or only what is asked about,
/// and then with each rule that did not fire and each check that holds. In colors, which the writer may
/// strip.
pub fn pretty(explanation: &Explanation, about: Option<About>) -> String {
    let mut out = String::new();
    heading(&mut out, &explanation.resource, explanation.snapshot.currency.as_deref());
    let selected = tags(explanation, about);
    if !selected.is_empty() {
        let _ = writeln!(out, "\n{BOLD}Tags{BOLD:#}");
    }
    // What nothing refers to needs no line of its own.
    let (silent, selected): (Vec<&TagExplanation>, Vec<&TagExplanation>) = selected
        .into_iter()
        .partition(|explained| explained.candidates.is_empty() && explained.value.is_none());
    for explained in selected {
        tag(&mut out, explained, about.is_some());
    }
    if !silent.is_empty() {
        let names: Vec<&str> = silent.iter().map(|explained| explained.name.as_str()).collect();
        let _ = writeln!(
            out,
            "  {YELLOW}missing{YELLOW:#} (no native key, rule or default): {}",
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

fn tag(out: &mut String, explained: &TagExplanation, all: bool) {
    let value = match &explained.value {
        None => format!("{} is {YELLOW}missing{YELLOW:#}", explained.name),
        Some(value) => format!("{} = {GREEN}{}{GREEN:#}", explained.name, clean(&shown(value))),
    };
    let note = match (&explained.value, explained.valid) {
        (Some(_), false) => format!("  {RED}not valid{RED:#}, expected {}", clean(&explained.ty)),
        _ => String::new(),
    };
    let source =
        explained.source.map(|source| format!("  {DIM}{}{DIM:#}", source.as_str())).unwrap_or_default();
    let _ = writeln!(out, "  {value}{source}{note}");
    for candidate in &explained.candidates {
        // Without a value each rule that could have given one is of interest.
        let quiet = matches!(candidate.outcome, Outcome::DidNotFire(_)) && explained.value.is_some();
        if all || !quiet {
            let sign = if candidate.outcome == Outcome::Won { "+" } else { "-" };
            let _ = writeln!(out, "    {DIM}{sign}{DIM:#} {}", clean(&sentence(explained, candidate)));
        }
    }
}

/// What a candidate is, what it says, and what became of it.
fn sentence(explained: &TagExplanation, candidate: &Candidate) -> String {
    let who = value_source(explained, candidate);
    match &candidate.outcome {
        Outcome::Won => who,
        Outcome::Beaten { conflict } => {
            let winner = explained.candidates.iter().find(|other| other.outcome == Outcome::Won);
            let winner =
                winner.map_or_else(|| "a stronger source".to_owned(), |winner| name(&winner.value_source));
            let conflict = if *conflict { "; the values conflict" } else { "" };
            format!("{who}, overridden by {winner}{conflict}")
        }
        Outcome::DidNotFire(part) => {
            format!("{} does not fire: {}", name(&candidate.value_source), narrate::decisive(part))
        }
        Outcome::NoValue(value) => {
            let place = candidate.loc.as_ref().map(place).unwrap_or_default();
            format!("{} fires, but `{}` is missing{place}", name(&candidate.value_source), shown(value))
        }
        Outcome::Discarded => who,
    }
}

fn name(value_source: &ValueSource) -> String {
    match value_source {
        ValueSource::Rule { name, .. } => format!("rule {name}"),
        ValueSource::Native { key, .. } => format!("native key `{}`", shown(key)),
        ValueSource::Decision => "a person".to_owned(),
        ValueSource::Model { .. } => "the model".to_owned(),
        ValueSource::Default => "the default".to_owned(),
    }
}

/// The resource that a value is read of.
fn related(source: &RelatedSource) -> String {
    let RelatedSource { relation, resource, candidates } = source;
    let more = match candidates {
        0 | 1 => String::new(),
        found => format!(", the first of {found}"),
    };
    format!(", from {relation} `{}`{more}", shown(resource))
}

fn value_source(explained: &TagExplanation, candidate: &Candidate) -> String {
    let at = candidate.loc.as_ref().map(place).unwrap_or_default();
    let value = shown(candidate.value.as_deref().unwrap_or_default());
    match &candidate.value_source {
        ValueSource::Rule { name, kind, priority } => {
            let verb = if *kind == ActionKind::Set { "sets" } else { "fills" };
            let of = candidate.related.iter().map(related).collect::<String>();
            format!("rule {name} {verb} `{value}` at priority {priority}{of}{at}")
        }
        ValueSource::Native { key, raw } => {
            let says = format!("native key `{}` is `{}`", shown(key), shown(raw));
            match (&candidate.value, &candidate.loc) {
                (None, _) => format!("{says}, which counts as missing{at}"),
                (Some(value), Some(_)) if value != raw => {
                    format!("{says}, which becomes `{}`{at}", shown(value))
                }
                (Some(value), None) if value != raw => format!("{says}, which becomes `{}`", shown(value)),
                _ => says,
            }
        }
        ValueSource::Decision => match &explained.decision {
            Some(decision) => decided(decision),
            None => format!("a person decided `{value}`"),
        },
        ValueSource::Model { confidence } => {
            format!("the model predicts `{value}` with confidence {}", confidence.normalize())
        }
        ValueSource::Default => format!("the default `{value}`{at}"),
    }
}

/// Who decided, what, when and why.
fn decided(decision: &CurrentDecision) -> String {
    let CurrentDecision { value, at, actor, note, .. } = decision;
    let note = note.as_ref().map(|note| format!(": {}", shown(note))).unwrap_or_default();
    format!("{} decided `{}` on {}{note}", shown(actor), shown(value), at.format("%Y-%m-%d %H:%M UTC"))
}

fn place(loc: &Loc) -> String {
    format!(" ({})", narrate::at(loc))
}

fn findings(out: &mut String, checks: &[&CheckExplanation], all: bool) {
    let (found, others): (Vec<&&CheckExplanation>, Vec<&&CheckExplanation>) =
        checks.iter().partition(|explained| explained.is_finding());
    if !checks.is_empty() {
        let _ = writeln!(out, "\n{BOLD}{}{BOLD:#}", if all { "Checks" } else { "Findings" });
    }
    let severity = |explained: &&&CheckExplanation| std::cmp::Reverse(explained.severity);
    let mut sorted = found.clone();
    sorted.sort_by_key(severity);
    for explained in &sorted {
        finding(out, explained);
    }
    if all {
        for explained in others {
            let _ = writeln!(out, "  {GREEN}ok{GREEN:#}  {}", clean(&no_finding(explained)));
        }
        return;
    }
    let holds = others.iter().filter(|explained| matches!(explained.reason, CheckReason::Holds(_))).count();
    let out_of_scope = others.len() - holds;
    let _ =
        writeln!(out, "  {DIM}{holds} of {} checks pass, {out_of_scope} do not apply{DIM:#}", checks.len());
}

fn no_finding(explained: &CheckExplanation) -> String {
    match &explained.reason {
        CheckReason::OutOfScope(part) => {
            format!("{}/{} does not apply: {}", explained.policy, explained.check, narrate::decisive(part))
        }
        CheckReason::Holds(part) => {
            format!("{}/{} passes: {}", explained.policy, explained.check, narrate::decisive(part))
        }
        CheckReason::Exempt(_)
        | CheckReason::Pending { .. }
        | CheckReason::Open(_)
        | CheckReason::Undetermined => String::new(),
    }
}

fn finding(out: &mut String, explained: &CheckExplanation) {
    let state = match explained.reason {
        CheckReason::Exempt(_) => "waived",
        CheckReason::Pending { .. } => "pending",
        CheckReason::Undetermined => "undetermined",
        _ => "open",
    };
    let color = color_of(explained.severity);
    let _ = writeln!(
        out,
        "  {color}{}{color:#}  {BOLD}{}/{}{BOLD:#}  {state}",
        explained.severity.as_str(),
        clean(&explained.policy),
        clean(&explained.check)
    );
    for line in reasons(explained) {
        let _ = writeln!(out, "    {}", clean(&line));
    }
}

/// Why there is a finding, a line each.
fn reasons(explained: &CheckExplanation) -> Vec<String> {
    let mut lines: Vec<String> = explained.message.iter().cloned().collect();
    match &explained.reason {
        CheckReason::Open(part) => lines.push(format!("requirement: {}", narrate::decisive(part))),
        CheckReason::Pending { part, age, grace } => {
            lines.push(format!("requirement: {}", narrate::decisive(part)));
            lines.push(format!("pending: {}", narrate::pending(*age, *grace)));
        }
        CheckReason::Undetermined => return vec![narrate::UNDETERMINED.to_owned()],
        CheckReason::Exempt(_) | CheckReason::OutOfScope(_) | CheckReason::Holds(_) => {}
    }
    lines.extend(explained.scope.iter().map(|scope| format!("in scope: {}", narrate::decisive(scope))));
    if let Some(waiver) = &explained.waiver {
        let because = shown(&waiver.because);
        lines.push(format!("waived until {}{}: {because}", waiver.until, place(&waiver.loc)));
    }
    lines.extend(
        explained
            .not_waived
            .iter()
            .filter(|line| *line != "no waiver applies")
            .map(|line| format!("not waived: {line}")),
    );
    lines.extend(explained.remedy.iter().map(|remedy| format!("the policy suggests `{}`", shown(remedy))));
    let escalate = explained.escalate.as_ref().filter(|_| explained.waiver.is_none());
    lines.extend(escalate.map(|escalation| {
        let to = shown(&escalation.to);
        if explained.escalation_due {
            format!("escalation to {to} is due: open for {} or longer", duration(escalation.after))
        } else {
            format!("escalates to {to} when open for {}", duration(escalation.after))
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
        if let Some(explained) = explanation.checks.iter().find(|explained| explained.at == *stuck) {
            let path = format!("{}/{}", explained.policy, explained.check);
            let _ = writeln!(out, "  no change of tags fixes {}: {}", clean(&path), clean(&explained.asks));
        }
    }
    let all = advice.open == advice.stuck.len();
    match (&advice.keeping, &advice.smallest) {
        _ if all => {}
        (Some(keeping), Some(smallest)) if keeping.len() > smallest.len() => {
            changes(out, explanation, "changes to missing or invalid tags:", keeping);
            changes(out, explanation, "fewer changes, but to tags that are valid now:", smallest);
        }
        (Some(found), _) | (None, Some(found)) => {
            let rest = if advice.stuck.is_empty() { "" } else { " that fixes the rest" };
            changes(out, explanation, &format!("the smallest change of tags{rest}:"), found);
        }
        (None, None) => nothing(out, advice),
    }
    if advice.gave_up && (advice.smallest.is_some() || advice.keeping.is_some()) {
        let _ = writeln!(out, "  {DIM}the search ended early; there may be a smaller change{DIM:#}");
    }
}

fn nothing(out: &mut String, advice: &Advice) {
    let sentence = if advice.gave_up {
        "no change of tags was found; the search ended early"
    } else {
        "no change of tags fixes all findings at once"
    };
    let _ = writeln!(out, "  {sentence}");
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
            example.map(|asked| format!("  {DIM}(example: {}){DIM:#}", clean(asked))).unwrap_or_default();
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
