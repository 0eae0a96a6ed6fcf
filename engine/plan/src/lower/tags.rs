//! Rules, native values and defaults become the virtual values of tags.

use std::collections::HashMap;
use std::ops::Range;

use tagpol_sema::formats::is_blank;
use tagpol_sema::program::{ActionKind, CmpOp, Program, Source, TagId, Value};

use super::pred::in_list;
use super::{Candidate, Lowering, note};
use crate::ir::{ColumnId, Conflict, Expr, Function, Literal, Origin, Provenance, TagInfo, Type};

/// The actions of a program by tag and kind, the highest priority first, then in its order.
#[derive(Debug, Default)]
pub(super) struct Actions {
    by_tag: HashMap<(TagId, ActionKind), Vec<(usize, usize)>>,
}

impl Actions {
    pub(super) fn new(program: &Program) -> Self {
        let mut actions = Self::default();
        let mut rules: Vec<_> = program.rules.iter().enumerate().collect();
        rules.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.priority));
        for (r, rule) in rules {
            for (a, action) in rule.actions.iter().enumerate() {
                actions.by_tag.entry((action.tag, action.kind)).or_default().push((r, a));
            }
        }
        actions
    }

    fn of(&self, tag: TagId, kind: ActionKind) -> Vec<(usize, usize)> {
        self.by_tag.get(&(tag, kind)).cloned().unwrap_or_default()
    }
}

/// What can give a tag its value, the strongest first, and where that stands in the provenance.
struct Ranked {
    candidates: Vec<Candidate>,
    /// The value of each candidate, and whether it is unknown; also of those that never have a value.
    certainty: Vec<(Expr, Expr)>,
    /// Index in [`crate::ir::Plan::provenance`] of the first.
    base: usize,
}

impl Ranked {
    /// Returns the candidates with their provenance.
    fn iter(&self) -> impl Iterator<Item = (Expr, &Candidate)> {
        self.candidates.iter().enumerate().map(|(i, c)| (index(self.base + i), c))
    }

    /// Returns the runs of candidates that stand equal: of one source, and of one priority.
    fn equals(&self) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut start = 0;
        for run in self.candidates.chunk_by(|a, b| a.rank() == b.rank()) {
            runs.push(start..start + run.len());
            start += run.len();
        }
        runs
    }
}

