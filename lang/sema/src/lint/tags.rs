//! What several items say of one tag: rules that another always beats, policies that contradict each
//! other or a rule, and two maps for one spelling. One query a tag, so that an edit checks anew only
//! the tags that it is about.

use std::collections::{BTreeSet, HashMap};

use super::facts::Names;
use super::logic::{Term, Verdict, never, verdict};
use super::patterns::{Matcher, fold};
use crate::check::{Typed, checked};
use crate::codes::Code;
use crate::db::{Db, Project, SourceFile};
use crate::diagnostic::Draft;
use crate::formats;
use crate::hir::{Body, ItemKind, NodeId, PatternLit};
use crate::names::{Def, ItemRef, items_in_scope, scope};
use crate::program::{
    ActionKind, CheckKind, CmpOp, CompareAs, MapTarget, Normalize, Otherwise, Pattern, Policy, Pred, Rule,
    TagId, Value,
};

/// How many conditions on a tag, and how many policies that clash, are compared with each other.
const COMPARED: usize = 40;
/// How many pairs of rules of a tag are compared: all of some dozens, of thousands the nearest.
const PAIRS: usize = 4000;
/// How many values of rules are held against what policies ask.
const VALUES: usize = 500;

/// The items that say something of a tag, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Users {
    rules: Vec<ItemRef>,
    policies: Vec<ItemRef>,
    normalizes: Vec<ItemRef>,
}

/// Lists the items of a file that say something of a tag, with the tag. Stays equal when only
/// their bodies change.
#[salsa::tracked(returns(ref))]
fn file_users(db: &dyn Db, project: Project, file: SourceFile) -> Vec<(TagId, ItemRef)> {
    let mut users = Vec::new();
    for item in items_in_scope(db, project, file) {
        let mut tags: Vec<TagId> = match &checked(db, project, item.clone()).typed {
            Some(Typed::Rule(rule, _)) => rule.actions.iter().map(|action| action.tag).collect(),
            Some(Typed::Policy(policy, ..)) => policy.checks.iter().filter_map(|check| check.tag).collect(),
            Some(Typed::Normalize(tag, ..)) => vec![*tag],
            _ => continue,
        };
        tags.sort_unstable();
        tags.dedup();
        users.extend(tags.into_iter().map(|tag| (tag, item.clone())));
    }
    users
}

/// Lists the tags that the items of a file say something of, in the order of their names. What is found of
/// a tag stands at one of these items.
pub(super) fn tags_of(db: &dyn Db, project: Project, file: SourceFile) -> Vec<ItemRef> {
    let tags: BTreeSet<TagId> = file_users(db, project, file).iter().map(|(tag, _)| *tag).collect();
    let scope = scope(db, project);
    tags.into_iter().filter_map(|tag| scope.tags.get(tag.0 as usize).cloned()).collect()
}

/// Lists for each tag the items that say something of it.
#[salsa::tracked(returns(ref))]
fn users(db: &dyn Db, project: Project) -> Vec<Users> {
    let scope = scope(db, project);
    let mut users = vec![Users::default(); scope.tags.len()];
    for file in scope.files(db, project) {
        for (TagId(tag), item) in file_users(db, project, file) {
            let Some(users) = users.get_mut(*tag as usize) else { continue };
            match item.key.kind {
                ItemKind::Rule => users.rules.push(item.clone()),
                ItemKind::Policy => users.policies.push(item.clone()),
                _ => users.normalizes.push(item.clone()),
            }
        }
    }
    users
}

/// Returns the items of one tag; stays equal when others come and go.
#[salsa::tracked(returns(ref))]
fn users_of(db: &dyn Db, project: Project, tag: ItemRef) -> Users {
    let index = scope(db, project).tags.iter().position(|other| *other == tag);
    index.and_then(|index| users(db, project).get(index).cloned()).unwrap_or_default()
}

