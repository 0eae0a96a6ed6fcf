//! Policies and waivers.

use super::normalize::no_loc;
use super::{Ctx, Typed, Used, checked, sound};
use crate::codes::Code;
use crate::db::{Db, Project};
use crate::hir::{self, CheckPath, Expr, Item, NodeId, Step};
use crate::names::{Def, ItemRef, Wanted};
use crate::program::{
    self, Attr, Check, CheckKind, CmpOp, CompareAs, Control, Direction, Escalation, Format, NativePart, Pred,
    Remedy, TagId, TextOp, Value,
};
use crate::validity::describe;

/// Lists the identities of a policy's checks, so that what names one is checked again only if
/// these change. None: the policy is wrong.
#[salsa::tracked(returns(ref))]
fn check_ids(db: &dyn Db, project: Project, policy: ItemRef) -> Option<Vec<String>> {
    match &checked(db, project, policy).typed {
        Some(Typed::Policy(policy, ..)) => Some(policy.checks.iter().map(|check| check.id.clone()).collect()),
        _ => None,
    }
}

impl Ctx<'_> {
    pub(super) fn policy(&mut self, item: &Item, body: &hir::Policy) -> Option<Typed> {
        let nodes = |names: &[hir::Name]| names.iter().map(|name| name.id).collect::<Vec<_>>();
        self.once("severity", &nodes(&body.severity));
        self.once("grace", &body.grace.iter().map(hir::Length::id).collect::<Vec<_>>());
        self.once("escalate", &body.escalate.iter().map(|(id, ..)| *id).collect::<Vec<_>>());
        let severity = match body.severity.first() {
            Some(name) => self.severity(name),
            None => {
                self.lacks(item, "policy", "severity", "severity high");
                None
            }
        };
        let scope = self.scope_of(&body.scopes);
        let checks = self.checks(item, body);
        let grace = body.grace.first().map(|length| self.length(length));
        let escalate =
            body.escalate.first().map(|(node, to, after)| self.escalation(*node, to, after.as_ref()));
        let controls = body.controls.iter().map(|(framework, id)| {
            self.escapes(id);
            Control { framework: framework.text.clone(), id: id.value.clone() }
        });
        let controls = controls.collect();
        let check_nodes = body.checks.iter().map(|check| check.id).collect();
        let remedies = self.remedies(&body.remedies, checks.as_deref(), item.broken);
        let remedy_nodes = body.remedies.iter().map(|remedy| remedy.id).collect();
        let policy = program::Policy {
            name: item.name.text.clone(),
            doc: item.doc.clone(),
            severity: severity?,
            scope: scope?,
            checks: checks?,
            grace: sound(grace)?,
            escalate: sound(escalate)?,
            controls,
            remedies: remedies?,
            loc: no_loc(),
        };
        Some(Typed::Policy(Box::new(policy), check_nodes, remedy_nodes))
    }

    /// The remedies. Of a `broken` policy not all checks are known.
    fn remedies(
        &mut self,
        remedies: &[hir::Action],
        checks: Option<&[Check]>,
        broken: bool,
    ) -> Option<Vec<Remedy>> {
        let mut first: Vec<(TagId, NodeId)> = Vec::new();
        let typed: Vec<Option<Remedy>> = remedies
            .iter()
            .map(|remedy| {
                let tag = self.tag(&remedy.tag)?;
                match first.iter().find(|(other, _)| *other == tag) {
                    Some((_, node)) => {
                        self.once(&format!("remediate set {}", remedy.tag.text), &[*node, remedy.id])
                    }
                    None => first.push((tag, remedy.id)),
                }
                self.asked_for(remedy, tag, checks.filter(|_| !broken));
                let ty = self.decl(tag).ty.clone()?;
                let value = self.action_value(tag, &ty, &remedy.value)?;
                Some(Remedy { tag, value, loc: no_loc() })
            })
            .collect();
        typed.into_iter().collect()
    }

    /// Reports a remedy that would never be told, since no check is about its tag.
    fn asked_for(&mut self, remedy: &hir::Action, tag: TagId, checks: Option<&[Check]>) {
        if checks.is_none_or(|checks| checks.iter().any(|check| check.tag == Some(tag))) {
            return;
        }
        let name = &remedy.tag.text;
        let draft = self
            .draft(Code::E0046, remedy.tag.id, format!("no check of this policy is about `{name}`"))
            .help(format!(
                "a remedy is shown with the findings of checks about its tag: add `require {name}`, or remove the remedy"
            ));
        self.report(draft);
    }

    pub(super) fn lacks(&mut self, item: &Item, kind: &str, what: &str, example: &str) {
        if item.broken {
            return;
        }
        let draft = self
            .draft(Code::E0040, item.name.id, format!("{kind} `{}` has no `{what}`", item.name.text))
            .help(format!("add a line like `{example}`"));
        self.report(draft);
    }

    /// The scope of `for resource where …`. The outer None: it is wrong.
    #[expect(clippy::option_option, reason = "the inner None means all resources")]
    pub(super) fn scope_of(&mut self, scopes: &[(NodeId, Option<Expr>)]) -> Option<Option<Pred>> {
        self.once("for resource", &scopes.iter().map(|(node, _)| *node).collect::<Vec<_>>());
        match scopes.first() {
            None | Some((_, None)) => Some(None),
            Some((_, Some(expr))) => self.condition(expr).map(Some),
        }
    }

    fn escalation(
        &mut self,
        node: NodeId,
        to: &hir::Text,
        after: Option<&hir::Length>,
    ) -> Option<Escalation> {
        self.escapes(to);
        let Some(after) = after else {
            let draft = self.draft(Code::E0040, node, "`escalate` has no `after`");
            self.report(draft.help("add `after 48 hours`"));
            return None;
        };
        Some(Escalation { to: to.value.clone(), after: self.length(after)? })
    }

    /// Reads a length of time. A name stands for one in a policy with parameters only.
    fn length(&mut self, length: &hir::Length) -> Option<program::Duration> {
        match length {
            hir::Length::Quantity(quantity) => self.duration(quantity),
            hir::Length::Name(name) => {
                if !self.scope().may_define(&name.text) {
                    let draft = self
                        .draft(Code::E0020, name.id, "expected a length of time")
                        .help("write it like `24 hours` or `90 days`, or name a parameter of the policy");
                    self.report(draft);
                }
                None
            }
        }
    }

    fn checks(&mut self, item: &Item, body: &hir::Policy) -> Option<Vec<Check>> {
        if body.checks.is_empty() {
            self.lacks(item, "policy", "require", "require owner");
            return None;
        }
        let checks: Vec<Option<Check>> = body.checks.iter().map(|check| self.check_of(check)).collect();
        let mut first: Vec<(String, NodeId)> = Vec::new();
        for (check, hir) in checks.iter().zip(&body.checks) {
            let Some(check) = check else { continue };
            match first.iter().find(|(id, _)| *id == check.id) {
                None => first.push((check.id.clone(), hir.id)),
                Some((_, node)) => {
                    let message = format!("two checks of `{}` are named `{}`", item.name.text, check.id);
                    let help = match &hir.label {
                        Some(_) => {
                            "a label names one check: give each a statement and a label of its own".to_owned()
                        }
                        None => format!(
                            "a check is named after its tag, unless it has a label: `require {}-known: …`",
                            check.id
                        ),
                    };
                    let draft = self
                        .draft(Code::E0042, hir.id, message)
                        .label("this one needs a label of its own")
                        .related(self.anchor(*node), "the first of that name")
                        .help(help);
                    self.report(draft);
                }
            }
        }
        checks.into_iter().collect()
    }

    fn check_of(&mut self, check: &hir::Check) -> Option<Check> {
        if let Some(message) = &check.message {
            self.escapes(message);
        }
        let pred = self.check_condition(check)?;
        let tag = self.subject_tag(&check.expr);
        let id = match &check.label {
            Some(label) => {
                self.kebab_case(label);
                label.text.clone()
            }
            None => self.check_identity(check, tag)?,
        };
        let kind = if check.require { CheckKind::Require } else { CheckKind::Forbid };
        let expectation = self.expectation(&pred);
        let message = check.message.as_ref().map(|text| text.value.clone());
        Some(Check { id, kind, pred, tag, message, expectation, loc: no_loc() })
    }

    /// `require T` asks for a valid value, `forbid T` for none.
    fn check_condition(&mut self, check: &hir::Check) -> Option<Pred> {
        if let Expr::Value(hir::Value::Path(_, name, steps)) = &check.expr
            && steps.is_empty()
            && let Some(Def::Tag(tag)) = self.scope().names.get(&name.text).copied()
        {
            self.used(name.id, Used::Def(Def::Tag(tag)));
            self.reads.tags.insert(tag);
            return Some(if check.require { Pred::IsValid(tag) } else { Pred::IsSet(Value::Tag(tag)) });
        }
        self.condition(&check.expr)
    }

    /// The tag that a condition is about: the one it begins with.
    fn subject_tag(&self, expr: &Expr) -> Option<TagId> {
        let hir::Value::Path(_, name, steps) = expr.subject()? else { return None };
        let name = match (name.text.as_str(), steps.as_slice()) {
            ("native", [Step::Field(tag)]) => tag,
            (_, [] | [Step::Field(_)]) => name,
            _ => return None,
        };
        match self.scope().names.get(&name.text) {
            Some(Def::Tag(tag)) => Some(*tag),
            _ => None,
        }
    }

    /// The identity of a check without a label: its tag, its attribute or its predicate.
    fn check_identity(&mut self, check: &hir::Check, tag: Option<TagId>) -> Option<String> {
        if let Some(tag) = tag {
            return Some(self.tag_name(tag));
        }
        if let Some(hir::Value::Path(_, name, steps)) = check.expr.subject() {
            match (name.text.as_str(), steps.as_slice()) {
                ("resource", [Step::Field(field)]) => return Some(field.text.clone()),
                (_, []) => return Some(name.text.clone()),
                _ => {}
            }
        }
        let draft = self.draft(Code::E0043, check.id, "this check has no name").help(format!(
            "give it a label, which waivers and reports use: `{} my-label: …`",
            if check.require { "require" } else { "forbid" }
        ));
        self.report(draft);
        None
    }

    /// What a condition asks for, in words to be read after "must".
    fn expectation(&self, pred: &Pred) -> String {
        match pred {
            Pred::IsValid(tag) => match self.decl(*tag).ty.as_ref() {
                Some(program::TagType::Text) | None => "be set".to_owned(),
                Some(ty) => format!("be {}", describe(ty)),
            },
            Pred::IsSet(Value::Lookup { table, column, .. }) if self.is_key(*table, *column) => {
                format!("be a key of `{}`", self.table_name(*table))
            }
            Pred::IsSet(_) => "be set".to_owned(),
            Pred::IsMissing(_) => "be missing".to_owned(),
            Pred::IsUnknown(_) => "be unknown".to_owned(),
            Pred::IsFormat(_, format) => format!("be {}", format_words(*format)),
            Pred::In { list, negated, .. } => {
                let list = list.iter().map(literal_words).collect::<Vec<_>>().join(", ");
                format!("be {} of {list}", if *negated { "none" } else { "one" })
            }
            Pred::Compare { op, right, by, .. } => {
                format!("be {}{}", op_words(*op, *by), self.value_words(right))
            }
            Pred::Text { op, patterns, .. } => format!("{} {}", text_words(*op), patterns.join(" or ")),
            Pred::ComputedText { op, operand, .. } => {
                format!("{} {}", text_words(*op), self.value_words(operand))
            }
            Pred::Matches { regex, whole, .. } => {
                format!("{} /{}/", if *whole { "match" } else { "contain" }, regex.pattern)
            }
            Pred::OfNative { every, tags, test } => {
                let quantifier = if *every { "every" } else { "a" };
                let unknown = if tags.unknown { "unknown " } else { "" };
                let part = if tags.part == NativePart::Key { "key" } else { "value" };
                let of = tags.of.map_or_else(String::new, |tag| format!(" of {}", self.tag_name(tag)));
                format!("have {quantifier} {unknown}native {part}{of} {}", self.expectation(test))
            }
            Pred::Within { direction, span, .. } => {
                let direction = if *direction == Direction::Last { "last" } else { "next" };
                format!("be a date within the {direction} {}", span_words(span.seconds))
            }
            Pred::Named(define) => {
                let name = self.scope().defines.get(define.0 as usize).map(|item| item.key.name.as_str());
                format!("meet `{}`", name.unwrap_or_default())
            }
            Pred::And(parts) => match parts.as_slice() {
                [Pred::IsSet(value), Pred::Not(inner)] => match &**inner {
                    Pred::IsSet(Value::Lookup { table, column, key })
                        if **key == *value && self.is_key(*table, *column) =>
                    {
                        format!("be none of the keys of `{}`", self.table_name(*table))
                    }
                    _ => "meet its condition".to_owned(),
                },
                _ => "meet its condition".to_owned(),
            },
            Pred::Not(inner) => format!("not {}", self.expectation(inner)),
            Pred::Const(_) | Pred::Or(_) => "meet its condition".to_owned(),
        }
    }

    fn value_words(&self, value: &Value) -> String {
        match value {
            Value::Tag(tag) => format!("the same as {}", self.tag_name(*tag)),
            Value::Today => "today".to_owned(),
            Value::Now => "now".to_owned(),
            Value::Shift { from, back, by } => {
                let direction = if *back { "before" } else { "after" };
                format!("{} {direction} {}", self.value_words(by), self.value_words(from))
            }
            other => literal_words(other),
        }
    }

    /// Resolves `POLICY/CHECK` to indexes.
    pub(super) fn check_path(&mut self, path: &CheckPath) -> Option<(usize, Option<usize>)> {
        let Some(Def::Policy(policy)) = self.scope().names.get(&path.policy.text).copied() else {
            if self.scope().may_define(&path.policy.text) {
                return None;
            }
            let name = &path.policy.text;
            let draft = if let Some(Def::Template(_)) = self.scope().names.get(name) {
                let message = format!("`{name}` is a policy with parameters");
                let help = format!("name one of its instances, written `policy NAME = {name}(…)`");
                self.draft(Code::E0044, path.policy.id, message).help(help)
            } else {
                let meant = self.similar(name, Wanted::Policy);
                let message = format!("there is no policy `{name}`");
                self.draft(Code::E0044, path.policy.id, message).meant(meant.as_deref())
            };
            self.report(draft);
            return None;
        };
        self.used(path.policy.id, Used::Def(Def::Policy(policy)));
        let Some(check) = &path.check else { return Some((policy, None)) };
        let item = self.scope().policies.get(policy)?.clone();
        // A policy that is wrong has been reported; its checks are not known.
        let ids = check_ids(self.db, self.project, item.clone()).as_ref()?;
        let found = ids.iter().position(|candidate| *candidate == check.text);
        // It may be a check that did not parse, which has been reported.
        let may_be_there = || item.item(self.db).is_some_and(|policy| policy.broken);
        if found.is_none() && !may_be_there() {
            let ids = ids.iter().map(String::as_str);
            let list = ids.clone().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
            let draft = self
                .draft(
                    Code::E0044,
                    check.id,
                    format!("policy `{}` has no check `{}`", path.policy.text, check.text),
                )
                .help(format!("its checks are {list}"))
                .did_you_mean(&check.text, ids);
            self.report(draft);
        }
        let index = found?;
        self.used(check.id, Used::Check(policy, index));
        Some((policy, Some(index)))
    }

    pub(super) fn exempt(&mut self, item: &Item, body: &hir::Exempt) -> Option<Typed> {
        let paths = self.waived(&body.paths);
        let scope = self.scope_of(&body.scopes);
        self.once("until", &body.until.iter().map(|(node, _)| *node).collect::<Vec<_>>());
        self.once("because", &body.because.iter().map(|text| text.id).collect::<Vec<_>>());
        let until = match body.until.first() {
            Some((node, text)) => self.date(*node, text),
            None => {
                self.waiver_lacks(item, "until", "until 2027-03-31");
                None
            }
        };
        let because = match body.because.first() {
            Some(text) => {
                self.escapes(text);
                if text.value.trim().is_empty() {
                    let draft = self
                        .draft(Code::E0040, text.id, "this waiver gives no reason")
                        .help("write the reason, and where it was agreed: `\"TICKET-1: the reason\"`");
                    self.report(draft);
                }
                Some(text.value.clone())
            }
            None => {
                self.waiver_lacks(item, "because", "because \"TICKET-1: the reason\"");
                None
            }
        };
        let (scope, until, because) = (scope?, until?, because?);
        let exemptions = paths?.into_iter().map(|(policy, check)| program::Exemption {
            policy,
            check,
            scope: scope.clone(),
            until,
            because: because.clone(),
            loc: no_loc(),
        });
        Some(Typed::Exempt(exemptions.collect(), body.paths.iter().map(|path| path.id).collect()))
    }

    /// The policies and checks that a waiver names. None: one of them is wrong.
    fn waived(&mut self, paths: &[CheckPath]) -> Option<Vec<(usize, Option<usize>)>> {
        let found: Vec<Option<(usize, Option<usize>)>> =
            paths.iter().map(|path| self.check_path(path)).collect();
        let mut first: Vec<(usize, Option<usize>, &CheckPath)> = Vec::new();
        for (path, found) in paths.iter().zip(&found) {
            let Some((policy, check)) = *found else { continue };
            match first.iter().find(|(other, of, _)| *other == policy && *of == check) {
                Some((.., other)) => {
                    let name = match &path.check {
                        Some(check) => format!("{}/{}", path.policy.text, check.text),
                        None => path.policy.text.clone(),
                    };
                    self.once(&name, &[other.id, path.id]);
                }
                None => first.push((policy, check, path)),
            }
        }
        found.into_iter().collect()
    }

    fn waiver_lacks(&mut self, item: &Item, what: &str, example: &str) {
        if item.broken {
            return;
        }
        let draft = self
            .draft(Code::E0040, item.name.id, format!("this waiver has no `{what}`"))
            .help(format!("a waiver needs a reason and an end: add a line like `{example}`"));
        self.report(draft);
    }
}

