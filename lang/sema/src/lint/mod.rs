//! Lints: what is allowed, and probably a mistake.
//!
//! In: items as they are written and as they were typed. Out: drafts, like those of the checker, at
//! the levels that the project gives them. A lint that says "never" or "always" has proved it
//! (`logic`); what cannot be proved is not said.
//!
//! | query | reads | finds |
//! |---|---|---|
//! | [`file_lints`] | all below of one file, places and levels | what is to be shown |
//! | [`item_lints`] | one item and what it names | what one item says for itself |
//! | `tag_lints` | the rules, policies and maps of one tag | what they say together |
//! | `unnamed_items` | what all items name | what nothing names |
//! | `shadowed_items` | the names of the project | what hides a name of a module |

mod allowed;
mod conditions;
mod exemptions;
mod facts;
mod feasibility;
mod inequalities;
mod levels;
mod logic;
mod patterns;
mod policies;
mod regexes;
mod remedies;
mod rules;
mod shadowed;
mod sites;
mod substrings;
mod tags;
mod templates;
mod unused;
mod vocabulary;

use std::collections::HashMap;

use self::allowed::Allowed;
pub(crate) use self::allowed::unknown_lints;
use self::conditions::{place, what};
use self::facts::Names;
pub use self::feasibility::{Feasibility, feasible};
pub use self::levels::{LintLevel, LintLevels, UnknownLint};
use self::logic::never;
pub use self::logic::{is_text_test, witness};
use self::shadowed::shadowed_items;
use self::sites::{Role, Site, sites};
pub use self::substrings::suspects;
use self::tags::{tag_lints, tags_of};
use self::unused::unnamed_items;
pub use self::vocabulary::{inventory_type, is_known_type};
use crate::check::{Typed, checked};
use crate::codes::Code;
use crate::db::{Db, Project, SourceFile};
use crate::diagnostic::{Anchor, Diagnostic, Draft};
use crate::hir::{Body, Item, ItemKey, NodeId};
use crate::names::{ItemRef, items_in_scope};
use crate::places::Places;
use crate::program::{Policy, Pred};
use crate::report::{errors, has_errors, sort};

/// Returns everything there is to say about a project: what is wrong, and what lints find; ordered
/// by (file, position).
pub fn diagnostics(db: &dyn Db, project: Project) -> Vec<Diagnostic> {
    let mut all = errors(db, project);
    all.extend(lints(db, project));
    sort(db, &mut all);
    all
}

/// Returns what lints find, at the levels of the project; ordered by (file, position).
pub fn lints(db: &dyn Db, project: Project) -> Vec<Diagnostic> {
    project.files(db).iter().flat_map(|file| file_lints(db, project, *file)).cloned().collect()
}

/// Returns what lints find in a file, at the levels of the project, ordered by position. What a
/// module of the standard library does is not for its users to fix, so nothing is reported of it.
#[salsa::tracked(returns(ref))]
pub fn file_lints(db: &dyn Db, project: Project, file: SourceFile) -> Vec<Diagnostic> {
    if file.module(db).is_some() {
        return Vec::new();
    }
    let names = Names::new(db, project);
    let mut across: HashMap<&ItemKey, Vec<&Draft>> = HashMap::new();
    for draft in across_items(db, project, file) {
        across.entry(&draft.at.key).or_default().push(draft);
    }
    let items = items_in_scope(db, project, file);
    let mut found: Vec<Diagnostic> = items
        .iter()
        .flat_map(|item| of_item(names, item, across.get(&item.key).map(Vec::as_slice).unwrap_or_default()))
        .collect();
    found.sort_by_key(|diagnostic| (diagnostic.range.start(), diagnostic.range.end(), diagnostic.code));
    found
}

/// What the items of a file and others say together. Asks only for the tags that the file refers to, since
/// to ask for those of a whole project after each edit takes longer than the check.
#[salsa::tracked(returns(ref))]
fn across_items(db: &dyn Db, project: Project, file: SourceFile) -> Vec<Draft> {
    let tags = tags_of(db, project, file).into_iter();
    let of_tags = tags.flat_map(|tag| tag_lints(db, project, tag));
    // Where something is wrong, names may be used that were not understood.
    let unnamed = if has_errors(db, project) { &[] } else { unnamed_items(db, project).as_slice() };
    of_tags
        .chain(unnamed)
        .chain(shadowed_items(db, project))
        .filter(|draft| draft.at.file == file)
        .cloned()
        .collect()
}

