//! Plans as text for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use tagpol_app::remediation::{
    ClosedElsewhere, Operation, Plan, PlanKind, PlannedResource, ProvenanceSource, Skip, SkipReason,
    TagChange,
};

use super::{changes, project_option};
use crate::diagnostics::one_line;
use crate::output::counted;

/// Wanted changes that are not planned and are listed for each reason without `--all`.
const LISTED: usize = 3;

/// Describes a plan in one or two lines.
pub(super) fn summary(plan: &Plan) -> String {
    if plan.change_count() == 0 {
        // Findings may be open all the same, and somebody looks for the reason.
        let reason = match plan.kind {
            PlanKind::Remediation if plan.skipped.is_empty() => {
                ": no rule, `remediate set` or decision gives a tag another value"
            }
            _ => "",
        };
        return format!("there is nothing to change{reason}{}\n", left_out(plan));
    }
    let closed = plan.closed_findings().len() as u64;
    let closes = match closed {
        0 => String::new(),
        _ => format!(", which close {}", counted(closed, "finding", "findings")),
    };
    format!("{}{closes}{}\n", changes(plan), left_out(plan))
}

fn left_out(plan: &Plan) -> String {
    match plan.skipped.len() as u64 {
        0 => String::new(),
        skipped => format!("; {} not planned", counted(skipped, "wanted change is", "wanted changes are")),
    }
}

/// Writes out a plan. `path` is its file, `project` the project as the command line names it.
pub(super) fn pretty(plan: &Plan, path: &Path, project: Option<&Path>, all: bool) -> String {
    let mut text = String::new();
    let day = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M UTC").to_string();
    let _ = match &plan.kind {
        PlanKind::Remediation => {
            writeln!(text, "plan of {}, valid until {}", day(plan.created), day(plan.expires))
        }
        PlanKind::Rollback(of) => {
            let undone: String = of.chars().take(12).collect();
            writeln!(
                text,
                "plan of {} that undoes {undone}, valid until {}",
                day(plan.created),
                day(plan.expires)
            )
        }
    };
    let _ =
        writeln!(text, "snapshot {}, policies {}", one_line(&plan.snapshot.id), one_line(&plan.program_hash));
    requested(plan, &mut text);
    for resource in &plan.resources {
        let _ = writeln!(text, "\n{}", heading(resource));
        for change in &resource.changes {
            let _ = writeln!(text, "  {}", described(change));
            for finding in &change.closes {
                let check = format!("{}/{} ({})", finding.policy, finding.check, finding.severity);
                let _ = writeln!(text, "      closes {}", one_line(&check));
            }
        }
    }
    effects(plan, &mut text);
    elsewhere(plan, &mut text);
    skipped(plan, all, &mut text);
    let _ = write!(text, "\n{}", summary(plan));
    let is_applied =
        |resource: &PlannedResource| resource.terraform.is_none() && resource.unaddressable().is_none();
    if plan.change_count() > 0 && !plan.resources.iter().any(is_applied) {
        text.push_str("`tagpol remediate apply` changes none of these resources: `tagpol remediate emit` writes patches\n");
    } else if plan.change_count() > 0 {
        let hash: String = plan.content_hash.chars().take(16).collect();
        let path = one_line(&path.display().to_string());
        let project = project_option(project);
        let _ = writeln!(text, "to apply it: tagpol remediate apply {path}{project} --confirm {hash}");
    }
    text
}

/// What limits or extends the plan, if anything was requested.
fn requested(plan: &Plan, text: &mut String) {
    let settings = &plan.settings;
    let mut parts = Vec::new();
    if !settings.policies.is_empty() {
        parts.push(format!("only findings of {}", settings.policies.join(", ")));
    }
    parts.extend(settings.condition.as_ref().map(|condition| format!("only where {condition}")));
    if settings.include_inferred {
        parts.push("with values of the model".to_owned());
    }
    if settings.canonical {
        parts.push("with spellings".to_owned());
    }
    if !settings.protect.is_empty() {
        parts.push(format!("protected: {}", settings.protect.join(", ")));
    }
    if !parts.is_empty() {
        let _ = writeln!(text, "{}", one_line(&parts.join("; ")));
    }
}