impl Lowering<'_> {
    /// Makes the columns of a tag. Those of all tags that its rules read must have been made.
    pub(super) fn tag(&mut self, id: TagId) {
        let tag = self.program.tag(id);
        let mut ranked = self.rank(id);
        let named = |prefix: &str| format!("{prefix}_{}", tag.name);
        let value = self.columns.coalesce(values(&ranked), Type::Text);
        let comment = note(format!("tag `{}`", tag.name), &tag.loc);
        let value = self.columns.add(&named("tag"), value, Type::Text, comment);
        let provenance = self.provenance_of(&ranked);
        let provenance = self.columns.add(&named("provenance"), provenance, Type::Integer, None);
        let source = source_of(&ranked, provenance);
        let source = self.columns.add(&named("source"), source, Type::Code, None);
        let conflict = self.conflict(&tag.name, &ranked, value, provenance);
        let unknown = self.first_unknown(std::mem::take(&mut ranked.certainty));
        let unknown = (unknown != Expr::bool(false))
            .then(|| self.columns.add(&named("unknown_tag"), unknown, Type::Bool, None));
        let (name, loc) = (tag.name.clone(), tag.loc.clone());
        let info = TagInfo { name, value, source, provenance, conflict, unknown, loc };
        self.tags.insert(id, info);
    }

    /// Returns the column with a tag's value.
    pub(super) fn tag_value(&self, id: TagId) -> Expr {
        self.tags.get(&id).map_or(Expr::Null(Type::Text), |tag| Expr::Column(tag.value))
    }

    /// Returns the name of a tag's source as text.
    pub(super) fn source_name(&mut self, id: TagId) -> Expr {
        let Some(tag) = self.tags.get(&id) else {
            return Expr::Null(Type::Text);
        };
        let (name, source) = (format!("source_name_{}", tag.name), Expr::Column(tag.source));
        let is = |s| Expr::compare(CmpOp::Eq, source.clone(), Expr::integer(Origin::source_code(s)));
        let arms = Source::ALL.map(|s| (is(s), Expr::text(s.as_str())));
        self.columns.share(&name, Expr::case(arms, None, Type::Text), Type::Text, None)
    }

    /// Returns what can give a tag its value in the order of the precedence, and notes where each
    /// comes from.
    fn rank(&mut self, id: TagId) -> Ranked {
        let mut candidates: Vec<Candidate> = self.decided_candidate(id).into_iter().collect();
        candidates.extend(self.rule_candidates(id, ActionKind::Set));
        candidates.extend(self.natives.get(id.0 as usize).cloned().unwrap_or_default());
        let natives_end = candidates.len();
        candidates.extend(self.rule_candidates(id, ActionKind::Fill));
        candidates.extend(self.inferred_candidate(id));
        let mut certainty: Vec<(Expr, Expr)> =
            candidates.iter().map(|c| (c.value.clone(), c.unknown.clone())).collect();
        // A native tag that is known counts before any that may be there.
        certainty.insert(natives_end, (Expr::Null(Type::Text), self.unknown_others()));
        candidates.retain(|c| !matches!(c.value, Expr::Null(_)));
        let tag = self.program.tag(id);
        if let Some(default) = &tag.default {
            let (value, loc) = (Expr::text(default), tag.loc.clone());
            let constant = Some(default.clone());
            let origin = Origin::Default;
            let unknown = Expr::bool(false);
            candidates.push(Candidate { value, unknown, constant, origin, priority: 0, loc });
        }
        let base = self.provenance.len();
        self.provenance.extend(candidates.iter().map(|c| Provenance {
            tag: id,
            origin: c.origin.clone(),
            loc: c.loc.clone(),
        }));
        Ranked { candidates, certainty, base }
    }

    fn rule_candidates(&mut self, id: TagId, kind: ActionKind) -> Vec<Candidate> {
        let actions = self.actions.of(id, kind);
        actions.into_iter().filter_map(|(r, a)| self.rule_candidate(r, a)).collect()
    }

    /// Returns the value that an action gives, NULL if its rule does not fire.
    fn rule_candidate(&mut self, rule_index: usize, action_index: usize) -> Option<Candidate> {
        let rule = self.program.rules.get(rule_index)?;
        let action = rule.actions.get(action_index)?;
        self.at = rule.loc.clone();
        let mut when = self.optional_pred(rule.when.as_ref());
        let unknown_when = self.unknown_optional(rule.when.as_ref());
        if rule.actions.len() > 1 {
            let comment = note(format!("rule `{}` fires", rule.name), &rule.loc);
            when = self.columns.share(&format!("when_{}", rule.name), when, Type::Bool, comment);
        }
        let before = self.computed.len();
        let value = self.text_value(&action.value);
        let value = if may_be_blank(&action.value) { self.visible(value) } else { value };
        let constant = match &value {
            Expr::Literal(Literal::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let tag = &self.program.tag(action.tag).name;
        self.computed_for(before, tag, &action.loc, &when);
        let unknown = self.unknown_value(&action.value);
        let unknown = self.unknown_where((when.clone(), unknown_when), (value.clone(), unknown));
        let unknown =
            self.columns.share(&format!("unknown_rule_{}_{tag}", rule.name), unknown, Type::Bool, None);
        let value = Expr::only_where(when, value, Type::Text);
        let name = format!("rule_{}_{tag}", rule.name);
        let (verb, origin) = match action.kind {
            ActionKind::Set => ("sets", Origin::Set { rule: rule_index, action: action_index }),
            ActionKind::Fill => ("fills", Origin::Fill { rule: rule_index, action: action_index }),
        };
        let comment = note(format!("rule `{}` {verb} `{tag}`", rule.name), &action.loc);
        let value = self.columns.share(&name, value, Type::Text, comment);
        let (priority, loc) = (rule.priority, action.loc.clone());
        Some(Candidate { value, unknown, constant, origin, priority, loc })
    }

    fn provenance_of(&self, ranked: &Ranked) -> Expr {
        let arms: Vec<(Expr, Expr)> =
            ranked.iter().map(|(at, c)| (self.columns.is_set(c.value.clone()), at)).collect();
        Expr::case(arms, None, Type::Integer)
    }

    /// Makes the columns of the first value that lost to an equal that differs. None: there is no
    /// pair of equals that could differ.
    fn conflict(
        &mut self,
        tag: &str,
        ranked: &Ranked,
        value: ColumnId,
        provenance: ColumnId,
    ) -> Option<Conflict> {
        let mut arms = Vec::new();
        let mut losers = Vec::new();
        for run in ranked.equals() {
            for i in run.clone().filter(|&i| ranked.may_lose(&run, i)) {
                let Some(candidate) = ranked.candidates.get(i) else {
                    continue;
                };
                let at = index(ranked.base + i);
                let differs = Expr::compare(CmpOp::Ne, candidate.value.clone(), Expr::Column(value));
                let among = ranked.won_among(&run, i, provenance);
                arms.push((Expr::and([among, differs]), at.clone()));
                losers.push((at, candidate.value.clone()));
            }
        }
        if arms.is_empty() {
            return None;
        }
        let by = Expr::case(arms, None, Type::Integer);
        let by = self.columns.add(&format!("conflict_by_{tag}"), by, Type::Integer, None);
        let is = |at| Expr::compare(CmpOp::Eq, Expr::Column(by), at);
        let lost = Expr::case(losers.into_iter().map(|(at, v)| (is(at), v)), None, Type::Text);
        let comment = note(format!("a value of tag `{tag}` that lost to an equal"), None);
        let value = self.columns.add(&format!("conflict_{tag}"), lost, Type::Text, comment);
        Some(Conflict { value, provenance: by })
    }
}

impl Ranked {
    /// Whether an equal before candidate `i` may win with another value. A native key is in no
    /// conflict with itself.
    fn may_lose(&self, run: &Range<usize>, i: usize) -> bool {
        let Some(candidate) = self.candidates.get(i) else {
            return false;
        };
        let mut before = self.candidates.iter().take(i).skip(run.start);
        before.any(|other| match (&candidate.origin, &other.origin) {
            (Origin::Native { key }, Origin::Native { key: other_key }) => key != other_key,
            _ => candidate.constant.is_none() || candidate.constant != other.constant,
        })
    }

    /// Returns the condition that the value came from an equal that candidate `i` can lose to. As
    /// the candidate is known to have a value, nothing behind it has won.
    fn won_among(&self, run: &Range<usize>, i: usize, provenance: ColumnId) -> Expr {
        let provenance = Expr::Column(provenance);
        let among_equals = match run.start {
            0 => Expr::bool(true),
            start => Expr::compare(CmpOp::Ge, provenance.clone(), index(self.base + start)),
        };
        let origin = self.candidates.get(i).map(|c| &c.origin);
        let own: Vec<Expr> = run
            .clone()
            .filter(|&j| j != i && self.candidates.get(j).map(|c| &c.origin) == origin)
            .map(|j| index(self.base + j))
            .collect();
        let another = if own.is_empty() { Expr::bool(true) } else { in_list(provenance, own, true) };
        Expr::and([among_equals, another])
    }
}

/// Whether nothing may be to be seen of a value: tags, cells of tables and literals are never blank.
fn may_be_blank(value: &Value) -> bool {
    match value {
        literal if literal.is_literal() => false,
        Value::Template(parts) => parts.iter().all(|part| match part {
            Value::Text(text) => is_blank(text),
            part => may_be_blank(part),
        }),
        Value::Tag(_) | Value::NativeTag(_) | Value::Lookup { .. } | Value::SourceOf(_) => false,
        _ => true,
    }
}

fn values(ranked: &Ranked) -> Vec<Expr> {
    ranked.candidates.iter().map(|c| c.value.clone()).collect()
}

/// Returns the code of the source, told from the provenance: candidates are ordered by source.
fn source_of(ranked: &Ranked, provenance: ColumnId) -> Expr {
    let mut arms = Vec::new();
    let mut end = ranked.base;
    for run in ranked.candidates.chunk_by(|a, b| a.origin.source() == b.origin.source()) {
        end += run.len();
        if let Some(first) = run.first() {
            let below = Expr::compare(CmpOp::Lt, Expr::Column(provenance), index(end));
            arms.push((below, Expr::integer(Origin::source_code(first.origin.source()))));
        }
    }
    match Expr::case(arms, None, Type::Code) {
        null @ Expr::Null(_) => null,
        code => Expr::call(Function::ToCode, [code]),
    }
}

fn index(at: usize) -> Expr {
    Expr::Literal(Literal::Integer(i64::try_from(at).unwrap_or(i64::MAX)))
}
