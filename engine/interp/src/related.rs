//! The resources that relations find.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_sema::formats::{arn_part, comparable_id};
use tagpol_sema::program::{Attr, Program, RelatedPart, Relation, RelationId, RelationKey, TagId, Value};

use super::{Options, Patterns, Resource, Row};

/// What relations find: for each relation and resource at most one other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Related {
    /// By relation and the id of the resource that it is found for.
    pub found: BTreeMap<(RelationId, String), RelatedResource>,
}

/// A resource that a relation finds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelatedResource {
    /// How many the relation finds; this is the first of them.
    pub candidates: usize,
    /// What is set of it; its id always is.
    pub parts: BTreeMap<RelatedPart, String>,
}

/// Finds the related resources of an inventory. Their tags are those that they have by themselves: no relation
/// finds anything while they are evaluated.
pub fn related(program: &Program, resources: &[Row], options: &Options) -> Related {
    let options = &Options { related: Related::default(), ..options.clone() };
    let patterns = &Patterns::default();
    // What is found are resources, also for charges; and what it is found by does not read charges.
    let resources: Vec<Row> = resources.iter().map(|row| Row { charge: None, ..row.clone() }).collect();
    let evaluated: Vec<Resource<'_>> =
        resources.iter().map(|row| Resource::evaluated(program, options, patterns, row)).collect();
    let mut found = BTreeMap::new();
    for (id, relation) in (0u32..).zip(&program.relations) {
        let by_key = others(relation, &evaluated);
        for resource in &evaluated {
            let Some(others) = resource.this_key(relation).and_then(|key| by_key.get(&key)) else { continue };
            let Some(first) = others.first() else { continue };
            let about = RelatedResource { candidates: others.len(), parts: first.parts() };
            found.insert((RelationId(id), resource.row.id.clone()), about);
        }
    }
    Related { found }
}

/// The resources that a relation may find, by their keys, ordered by id.
fn others<'r>(
    relation: &Relation,
    evaluated: &'r [Resource<'r>],
) -> BTreeMap<Vec<String>, Vec<&'r Resource<'r>>> {
    let mut by_key: BTreeMap<Vec<String>, Vec<&Resource<'_>>> = BTreeMap::new();
    for resource in evaluated {
        if !relation.other.iter().all(|pred| resource.holds(pred)) {
            continue;
        }
        for key in resource.other_keys(relation) {
            by_key.entry(key).or_default().push(resource);
        }
    }
    for others in by_key.values_mut() {
        others.sort_by(|a, b| a.row.id.cmp(&b.row.id));
    }
    by_key
}

/// A side of an equality in the form in which it is compared.
fn comparable(key: &RelationKey, text: String) -> String {
    if key.is_id() { comparable_id(&text).into_owned() } else { text }
}

impl Resource<'_> {
    /// What a relation looks for. None: it finds nothing for the resource.
    fn this_key(&self, relation: &Relation) -> Option<Vec<String>> {
        let applies = relation.this.iter().all(|pred| self.holds(pred));
        let of = |key: &RelationKey| Some(comparable(key, self.text(&key.this)?));
        applies.then(|| relation.keys.iter().map(of).collect()).flatten()
    }

    /// What the resource is found by. An id that is an ARN also stands for its last part.
    fn other_keys(&self, relation: &Relation) -> BTreeSet<Vec<String>> {
        let mut keys = BTreeSet::from([Vec::new()]);
        for key in &relation.keys {
            let Some(text) = self.text(&key.other) else { return BTreeSet::new() };
            let part = if key.other == Value::Attr(Attr::Id) { arn_part(&text) } else { None };
            let forms: BTreeSet<String> =
                part.map(str::to_owned).into_iter().chain([comparable(key, text.clone())]).collect();
            keys = keys
                .iter()
                .flat_map(|before| forms.iter().map(|form| before.iter().chain([form]).cloned().collect()))
                .collect();
        }
        keys
    }

    fn parts(&self) -> BTreeMap<RelatedPart, String> {
        let tags = (0u32..).zip(&self.tags);
        let tags = tags.filter_map(|(id, tag)| Some((RelatedPart::Tag(TagId(id)), tag.value.clone()?)));
        let attrs = Attr::ALL.into_iter().filter(|attr| attr.is_text());
        let attrs = attrs.filter_map(|attr| Some((RelatedPart::Attr(attr), self.text(&Value::Attr(attr))?)));
        tags.chain(attrs).collect()
    }

    /// Returns the id of the resource that a relation finds, and how many it finds; None if it finds none.
    pub fn related(&self, relation: RelationId) -> Option<(&str, usize)> {
        let found = self.options.related.found.get(&(relation, self.row.id.clone()))?;
        Some((found.parts.get(&RelatedPart::Attr(Attr::Id))?, found.candidates))
    }

    /// Returns something of the resource that a relation finds; None if it finds none.
    pub(super) fn related_part(&self, relation: RelationId, part: RelatedPart) -> Option<String> {
        let found = self.options.related.found.get(&(relation, self.row.id.clone()))?;
        found.parts.get(&part).cloned()
    }
}