fn format_words(format: Format) -> &'static str {
    match format {
        Format::Email => "an email address",
        Format::Date => "a date like 2027-03-31",
        Format::Number => "a number",
        Format::Url => "an http or https address",
        Format::Duration => "a length of time like 72h",
    }
}

fn op_words(op: CmpOp, by: CompareAs) -> &'static str {
    match op {
        CmpOp::Eq => "",
        CmpOp::Ne => "other than ",
        CmpOp::Lt if by == CompareAs::Date => "before ",
        CmpOp::Le if by == CompareAs::Date => "on or before ",
        CmpOp::Gt if by == CompareAs::Date => "after ",
        CmpOp::Ge if by == CompareAs::Date => "on or after ",
        CmpOp::Lt => "less than ",
        CmpOp::Le => "at most ",
        CmpOp::Gt => "more than ",
        CmpOp::Ge => "at least ",
    }
}

fn text_words(op: TextOp) -> &'static str {
    match op {
        TextOp::Contains => "contain",
        TextOp::StartsWith => "start with",
        TextOp::EndsWith => "end with",
        TextOp::Like => "be like",
        TextOp::HasWord => "have the word",
    }
}

fn literal_words(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Money(amount, currency) => format!("{amount} {currency}"),
        Value::Date(date) => date.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Duration(duration) => span_words(duration.seconds),
        Value::Attr(attr) => match attr {
            Attr::MonthlyCost => "the monthly cost".to_owned(),
            attr => format!("the resource's {}", attr.as_str()),
        },
        _ => "another value".to_owned(),
    }
}

fn span_words(seconds: i64) -> String {
    let (unit, length) = [("day", 86_400), ("hour", 3600), ("minute", 60)]
        .into_iter()
        .find(|(_, length)| seconds % length == 0 && seconds != 0)
        .unwrap_or(("second", 1));
    let count = seconds / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