/// Lints what several items say of one tag.
#[salsa::tracked(returns(ref))]
pub(super) fn tag_lints(db: &dyn Db, project: Project, tag: ItemRef) -> Vec<Draft> {
    let names = Names::new(db, project);
    let Some(Def::Tag(id)) = names.scope.def_of(&tag) else { return Vec::new() };
    let users = users_of(db, project, tag);
    let mut lint = TagLint { names, tag: id, drafts: Vec::new() };
    let rules = lint.rules(&users.rules);
    let requirements = lint.requirements(&users.policies);
    lint.covered(&rules);
    lint.contradictions(&requirements);
    lint.broken_by_rules(&rules, &requirements);
    lint.maps(&users.normalizes);
    lint.drafts
}

/// One action of a rule on the tag.
struct Given<'a> {
    item: &'a ItemRef,
    rule: &'a Rule,
    kind: ActionKind,
    value: &'a Value,
    node: NodeId,
}

/// What checks of policies ask of the tag: one condition, and all who ask it.
struct Requirement<'a> {
    pred: &'a Pred,
    kind: CheckKind,
    of: Vec<(&'a ItemRef, &'a Policy, NodeId)>,
}

impl Requirement<'_> {
    /// The condition, and whether it must hold.
    fn term(&self) -> Term<'_> {
        (self.pred, self.kind == CheckKind::Require)
    }
}

struct TagLint<'a> {
    names: Names<'a>,
    tag: TagId,
    drafts: Vec<Draft>,
}

