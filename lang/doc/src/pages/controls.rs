//! Which policies support which controls of which framework.

use std::collections::BTreeMap;

use tagpol_sema::program::Policy;

use super::{Writer, code, listed, or_none, plain};
use crate::document::{Block, Kind, Span, Text};
use crate::links::anchor;

pub(super) fn blocks(writer: &Writer<'_>) -> Vec<Block> {
    let mut frameworks: BTreeMap<&str, BTreeMap<&str, Vec<&Policy>>> = BTreeMap::new();
    for policy in &writer.subject.program.policies {
        for control in &policy.controls {
            let controls = frameworks.entry(&control.framework).or_default();
            controls.entry(&control.id).or_default().push(policy);
        }
    }
    let blocks = frameworks.into_iter().flat_map(|(framework, controls)| {
        let rows = controls.into_iter().map(|(id, policies)| row(writer, id, &policies));
        let head = vec!["Control", "Policies that support it"];
        [Block::Item(anchor(Kind::Framework, framework)), Block::Table(head, rows.collect())]
    });
    or_none(blocks.collect(), "No policy has a control.")
}

fn row(writer: &Writer<'_>, id: &str, policies: &[&Policy]) -> Vec<Text> {
    let link = |policy: &&Policy| {
        let mut link = vec![Span::Link(anchor(Kind::Policy, &policy.name))];
        let note = if writer.is_enabled(policy) { writer.severity(policy).as_str() } else { "disabled" };
        link.extend(plain(&format!(" ({note})")));
        link
    };
    vec![code(id), listed(policies.iter().map(link))]
}
