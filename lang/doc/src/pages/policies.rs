//! What must hold, the worst first, and what is waived.

use std::cmp::Reverse;

use tagpol_sema::pretty::duration;
use tagpol_sema::program::{Check, Exemption, Policy};

use super::{Writer, code, fact, links, listed, or_none, plain, text};
use crate::document::{Block, Kind, Span, Text};
use crate::links::{anchor, read_by, tag_anchor};

pub(super) fn blocks(writer: &Writer<'_>) -> Vec<Block> {
    let mut policies: Vec<(usize, &Policy)> = writer.subject.program.policies.iter().enumerate().collect();
    policies.sort_by_key(|(_, policy)| Reverse(writer.severity(policy)));
    let blocks = policies.iter().flat_map(|(index, policy)| blocks_of(writer, *index, policy));
    or_none(blocks.collect(), "There are no policies.")
}

fn blocks_of(writer: &Writer<'_>, index: usize, policy: &Policy) -> Vec<Block> {
    let mut blocks = vec![Block::Item(anchor(Kind::Policy, &policy.name))];
    if !writer.is_enabled(policy) {
        blocks.push(Block::Paragraph(vec![
            Span::Strong("Disabled".to_owned()),
            text(" in "),
            Span::Code("tagpol.toml".to_owned()),
            text(": it is not evaluated."),
        ]));
    }
    blocks.extend(writer.doc(&policy.doc));
    blocks.push(Block::Facts(facts(writer, policy)));
    let rows = policy.checks.iter().map(|check| row(writer, check)).collect();
    blocks.push(Block::Table(vec!["Check", "Requirement", "Message"], rows));
    blocks.extend(waivers(writer, index, policy));
    blocks
}

fn facts(writer: &Writer<'_>, policy: &Policy) -> Vec<(&'static str, Text)> {
    let escalation = policy.escalate.as_ref().map(|escalation| {
        vec![
            text("to "),
            Span::Code(escalation.to.clone()),
            text(&format!(" after {}", duration(escalation.after))),
        ]
    });
    let control = |control: &tagpol_sema::program::Control| {
        vec![
            Span::Link(anchor(Kind::Framework, &control.framework)),
            text(" "),
            Span::Code(control.id.clone()),
        ]
    };
    let remedy = |remedy: &tagpol_sema::program::Remedy| {
        let tag = Span::Link(tag_anchor(writer.subject.program, remedy.tag));
        vec![
            text("set "),
            tag,
            text(" to "),
            Span::Code(super::rules::given_value(writer, remedy.tag, &remedy.value)),
        ]
    };
    let grace = policy.grace.map(|grace| plain(&format!("{} after its creation", duration(grace))));
    [
        fact("Severity", severity(writer, policy)),
        fact("Applies to", writer.scope(policy.scope.as_ref())),
        fact("Scope reads", links(read_by(writer.subject.program, &policy.scope, []))),
        fact("Grace", grace.unwrap_or_default()),
        fact("Escalation", escalation.unwrap_or_default()),
        fact("Controls", listed(policy.controls.iter().map(control))),
        fact("Remedy", listed(policy.remedies.iter().map(remedy))),
        fact("Defined in", writer.origin(&policy.loc)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn severity(writer: &Writer<'_>, policy: &Policy) -> Text {
    let counts = writer.severity(policy);
    let mut text_of = vec![Span::Level(counts)];
    if counts != policy.severity {
        text_of.extend([
            text(" in "),
            Span::Code("tagpol.toml".to_owned()),
            text(&format!("; the policy has {}", policy.severity.as_str())),
        ]);
    }
    text_of
}

fn row(writer: &Writer<'_>, check: &Check) -> Vec<Text> {
    vec![code(&check.id), writer.asks(check), plain(check.message.as_deref().unwrap_or_default())]
}

fn waivers(writer: &Writer<'_>, index: usize, policy: &Policy) -> Vec<Block> {
    let all = writer.subject.program.exemptions.iter().zip(&writer.subject.remarks.exemptions);
    let of_policy: Vec<(&Exemption, &String)> =
        all.filter(|(exemption, _)| exemption.policy == index).collect();
    if of_policy.is_empty() {
        return Vec::new();
    }
    let row = |(exemption, _): &(&Exemption, &String)| {
        let check = exemption.check.and_then(|check| policy.checks.get(check));
        vec![
            check.map_or_else(|| plain("all checks"), |check| code(&check.id)),
            writer.scope(exemption.scope.as_ref()),
            plain(&exemption.until.to_string()),
            plain(&exemption.because),
        ]
    };
    let mut blocks = vec![Block::Section("Exemptions")];
    // A waiver of several checks has one text.
    let mut docs: Vec<&String> = of_policy.iter().map(|(_, doc)| *doc).collect();
    docs.dedup();
    blocks.extend(docs.into_iter().flat_map(|doc| writer.doc(doc)));
    let head = vec!["Waived", "For", "Until the end of", "Because"];
    blocks.push(Block::Table(head, of_policy.iter().map(row).collect()));
    blocks
}
