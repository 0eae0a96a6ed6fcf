//! What refers to the whole portfolio: `goal`, `allocate` and `infer`.

use rust_decimal::Decimal;

use super::literal::Amount;
use super::normalize::no_loc;
use super::{Ctx, Typed, sound};
use crate::codes::Code;
use crate::hir::{self, Coverage, Item, NodeId};
use crate::program::{
    self, Allocation, Attr, Dimension, Goal, Inference, Measure, Severity, Split, TagId, Target,
};

/// Attributes that many resources have in common.
const GROUPED: [Attr; 5] = [Attr::Account, Attr::Provider, Attr::Region, Attr::Type, Attr::Source];

impl Ctx<'_> {
    pub(super) fn goal(&mut self, item: &Item, body: &hir::Goal) -> Option<Typed> {
        self.once("severity", &body.severity.iter().map(|name| name.id).collect::<Vec<_>>());
        self.once("coverage", &body.coverage.iter().map(|coverage| coverage.id).collect::<Vec<_>>());
        self.once("for each", &body.each.iter().map(hir::Value::id).collect::<Vec<_>>());
        self.once("at least", &body.at_least.iter().map(|(node, _)| *node).collect::<Vec<_>>());
        self.once("at most", &body.at_most.iter().map(|limit| limit.id).collect::<Vec<_>>());
        let severity = body.severity.first().map(|name| self.severity(name));
        let scope = self.scope_of(&body.scopes);
        let each = body.each.first().map(|value| self.dimension(value));
        let target = match body.at_most.first() {
            Some(limit) => self.budget(body, limit).map(Target::Budget),
            None => self.coverage_target(item, body).map(Target::Coverage),
        };
        self.resources_only(body, target.as_ref());
        let goal = Goal {
            name: item.name.text.clone(),
            doc: item.doc.clone(),
            severity: sound(severity)?.unwrap_or(Severity::High),
            target: target?,
            each: sound(each)?,
            scope: scope?,
            loc: no_loc(),
        };
        Some(Typed::Goal(Box::new(goal)))
    }

    /// Reports charges in a goal that counts resources.
    fn resources_only(&mut self, body: &hir::Goal, target: Option<&Target>) {
        let Some(Target::Coverage(coverage)) = target else { return };
        let by = body.coverage.first().filter(|_| coverage.by == Measure::Count);
        let Some(by) = by else { return };
        if self.reads.charges || !body.charges.is_empty() {
            let at = body.charges.first().copied().unwrap_or(by.by.id);
            let draft = self
                .draft(Code::E0013, at, "a goal by count is about resources, and not about charges")
                .help("write `by cost`, or leave the charges out");
            self.report(draft);
        }
    }

    fn coverage_target(&mut self, item: &Item, body: &hir::Goal) -> Option<program::Coverage> {
        if body.coverage.is_empty() && body.at_least.is_empty() {
            if !item.broken {
                let message = format!("goal `{}` has no target", item.name.text);
                let draft = self.draft(Code::E0040, item.name.id, message).help(
                    "add `coverage of [owner] by cost` and `at least 90%`, or a budget like `at most 5000 USD`",
                );
                self.report(draft);
            }
            return None;
        }
        let coverage = match body.coverage.first() {
            Some(coverage) => self.coverage(coverage),
            None => {
                self.lacks(item, "goal", "coverage", "coverage of [owner] by cost");
                None
            }
        };
        let at_least = match body.at_least.first() {
            Some((node, text)) => self.share(*node, text),
            None => {
                self.lacks(item, "goal", "at least", "at least 90%");
                None
            }
        };
        let (tags, by) = coverage?;
        Some(program::Coverage { tags, by, at_least: at_least? })
    }

    /// Reads `at most 5000 USD`, which no coverage stands beside.
    fn budget(&mut self, body: &hir::Goal, quantity: &hir::Quantity) -> Option<program::Budget> {
        let coverage = body.coverage.iter().map(|coverage| coverage.id);
        let others: Vec<NodeId> = coverage.chain(body.at_least.iter().map(|(node, _)| *node)).collect();
        if let Some(node) = others.first() {
            let draft = self
                .draft(Code::E0048, *node, "a goal is a coverage or a budget, not both")
                .related(self.anchor(quantity.id), "`at most` makes it a budget")
                .help("write two goals");
            self.report(draft);
        }
        let (limit, currency) = match self.amount(quantity)? {
            Amount::Money(limit, currency) => (limit, currency),
            Amount::Duration(_) => {
                let draft = self
                    .draft(Code::E0020, quantity.id, "expected an amount of money, found a length of time")
                    .help("a budget is the limit of a month: `at most 5000 USD`");
                self.report(draft);
                return None;
            }
        };
        if limit.is_sign_negative() && !limit.is_zero() {
            let draft = self.draft(Code::E0024, quantity.id, "a budget is at least 0");
            self.report(draft);
            return None;
        }
        others.is_empty().then_some(program::Budget { limit, currency })
    }

    /// Reads what a goal is measured for each value of.
    fn dimension(&mut self, value: &hir::Value) -> Option<Dimension> {
        if let hir::Value::Path(_, name, steps) = value
            && steps.is_empty()
            && !self.scope().names.contains_key(&name.text)
            && let Some(attr) = GROUPED.into_iter().find(|attr| attr.as_str() == name.text)
        {
            let path = format!("resource.{}", attr.as_str());
            let draft = self
                .draft(Code::E0010, name.id, format!("there is no tag `{}`", name.text))
                .help(format!("the attribute is written `{path}`"))
                .fix(path);
            self.report(draft);
            return None;
        }
        let is_resource = matches!(value, hir::Value::Path(_, name, steps)
            if name.text == "resource" && steps.is_empty());
        let typed = if is_resource { None } else { Some(self.value(value, None)?.0) };
        match typed {
            Some(program::Value::Tag(tag)) => return Some(Dimension::Tag(tag)),
            Some(program::Value::Charge(attr)) => return Some(Dimension::Charge(attr)),
            Some(program::Value::Attr(attr)) if GROUPED.contains(&attr) => {
                return Some(Dimension::Attr(attr));
            }
            _ => {}
        }
        let each_resource = matches!(typed, None | Some(program::Value::Attr(Attr::Id | Attr::Name)));
        let names = GROUPED.map(|attr| format!("`resource.{}`", attr.as_str()));
        let draft = if each_resource {
            self.draft(Code::E0020, value.id(), "a goal is about groups of resources")
                .help("write a policy to require something of each resource, and the scope of a goal as `for resource where …`")
        } else {
            self.draft(Code::E0020, value.id(), "resources are not grouped by this value")
                .help(format!("name a tag, or one of {}", names.join(", ")))
        };
        self.report(draft);
        None
    }

    fn coverage(&mut self, coverage: &Coverage) -> Option<(Vec<TagId>, Measure)> {
        let mut tags = Vec::new();
        let mut first: Vec<(TagId, NodeId)> = Vec::new();
        for value in &coverage.tags {
            let hir::Value::Path(_, name, steps) = value else {
                let draft = self.draft(Code::E0020, value.id(), "expected the name of a tag");
                self.report(draft);
                continue;
            };
            if !steps.is_empty() {
                let draft = self.draft(Code::E0020, value.id(), "expected the name of a tag alone");
                self.report(draft);
                continue;
            }
            let Some(tag) = self.tag(name) else { continue };
            match first.iter().find(|(other, _)| *other == tag) {
                Some((_, node)) => self.once(&name.text, &[*node, name.id]),
                None => first.push((tag, name.id)),
            }
            self.reads.tags.insert(tag);
            tags.push(tag);
        }
        if coverage.tags.is_empty() {
            let draft = self.draft(Code::E0040, coverage.id, "a coverage names at least one tag");
            self.report(draft);
            return None;
        }
        let words = [("count", Measure::Count), ("cost", Measure::Cost)];
        let by = self.word(&coverage.by, "measure of a coverage", &words);
        (tags.len() == coverage.tags.len()).then_some((tags, by?))
    }

    /// Reads a share of a whole: `90%` or `0.90`, from 0 to 1.
    fn share(&mut self, node: NodeId, text: &str) -> Option<Decimal> {
        let percent = text.strip_suffix('%');
        let number: Option<Decimal> = percent.unwrap_or(text).parse().ok();
        let share = match percent {
            Some(_) => number.and_then(|number| number.checked_div(Decimal::ONE_HUNDRED)),
            None => number,
        };
        if let Some(share) = share.filter(|share| (Decimal::ZERO..=Decimal::ONE).contains(share)) {
            return Some(share);
        }
        let mut draft = self
            .draft(Code::E0024, node, format!("`{text}` is not a share of a whole"))
            .help("write a percentage from `0%` to `100%`, or a number from 0 to 1");
        let hundred = Decimal::ONE_HUNDRED;
        if percent.is_none() && number.is_some_and(|number| number > Decimal::ONE && number <= hundred) {
            draft = draft.help(format!("did you mean `{text}%`?")).fix(format!("{text}%"));
        }
        self.report(draft);
        None
    }

    pub(super) fn infer(&mut self, item: &Item, body: &hir::Infer) -> Option<Typed> {
        self.once("apply at", &body.apply.iter().map(|(node, _)| *node).collect::<Vec<_>>());
        self.once("suggest at", &body.suggest.iter().map(|(node, _)| *node).collect::<Vec<_>>());
        let apply = body.apply.first().map(|(node, text)| self.share(*node, text));
        let suggest = body.suggest.first().map(|(node, text)| self.share(*node, text));
        if apply.is_none() && suggest.is_none() && !item.broken {
            let draft = self
                .draft(Code::E0040, item.name.id, "this `infer` has neither `apply at` nor `suggest at`")
                .help("add a line like `apply at 0.90` or `suggest at 0.70`");
            self.report(draft);
            return None;
        }
        // A tag that two lists name is told once for the project; within one list here.
        let tags: Vec<Option<TagId>> = body.tags.iter().map(|name| self.tag(name)).collect();
        let (apply, suggest) = (sound(apply)?, sound(suggest)?);
        let nodes = body.tags.iter().map(|name| name.id).collect();
        let inferences =
            tags.into_iter().map(|tag| Some(Inference { tag: tag?, apply, suggest, loc: no_loc() }));
        inferences.collect::<Option<Vec<_>>>().map(|inferences| Typed::Infer(inferences, nodes))
    }

    pub(super) fn allocate(&mut self, item: &Item, body: &hir::Allocate) -> Option<Typed> {
        self.once("from", &body.from.iter().map(|(node, _)| *node).collect::<Vec<_>>());
        self.once("to", &body.to.iter().map(|to| to.id).collect::<Vec<_>>());
        self.once("split", &body.split.iter().map(|split| split.id).collect::<Vec<_>>());
        if body.from.is_empty() {
            self.lacks(item, "allocation", "from", "from resource where team == shared");
        }
        let from = self.scope_of(body.from.get(..1).unwrap_or_default());
        let to = match body.to.first() {
            Some(to) => self.allocate_to(to),
            None => {
                self.lacks(item, "allocation", "to", "to every team");
                None
            }
        };
        let tag = to.as_ref().map(|(tag, _)| *tag);
        let split = match body.split.first() {
            Some(split) => self.split(split, tag),
            None => {
                self.lacks(item, "allocation", "split", "split proportional");
                None
            }
        };
        let (to, among) = to?;
        let split = split?;
        self.shares_within(body, among.as_deref(), &split);
        let allocation = Allocation {
            name: item.name.text.clone(),
            doc: item.doc.clone(),
            from: from?,
            to,
            among,
            split,
            loc: no_loc(),
        };
        (!body.from.is_empty()).then(|| Typed::Allocate(Box::new(allocation)))
    }

    fn allocate_to(&mut self, to: &hir::AllocateTo) -> Option<(TagId, Option<Vec<String>>)> {
        let tag = self.tag(&to.tag)?;
        self.reads.tags.insert(tag);
        let Some(among) = &to.among else { return Some((tag, None)) };
        let ty = self.decl(tag).ty.clone();
        let values: Vec<Option<String>> =
            among.iter().map(|value| self.tag_literal(&to.tag.text, ty.as_ref(), value)).collect();
        values.into_iter().collect::<Option<Vec<_>>>().map(|values| (tag, Some(values)))
    }

    fn split(&mut self, split: &hir::SplitBy, tag: Option<TagId>) -> Option<Split> {
        let words = [("proportional", 0), ("even", 1), ("fixed", 2)];
        let how = self.word(&split.how, "way to split", &words)?;
        match (how, &split.shares) {
            (2, Some(shares)) => self.fixed(split, shares, tag),
            (2, None) => {
                let draft = self
                    .draft(Code::E0040, split.id, "`split fixed` has no shares")
                    .help("add them: `split fixed { web: 60%  data: 40% }`");
                self.report(draft);
                None
            }
            (_, Some(_)) => {
                let draft = self
                    .draft(Code::E0020, split.id, format!("`split {}` takes no shares", split.how.text))
                    .help("shares are written after `split fixed`");
                self.report(draft);
                None
            }
            (0, None) => Some(Split::Proportional),
            (_, None) => Some(Split::Even),
        }
    }

    fn fixed(
        &mut self,
        split: &hir::SplitBy,
        shares: &[(hir::Text, NodeId, String)],
        tag: Option<TagId>,
    ) -> Option<Split> {
        let ty = self.decl(tag?).ty.clone();
        let name = self.tag_name(tag?);
        let mut first: Vec<(String, NodeId)> = Vec::new();
        let mut typed = Vec::new();
        for (value, node, number) in shares {
            let text = self.plain_text(value);
            if let Some((_, other)) = first.iter().find(|(other, _)| *other == text) {
                self.once(&text, &[*other, value.id]);
            }
            first.push((text.clone(), value.id));
            let text = ty.as_ref().and_then(|ty| self.valid_for(&name, ty, value.id, text));
            let share = self.share(*node, number);
            typed.extend(text.zip(share));
        }
        (typed.len() == shares.len()).then_some(())?;
        let whole: Decimal = typed.iter().map(|(_, share)| share).sum();
        if whole != Decimal::ONE {
            let percent = (whole * Decimal::ONE_HUNDRED).normalize();
            let draft = self
                .draft(Code::E0047, split.id, format!("the shares add up to {percent}%, not 100%"))
                .help("the shares must add up to 100%, so that totals do not change");
            self.report(draft);
            return None;
        }
        Some(Split::Fixed(typed))
    }

    /// Reports shares of values that `to T in […]` leaves out, and values without a share.
    fn shares_within(&mut self, body: &hir::Allocate, among: Option<&[String]>, split: &Split) {
        let (Some(among), Split::Fixed(shares)) = (among, split) else { return };
        let Some(node) = body.split.first().map(|split| split.id) else { return };
        for (value, _) in shares.iter().filter(|(value, _)| !among.contains(value)) {
            let draft = self
                .draft(
                    Code::E0047,
                    node,
                    format!("`{value}` has a share and is not among the values of `to`"),
                )
                .help("add it there too, or remove its share");
            self.report(draft);
        }
        for value in among.iter().filter(|value| shares.iter().all(|(other, _)| other != *value)) {
            let draft = self
                .draft(Code::E0047, node, format!("`{value}` has no share"))
                .help("add one; `0%` if its share is empty");
            self.report(draft);
        }
    }
}