impl<'a> TagLint<'a> {
    /// The actions on the tag, the strongest first.
    fn rules(&self, items: &'a [ItemRef]) -> Vec<Given<'a>> {
        let mut given = Vec::new();
        for item in items {
            let checked = checked(self.names.db, self.names.project, item.clone());
            let Some(Typed::Rule(rule, nodes)) = &checked.typed else { continue };
            let actions = rule.actions.iter().zip(nodes).filter(|(action, _)| action.tag == self.tag);
            given.extend(actions.map(|(action, node)| Given {
                item,
                rule,
                kind: action.kind,
                value: &action.value,
                node: *node,
            }));
        }
        given.sort_by_key(|given| (given.kind == ActionKind::Fill, std::cmp::Reverse(given.rule.priority)));
        given
    }

    /// What is asked of the tag, each condition once.
    fn requirements(&self, items: &'a [ItemRef]) -> Vec<Requirement<'a>> {
        let mut requirements: Vec<Requirement<'a>> = Vec::new();
        for item in items {
            let checked = checked(self.names.db, self.names.project, item.clone());
            let Some(Typed::Policy(policy, nodes, _)) = &checked.typed else { continue };
            let checks = policy.checks.iter().zip(nodes).filter(|(check, _)| check.tag == Some(self.tag));
            for (check, node) in checks {
                let asked = (item, &**policy, *node);
                let is_full = requirements.len() >= COMPARED;
                let same =
                    |other: &&mut Requirement<'_>| *other.pred == check.pred && other.kind == check.kind;
                match requirements.iter_mut().find(same) {
                    Some(other) => other.of.push(asked),
                    None if is_full => {}
                    None => {
                        let (pred, kind) = (&check.pred, check.kind);
                        requirements.push(Requirement { pred, kind, of: vec![asked] });
                    }
                }
            }
        }
        requirements
    }

    /// Rules that a stronger one always beats.
    fn covered(&mut self, rules: &[Given<'a>]) {
        let window = PAIRS / rules.len().max(1) + 4;
        let always = rules.iter().position(|given| given.rule.when.is_none() && gives_always(given));
        for (i, given) in rules.iter().enumerate() {
            let nearest = i.saturating_sub(window)..i;
            let mut stronger = always.filter(|first| *first < i).into_iter().chain(nearest);
            let found = stronger.find_map(|j| rules.get(j).filter(|other| self.covers(other, given)));
            if let Some(other) = found {
                let draft = self.covered_draft(given, other);
                self.drafts.push(draft);
            }
        }
    }

    fn covers(&self, stronger: &Given<'_>, weaker: &Given<'_>) -> bool {
        let Some(stronger_when) = &stronger.rule.when else { return gives_always(stronger) };
        let mut terms: Vec<Term<'_>> = weaker.rule.when.iter().map(|when| (when, true)).collect();
        terms.push((stronger_when, false));
        gives_always(stronger)
            && never(&terms, &self.names)
            // One that never fires has a lint of its own.
            && !never(terms.get(..terms.len() - 1).unwrap_or_default(), &self.names)
    }

    fn covered_draft(&self, given: &Given<'_>, other: &Given<'_>) -> Draft {
        let tag = self.names.tag(self.tag);
        let (beats, help) = if other.kind != given.kind {
            ("`set` beats `fill`", "narrow the other rule, or remove this one")
        } else if other.rule.priority > given.rule.priority {
            (
                "has the higher priority",
                "narrow the other rule, give this one the higher `priority`, or remove it",
            )
        } else {
            ("stands first", "narrow the other rule, give this one the higher `priority`, or remove it")
        };
        let message = format!(
            "this never gives `{tag}` its value: rule `{}` fires wherever this one does, and {beats}",
            other.rule.name
        );
        Draft::new(Code::L0004, given.item.anchor(given.node), message)
            .related(other.item.anchor(other.node), "the rule that wins")
            .help(help)
    }

    /// Requirements that no value can meet together, on scopes that share a resource.
    fn contradictions(&mut self, requirements: &[Requirement<'a>]) {
        for (i, one) in requirements.iter().enumerate() {
            for other in requirements.iter().skip(i + 1) {
                let possible = |terms: &[Term<'_>]| !never(terms, &self.names);
                if possible(&[one.term(), other.term()])
                    || !possible(&[one.term()])
                    || !possible(&[other.term()])
                {
                    continue;
                }
                let pairs =
                    one.of.iter().flat_map(|first| other.of.iter().map(move |second| (first, second)));
                let clash = pairs.take(COMPARED).find(|((_, one, _), (_, other, _))| {
                    self.overlap(one.scope.as_ref(), other.scope.as_ref())
                });
                if let Some(((first, one, node), (second, other, other_node))) = clash {
                    let both = if first == second { "the scope" } else { "both scopes" };
                    let message =
                        format!("no resource in {both} can pass this check and that of `{}`", one.name);
                    let draft = Draft::new(Code::L0007, second.anchor(*other_node), message)
                        .label(format!("policy `{}` requires this", other.name))
                        .related(first.anchor(*node), format!("policy `{}` requires this", one.name))
                        .help("narrow one of the scopes, or make the policies require the same value");
                    self.drafts.push(draft);
                }
            }
        }
    }

    /// Whether some resource is surely in both scopes.
    fn overlap(&self, one: Option<&Pred>, other: Option<&Pred>) -> bool {
        let terms: Vec<Term<'_>> = one.into_iter().chain(other).map(|scope| (scope, true)).collect();
        verdict(&terms, &self.names) == Verdict::Possible
    }

    /// Values of rules that a policy forbids wherever the rule fires.
    fn broken_by_rules(&mut self, rules: &[Given<'a>], requirements: &[Requirement<'a>]) {
        let mut broken: HashMap<&str, Vec<usize>> = HashMap::new();
        for given in rules {
            let Value::Text(value) = given.value else { continue };
            let is_value = Pred::Compare {
                op: CmpOp::Eq,
                left: Value::Tag(self.tag),
                right: Value::Text(value.clone()),
                by: CompareAs::Text,
            };
            let fails = |requirement: &Requirement<'_>| {
                never(&[(&is_value, true), requirement.term()], &self.names)
                    && !never(&[requirement.term()], &self.names)
            };
            if broken.len() >= VALUES {
                break;
            }
            let broken = broken.entry(value).or_insert_with(|| {
                (0..requirements.len()).filter(|i| requirements.get(*i).is_some_and(fails)).collect()
            });
            let of =
                broken.iter().filter_map(|i| requirements.get(*i)).flat_map(|requirement| &requirement.of);
            let found = of.take(COMPARED).find(|(_, policy, _)| self.fires_within(given.rule, policy));
            if let Some((item, policy, node)) = found {
                let message =
                    format!("`{value}` breaks policy `{}` wherever this rule gives it", policy.name);
                let draft = Draft::new(Code::L0008, given.item.anchor(given.node), message)
                    .related(item.anchor(*node), "the policy requires this")
                    .help("give another value, or narrow the rule or the policy");
                self.drafts.push(draft);
            }
        }
    }

    /// Whether a policy refers to every resource that a rule fires for.
    fn fires_within(&self, rule: &Rule, policy: &Policy) -> bool {
        let mut terms: Vec<Term<'_>> = rule.when.iter().map(|when| (when, true)).collect();
        if never(&terms, &self.names) {
            return false;
        }
        let Some(scope) = &policy.scope else { return true };
        terms.push((scope, false));
        never(&terms, &self.names)
    }

    /// Spellings that two `normalize` items map to different values under one key.
    fn maps(&mut self, items: &'a [ItemRef]) {
        let normalizes: Vec<(&ItemRef, &Normalize)> = items
            .iter()
            .take(COMPARED)
            .filter_map(|item| {
                let checked = checked(self.names.db, self.names.project, item.clone());
                let Some(Typed::Normalize(_, normalize, _)) = &checked.typed else { return None };
                Some((item, &**normalize))
            })
            .collect();
        for (i, (later, of_later)) in normalizes.iter().enumerate() {
            for (earlier, of_earlier) in normalizes.iter().take(i) {
                // What a module knows stands behind what the project says.
                let in_layers = earlier.file.module(self.names.db) != later.file.module(self.names.db);
                if !in_layers
                    && share_a_key(of_earlier, of_later)
                    && self.overlap(of_earlier.scope.as_ref(), of_later.scope.as_ref())
                {
                    self.conflicting(earlier, of_earlier, later, of_later);
                    self.unasked(earlier, of_earlier, later, of_later);
                }
            }
        }
    }

    fn conflicting(&mut self, earlier: &ItemRef, first: &Normalize, later: &ItemRef, second: &Normalize) {
        let (first, second) = (Map::new(first), Map::new(second));
        for (i, j, text, target) in second.literals() {
            let MapTarget::Value(value) = target else { continue };
            let Some((k, l, other)) = first.decision(text) else { continue };
            let MapTarget::Value(other) = other else { continue };
            let places = (self.pattern_node(later, i, j), self.pattern_node(earlier, k, l));
            let (true, (Some(here), Some(there))) = (value != other, places) else { continue };
            let message =
                format!("`{text}` becomes `{value}` here and `{other}` there, for the same resources");
            let draft = Draft::new(Code::L0010, later.anchor(here), message)
                .related(earlier.anchor(there), "this one is used if both apply")
                .help("map it to the same value, or separate the two with `where`");
            self.drafts.push(draft);
        }
    }

    /// Spellings that never reach a map, since an earlier item reads all of its keys for all of its
    /// resources, and keeps what its own map does not know.
    fn unasked(&mut self, earlier: &ItemRef, first: &Normalize, later: &ItemRef, second: &Normalize) {
        if first.otherwise != Otherwise::Keep || !self.reads_all_of(first, second) {
            return;
        }
        let map = Map::new(first);
        let literals = Map::new(second);
        let lost: Vec<&str> =
            literals.literals().map(|(_, _, text, _)| text).filter(|text| !map.knows(text)).collect();
        let Some(first_lost) = lost.first() else { return };
        let never = match lost.len() {
            1 => format!("`{first_lost}` never reaches"),
            n => format!("`{first_lost}` and {} more never reach", n - 1),
        };
        let message = format!(
            "{never} this `normalize`: an earlier one reads the same keys, and keeps values that it does not map"
        );
        let draft = Draft::new(Code::L0009, later.name_anchor(), message)
            .related(earlier.name_anchor(), "this one is read first")
            .help("map them there");
        self.drafts.push(draft);
    }

    /// Whether one item reads all keys of another, for all resources that this one refers to.
    fn reads_all_of(&self, one: &Normalize, other: &Normalize) -> bool {
        let folded: Vec<String> = one.keys.iter().map(|key| formats::fold_key(key)).collect();
        let all_keys = other.keys.iter().all(|key| folded.contains(&formats::fold_key(key)));
        let Some(scope) = &one.scope else { return all_keys };
        let of_other = other.scope.iter().map(|scope| (scope, true));
        let terms: Vec<Term<'_>> = of_other.chain([(scope, false)]).collect();
        all_keys && never(&terms, &self.names)
    }

    fn pattern_node(&self, item: &ItemRef, arm: usize, pattern: usize) -> Option<NodeId> {
        let hir = item.item(self.names.db)?;
        let Body::Normalize(normalize) = &hir.body else { return None };
        Some(match normalize.maps.get(arm)?.patterns.get(pattern)? {
            PatternLit::Text(text) => text.id,
            PatternLit::Regex(regex) => regex.id,
            PatternLit::Name(name) => name.id,
        })
    }
}

/// Whether an action gives a value whenever its rule fires.
fn gives_always(given: &Given<'_>) -> bool {
    matches!(given.value, Value::Text(_))
}

fn share_a_key(one: &Normalize, other: &Normalize) -> bool {
    let folded: Vec<String> = one.keys.iter().map(|key| formats::fold_key(key)).collect();
    other.keys.iter().any(|key| folded.contains(&formats::fold_key(key)))
}

/// The patterns of a map, ready to be asked.
struct Map<'a> {
    /// All of them in order: arm, place in it, pattern and target.
    patterns: Vec<(usize, usize, &'a Pattern, &'a MapTarget)>,
    /// The first literal of each text.
    literals: HashMap<String, usize>,
    /// The others.
    wide: Vec<(usize, Matcher)>,
}

impl<'a> Map<'a> {
    fn new(normalize: &'a Normalize) -> Self {
        let arms = normalize.arms.iter().enumerate();
        let patterns = arms.flat_map(|(i, arm)| {
            arm.patterns.iter().enumerate().map(move |(j, pattern)| (i, j, pattern, &arm.target))
        });
        let mut map = Self { patterns: patterns.collect(), literals: HashMap::new(), wide: Vec::new() };
        for (index, (_, _, pattern, _)) in map.patterns.iter().enumerate() {
            match pattern {
                Pattern::Literal(text) => drop(map.literals.entry(fold(text)).or_insert(index)),
                _ => map.wide.push((index, Matcher::new(pattern))),
            }
        }
        map
    }

    /// The pattern that decides what a text becomes, by arm and place in it, and what. None too for a
    /// target with groups in it.
    fn decision(&self, text: &str) -> Option<(usize, usize, &'a MapTarget)> {
        let literal = self.literals.get(&fold(text)).copied();
        let wide = self.wide.iter().find(|(_, matcher)| matcher.matches(text)).map(|(index, _)| *index);
        let first = literal.into_iter().chain(wide).min()?;
        let (i, j, pattern, target) = *self.patterns.get(first)?;
        let has_groups = matches!(pattern, Pattern::Regex(_))
            && matches!(target, MapTarget::Value(value) if value.contains('$'));
        (!has_groups).then_some((i, j, target))
    }

    /// Whether some pattern matches a text.
    fn knows(&self, text: &str) -> bool {
        self.literals.contains_key(&fold(text)) || self.wide.iter().any(|(_, matcher)| matcher.matches(text))
    }

    /// The texts of its literal patterns that it decides by them.
    fn literals(&self) -> impl Iterator<Item = (usize, usize, &'a str, &'a MapTarget)> {
        let literals = self.patterns.iter().filter_map(|(i, j, pattern, target)| match pattern {
            Pattern::Literal(text) => Some((*i, *j, text.as_str(), *target)),
            _ => None,
        });
        literals.filter(|(i, j, text, _)| {
            self.decision(text).is_some_and(|(arm, pattern, _)| (arm, pattern) == (*i, *j))
        })
    }
}
