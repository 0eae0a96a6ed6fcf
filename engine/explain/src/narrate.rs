//! Reasons as sentences: lower case, no full stop, names and values in backticks.

use std::borrow::Cow;

use tagpol_interp::Resource;
use tagpol_sema::program::{ActionKind, Duration, Loc, TagId};

use super::check::{CheckReason, NoWaiver, unused_waivers};
use super::condition::{Explainer, Part};
use super::tag::{Origin, Verdict, discarded};
use tagpol_eval::message::shown;
use tagpol_sema::pretty::duration;

/// Values of one condition that a sentence shows.
const MOST_VALUES: usize = 20;
/// Characters of one condition, or one value in it, that a sentence shows.
const MOST_CHARACTERS: usize = 500;

/// `p.tagpol:12`
pub fn at(loc: &Loc) -> String {
    format!("{}:{}", loc.file, loc.line)
}

/// Describes what decides a condition: `` `resource.name has word "prod"` is false (p.tagpol:6):
/// resource.name is `web-1` ``.
pub fn decisive(part: &Part) -> String {
    let decisive = part.decisive();
    let place = decisive.loc.as_ref().or(part.loc.as_ref()).map(|loc| format!(" ({})", at(loc)));
    let operands = decisive.all_operands();
    let first = operands.iter().take(MOST_VALUES);
    let mut found: Vec<String> =
        first.map(|operand| value(&cut(&operand.text), operand.value.as_deref())).collect();
    if operands.len() > MOST_VALUES {
        found.push(format!("and {} more values", operands.len() - MOST_VALUES));
    }
    let found = if found.is_empty() { String::new() } else { format!(": {}", found.join(", ")) };
    format!("`{}` is {}{}{found}", cut(&decisive.text), decisive.truth, place.unwrap_or_default())
}

/// Returns what the language writes, shortened where it is very long.
fn cut(written: &str) -> Cow<'_, str> {
    match written.char_indices().nth(MOST_CHARACTERS) {
        None => Cow::Borrowed(written),
        Some((end, _)) => Cow::Owned(format!("{}…", written.get(..end).unwrap_or_default())),
    }
}

/// `` owner is `jane` ``, `owner is missing`
pub fn value(name: &str, value: Option<&str>) -> String {
    match value {
        None => format!("{name} is missing"),
        Some(value) => format!("{name} is `{}`", shown(value)),
    }
}

/// Describes where a value came from: ``rule x (p.tagpol:7)``, ``native key `Env`, which says `PRD` ``.
pub fn origin(origin: &Origin, value: &str) -> String {
    match origin {
        Origin::Rule { name, loc } => format!("rule {name} ({})", at(loc)),
        Origin::Native { key, raw, arm } => {
            let says = if raw == value { String::new() } else { format!(" with value `{}`", shown(raw)) };
            let map = arm.as_ref().map(|loc| format!(" (mapped at {})", at(loc))).unwrap_or_default();
            format!("native key `{}`{says}{map}", shown(key))
        }
        Origin::Decided => "a person's decision".to_owned(),
        Origin::Inferred => "the model".to_owned(),
        Origin::Default(loc) => format!("the default ({})", at(loc)),
    }
}

/// Explains why a rule did not give a tag its value; None if it did.
pub fn verdict(rule: &str, tag: &str, verdict: &Verdict, winner: Option<&str>) -> Option<String> {
    Some(match verdict {
        Verdict::Won => return None,
        Verdict::DidNotFire(part) => format!("rule {rule} does not fire: {}", decisive(part)),
        Verdict::NoValue { value, loc } => {
            format!("rule {rule} fires, but `{}` is missing ({})", shown(value), at(loc))
        }
        Verdict::Beaten { kind, priority, .. } => {
            let word = if *kind == ActionKind::Set { "sets" } else { "fills" };
            let winner = winner.unwrap_or("a stronger source");
            format!(
                "rule {rule} fires and {word} {tag} at priority {priority}, but is overridden by {winner}"
            )
        }
        Verdict::NotAboutIt => format!("rule {rule} does not set {tag}"),
    })
}

/// Describes which native tags count as absent for a tag, one sentence each.
pub fn missing(resource: &Resource<'_>, tag: TagId) -> Vec<String> {
    let absent = |(step, arm): (tagpol_interp::NativeStep, Option<Loc>)| {
        let by = match arm {
            Some(loc) => format!("the map turns into missing ({})", at(&loc)),
            None => "is dropped by `otherwise missing`, since it is not valid".to_owned(),
        };
        format!("native key `{}` is `{}`, which {by}", shown(&step.spelling), shown(&step.raw))
    };
    discarded(resource, tag).into_iter().map(absent).collect()
}

/// Explains why a check has no finding that counts; None if it has one.
pub fn no_finding(resource: &Resource<'_>, reason: &CheckReason, path: &str) -> Option<String> {
    Some(match reason {
        CheckReason::OutOfScope(part) => {
            let policy = path.split('/').next().unwrap_or(path);
            format!("{policy} does not apply: {}", decisive(part))
        }
        CheckReason::Holds(part) => format!("{path} passes: {}", decisive(part)),
        CheckReason::Exempt(exemption) => {
            let exemption = resource.program().exemptions.get(*exemption)?;
            let (place, until, because) = (at(&exemption.loc), exemption.until, shown(&exemption.because));
            format!("{path} is waived until {until} ({place}): {because}")
        }
        CheckReason::Undetermined => format!("{path} is undetermined: {UNDETERMINED}"),
        CheckReason::Pending { .. } | CheckReason::Open(_) => return None,
    })
}

/// Why a check is undetermined.
pub const UNDETERMINED: &str = "it depends on a value that is not known";

/// Explains why a finding is not waived, one sentence a waiver of its check.
pub fn not_waived(explainer: &Explainer<'_, '_>, policy: usize, check: usize) -> Vec<String> {
    let unused = unused_waivers(explainer, policy, check);
    let mut reasons: Vec<String> = unused
        .iter()
        .map(|waiver| match waiver {
            NoWaiver::Ended(exemption) => {
                format!("the waiver at {} expired after {}", at(&exemption.loc), exemption.until)
            }
            NoWaiver::OutOfScope(exemption, part) => {
                format!("the waiver at {} does not apply: {}", at(&exemption.loc), decisive(part))
            }
        })
        .collect();
    if reasons.is_empty() {
        reasons.push("no waiver applies".to_owned());
    }
    reasons
}

/// Returns an age in whole units, of the largest that it has two of.
fn roughly(age: chrono::TimeDelta) -> Duration {
    let seconds = age.num_seconds().max(0);
    let unit = [86_400, 3600, 60].into_iter().find(|unit| seconds >= 2 * unit).unwrap_or(1);
    Duration { seconds: seconds - seconds % unit }
}

/// States that a finding is inside a grace.
pub fn pending(age: chrono::TimeDelta, grace: Duration) -> String {
    format!("the finding is {} old; the grace period is {}", duration(roughly(age)), duration(grace))
}