/// The id of a resource, and where it is.
fn heading(resource: &PlannedResource) -> String {
    let parts = [
        Some(resource.cloud.provider()),
        resource.account.as_deref(),
        resource.region.as_deref(),
        resource.type_.as_deref(),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().map(one_line).collect();
    let not_applied = match (&resource.terraform, resource.unaddressable()) {
        (Some(owner), _) => format!("\n  managed by Terraform as {}: not applied", one_line(&owner.address)),
        (None, Some(reason)) => format!("\n  not applied: {}", one_line(&reason)),
        (None, None) => String::new(),
    };
    format!("{}  ({}){not_applied}", one_line(&resource.id), parts.join(", "))
}

/// A change in one line: `~ env: "n/a" -> "production"  decided by ann`.
fn described(change: &TagChange) -> String {
    let quoted = |value: &Option<String>| match value {
        Some(value) => format!("\"{}\"", one_line(value)),
        None => "missing".to_owned(),
    };
    let key = one_line(&change.key);
    let (before, after) = (quoted(&change.before), quoted(&change.after));
    let what = match change.operation {
        Operation::Set => format!("+ {key}: {after}"),
        Operation::Replace => format!("~ {key}: {before} -> {after}"),
        Operation::Delete => format!("- {key}: {before}"),
        Operation::Rename => {
            let previous = one_line(change.previous_key.as_deref().unwrap_or_default());
            let value = if before == after { after } else { format!("{before} -> {after}") };
            format!("~ {previous} -> {key}: {value}")
        }
    };
    match reason(change) {
        reason if reason.is_empty() => what,
        reason => format!("{what}  {reason}"),
    }
}

/// Where the value of a change comes from.
fn reason(change: &TagChange) -> String {
    let provenance = &change.provenance;
    let name = one_line(provenance.name.as_deref().unwrap_or_default());
    let place = provenance.place.as_ref().map(|place| format!(" ({})", one_line(place))).unwrap_or_default();
    match provenance.source {
        ProvenanceSource::Decided => match &provenance.by {
            Some(by) => format!("decided by {}", one_line(by)),
            None => "decided".to_owned(),
        },
        ProvenanceSource::Set | ProvenanceSource::Fill => format!("rule {name}{place}"),
        ProvenanceSource::Remedy => format!("remedy of {name}{place}"),
        ProvenanceSource::Inferred => {
            let confidence = one_line(provenance.confidence.as_deref().unwrap_or("unknown"));
            format!("INFERRED by the model, confidence {confidence}")
        }
        ProvenanceSource::Native => "spelling".to_owned(),
        ProvenanceSource::Rollback => String::new(),
    }
}

fn effects(plan: &Plan, text: &mut String) {
    if plan.effects.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nvirtual tags that follow");
    let shown = |value: &Option<String>| match value {
        Some(value) => format!("\"{}\"", one_line(value)),
        None => "missing".to_owned(),
    };
    for effect in &plan.effects {
        let (resource, tag) = (one_line(&effect.resource), one_line(&effect.tag));
        let _ = writeln!(text, "  {resource}  {tag}: {} -> {}", shown(&effect.before), shown(&effect.after));
    }
}

/// Lists the findings that close on other resources.
fn elsewhere(plan: &Plan, text: &mut String) {
    if plan.closes_elsewhere.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nfindings that close on related resources");
    for ClosedElsewhere { resource, finding } in &plan.closes_elsewhere {
        let check = format!("{}/{} ({})", finding.policy, finding.check, finding.severity);
        let _ = writeln!(text, "  {}  {}", one_line(resource), one_line(&check));
    }
}

fn skipped(plan: &Plan, all: bool, text: &mut String) {
    let mut by_reason: BTreeMap<SkipReason, Vec<&Skip>> = BTreeMap::new();
    for skip in &plan.skipped {
        by_reason.entry(skip.reason).or_default().push(skip);
    }
    if by_reason.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nnot planned");
    for (reason, skips) in by_reason {
        let listed = if all { skips.len() } else { LISTED };
        for skip in skips.iter().take(listed) {
            let tag = skip.tag.as_ref().map(|tag| format!(" {}", one_line(tag))).unwrap_or_default();
            let detail = one_line(&skip.detail);
            let _ = writeln!(text, "  {}  {}{tag}: {detail}", reason.as_str(), one_line(&skip.resource));
        }
        if let more @ 1.. = skips.len().saturating_sub(listed) {
            let _ = writeln!(text, "  {}  and {more} more: `--all` lists them", reason.as_str());
        }
    }
}