/// What is found in one item, less what it allows and what the project does.
fn of_item(names: Names<'_>, item: &ItemRef, across: &[&Draft]) -> Vec<Diagnostic> {
    let Names { db, project, .. } = names;
    let Some(hir) = item.item(db) else { return Vec::new() };
    let today = project.today(db);
    let expired = match (&hir.body, &checked(db, project, item.clone()).typed, &today) {
        (Body::Exempt(hir), Some(Typed::Exempt(typed, _)), Some(today)) => {
            typed.first().and_then(|exemption| exemptions::expired(item, hir, exemption, *today))
        }
        _ => None,
    };
    let drafts = item_lints(db, project, item.clone()).iter().chain(across.iter().copied()).chain(&expired);
    let mut allowed = Allowed::of(&hir);
    let reported: Vec<&Draft> = drafts.filter(|draft| !allowed.silences(draft.code)).collect();
    let judged = |code| !has_errors(db, project) && (code != Code::L0011 || today.is_some());
    let needless = allowed.needless(item, judged);
    let places = Places { db };
    let at_level = |draft: &Draft| {
        let level = project.levels(db).of(draft.code)?;
        Some(Diagnostic { level, ..places.diagnostic(draft) })
    };
    reported.into_iter().chain(&needless).filter_map(at_level).collect()
}

/// Lints one item by itself.
#[salsa::tracked(returns(ref))]
pub fn item_lints(db: &dyn Db, project: Project, item: ItemRef) -> Vec<Draft> {
    let Some(hir) = item.item(db) else { return Vec::new() };
    let names = Names::new(db, project);
    let mut lint = Lint { names, item: &item, whens: Vec::new(), drafts: Vec::new() };
    if let Some(typed) = &checked(db, project, item.clone()).typed {
        lint.run(&hir, typed);
    }
    lint.drafts
}

/// What the lints of one item have at hand.
struct Lint<'a> {
    names: Names<'a>,
    item: &'a ItemRef,
    /// All `when`s of a rule.
    whens: Vec<&'a Pred>,
    drafts: Vec<Draft>,
}

impl<'a> Lint<'a> {
    fn run(&mut self, hir: &Item, typed: &'a Typed) {
        let sites = sites(hir, typed);
        self.whens = match typed {
            Typed::Rule(rule, _) => rule.when.iter().flat_map(conjuncts).collect(),
            _ => Vec::new(),
        };
        let policy = if let Typed::Policy(policy, ..) = typed { Some(&**policy) } else { None };
        self.regexes(hir);
        self.templates(hir);
        let mut is_sound = true;
        for site in &sites {
            is_sound &= self.site(*site, policy);
        }
        match (&hir.body, typed) {
            (Body::Normalize(hir), Typed::Normalize(_, normalize, _)) => self.patterns(hir, normalize),
            (Body::Policy(hir), Typed::Policy(policy, _, nodes)) => {
                if is_sound && !self.empty_scope(&hir.scopes, policy.scope.as_ref()) {
                    self.fixed_checks(hir, policy);
                }
                self.remedies(policy, nodes);
            }
            (Body::Goal(hir), Typed::Goal(goal)) if is_sound => {
                self.empty_scope(&hir.scopes, goal.scope.as_ref());
            }
            (Body::Allocate(hir), Typed::Allocate(allocation)) if is_sound => {
                self.empty_scope(&hir.from, allocation.from.as_ref());
            }
            (Body::Rule(hir), Typed::Rule(rule, _)) if is_sound => self.never_fires(hir, rule.when.as_ref()),
            (Body::Exempt(hir), Typed::Exempt(exemptions, _)) => {
                for (path, exemption) in hir.paths.iter().zip(exemptions) {
                    self.exemption(path, exemption);
                }
            }
            (Body::Infer(hir), Typed::Infer(inferences, _)) => self.thresholds(hir, inferences),
            _ => {}
        }
    }

    /// Lints one condition. Returns whether it is worth asking what it comes to as a whole.
    fn site(&mut self, site: Site<'_>, policy: Option<&Policy>) -> bool {
        self.substrings(site);
        self.providers(site);
        self.vocabulary(site);
        self.inequalities(site, policy);
        let before = self.drafts.len();
        self.same_sides(site);
        self.written_twice(site);
        let is_odd = self.regexes_of(site) || self.drafts.len() > before;
        if is_odd {
            return false;
        }
        let is_constant = match site.role {
            Role::Define | Role::Where => {
                place(site.expr).is_some_and(|place| self.constant(place, site.pred, what(site.role)))
            }
            // Lints of their own tell of these.
            _ => {
                !matches!(site.pred, Pred::Const(_))
                    && (never(&[(site.pred, true)], &self.names) || never(&[(site.pred, false)], &self.names))
            }
        };
        if !is_constant {
            self.constant_parts(site);
        }
        true
    }

    fn anchor(&self, node: NodeId) -> Anchor {
        self.item.anchor(node)
    }

    fn draft(&self, code: Code, node: NodeId, message: impl Into<String>) -> Draft {
        Draft::new(code, self.anchor(node), message)
    }

    fn report(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }
}

/// The conditions of an `and`, or the one that there is.
fn conjuncts(pred: &Pred) -> &[Pred] {
    match pred {
        Pred::And(parts) => parts,
        other => std::slice::from_ref(other),
    }
}
