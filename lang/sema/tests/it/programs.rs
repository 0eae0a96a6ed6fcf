//! What right projects mean: typed programs in a compact form, `programs.md`.

use std::fmt::Write as _;
use std::path::Path;

use tagpol_sema::pretty::Words;
use tagpol_sema::program::{
    Action, ActionKind, Allocation, Check, CheckKind, CompareAs, ExpectKind, Goal, MapTarget, Normalize,
    Pattern, Policy, Pred, Program, Regex, Relation, Rule, Table, Tag, TagId, TagType, Target, Test, TextOp,
    Value,
};

use crate::suite;
use crate::support::{check, line};

#[test]
fn programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/programs.md");
    suite::check(&path, |case| {
        let (db, analysis) = check(&case.files);
        let lines: Vec<String> = analysis.diagnostics.iter().map(|d| line(&db, d)).collect();
        assert!(lines.is_empty(), "{}: {lines:#?}", case.title);
        let mut print = Print { program: &analysis.program, out: String::new() };
        print.program();
        print.out
    });
}

/// Prints a program, one line a part.
struct Print<'a> {
    program: &'a Program,
    out: String,
}

impl Print<'_> {
    fn program(&mut self) {
        let program = self.program;
        program.tags.iter().for_each(|tag| self.tag(tag));
        for define in &program.defines {
            let pred = self.pred(&define.pred);
            writeln!(self.out, "define {} = {pred}", define.name).unwrap();
        }
        program.rules.iter().for_each(|rule| self.rule(rule));
        program.policies.iter().for_each(|policy| self.policy(policy));
        program.tables.iter().for_each(|table| self.table(table));
        program.relations.iter().for_each(|relation| self.relation(relation));
        for inference in &program.inferences {
            let (apply, suggest) = (inference.apply, inference.suggest);
            writeln!(self.out, "infer {} apply {apply:?} suggest {suggest:?}", self.name(inference.tag))
                .unwrap();
        }
        program.goals.iter().for_each(|goal| self.goal(goal));
        program.allocations.iter().for_each(|allocation| self.allocation(allocation));
        for exemption in &program.exemptions {
            let policy = &program.policies[exemption.policy];
            let check = exemption.check.map_or("*", |check| &policy.checks[check].id);
            let scope = exemption.scope.as_ref().map_or("everything".to_owned(), |scope| self.pred(scope));
            writeln!(self.out, "exempt {}/{check} where {scope} until {}", policy.name, exemption.until)
                .unwrap();
        }
        program.tests.iter().for_each(|test| self.test(test));
        let strata: Vec<String> = program
            .strata
            .iter()
            .map(|stratum| stratum.iter().map(|tag| self.name(*tag)).collect::<Vec<_>>().join(", "))
            .collect();
        writeln!(self.out, "order {}", strata.join(" < ")).unwrap();
    }

    fn name(&self, tag: TagId) -> String {
        self.program.tag(tag).name.clone()
    }

    fn tag(&mut self, tag: &Tag) {
        let ty = ty(&tag.ty);
        let importance =
            tag.importance.map(|importance| format!(" {}", importance.as_str())).unwrap_or_default();
        let default = tag.default.as_ref().map(|default| format!(" default {default:?}")).unwrap_or_default();
        let doc =
            if tag.doc.is_empty() { String::new() } else { format!(" // {}", tag.doc.replace('\n', " / ")) };
        writeln!(self.out, "tag {}: {ty}{importance}{default}{doc}", tag.name).unwrap();
        tag.normalizes.iter().for_each(|normalize| self.normalize(normalize));
    }

    fn normalize(&mut self, normalize: &Normalize) {
        let scope =
            normalize.scope.as_ref().map(|scope| format!(" where {}", self.pred(scope))).unwrap_or_default();
        writeln!(self.out, "  keys {}{scope}", normalize.keys.join(" > ")).unwrap();
        for arm in &normalize.arms {
            let patterns: Vec<String> = arm.patterns.iter().map(pattern).collect();
            let target = match &arm.target {
                MapTarget::Value(value) => format!("{value:?}"),
                MapTarget::Missing => "missing".to_owned(),
            };
            writeln!(self.out, "  map {} -> {target}", patterns.join(", ")).unwrap();
        }
        if !normalize.transforms.is_empty() {
            writeln!(self.out, "  transform {:?}", normalize.transforms).unwrap();
        }
        writeln!(self.out, "  otherwise {:?}", normalize.otherwise).unwrap();
    }

    fn rule(&mut self, rule: &Rule) {
        let when = rule.when.as_ref().map_or("always".to_owned(), |when| self.pred(when));
        writeln!(self.out, "rule {} priority {} when {when}", rule.name, rule.priority).unwrap();
        rule.actions.iter().for_each(|action| self.action(action));
    }

    fn action(&mut self, action: &Action) {
        let kind = if action.kind == ActionKind::Set { "set" } else { "fill" };
        let value = self.value(&action.value);
        writeln!(self.out, "  {kind} {} = {value}", self.name(action.tag)).unwrap();
    }

    fn policy(&mut self, policy: &Policy) {
        let scope = policy.scope.as_ref().map_or("everything".to_owned(), |scope| self.pred(scope));
        writeln!(self.out, "policy {} {} for {scope}", policy.name, policy.severity.as_str()).unwrap();
        policy.checks.iter().for_each(|check| self.check(check));
        if let Some(grace) = policy.grace {
            writeln!(self.out, "  grace {} s", grace.seconds).unwrap();
        }
        if let Some(escalate) = &policy.escalate {
            writeln!(self.out, "  escalate to {} after {} s", escalate.to, escalate.after.seconds).unwrap();
        }
        for control in &policy.controls {
            writeln!(self.out, "  control {} {}", control.framework, control.id).unwrap();
        }
        for remedy in &policy.remedies {
            writeln!(self.out, "  remedy {} = {}", self.name(remedy.tag), self.value(&remedy.value)).unwrap();
        }
    }

    fn table(&mut self, table: &Table) {
        let key = &table.columns[table.key].name;
        writeln!(self.out, "table {} from {} key {key}", table.name, table.path).unwrap();
        for column in &table.columns {
            writeln!(self.out, "  {}: {} from {:?}", column.name, ty(&column.ty), column.heading).unwrap();
        }
    }

    fn relation(&mut self, relation: &Relation) {
        let keys: Vec<String> = relation
            .keys
            .iter()
            .map(|key| format!("{} = this {}", self.value(&key.other), self.value(&key.this)))
            .collect();
        let tests = |preds: &[Pred]| preds.iter().map(|pred| self.pred(pred)).collect::<Vec<_>>().join(", ");
        let (other, this) = (tests(&relation.other), tests(&relation.this));
        let (name, keys) = (&relation.name, keys.join(", "));
        writeln!(self.out, "relation {name}: {keys}; other [{other}]; this [{this}]").unwrap();
    }

    fn goal(&mut self, goal: &Goal) {
        let tags: Vec<String> = goal.tags().iter().map(|tag| self.name(*tag)).collect();
        let scope = goal.scope.as_ref().map_or("everything".to_owned(), |scope| self.pred(scope));
        let (tags, by) = (tags.join(", "), goal.by().as_str());
        let severity = goal.severity.as_str();
        let each = goal.each.map(|each| format!(" each {}", self.program.dimension_name(each)));
        let each = each.unwrap_or_default();
        let target = match &goal.target {
            Target::Coverage(coverage) => format!("at least {}", coverage.at_least),
            Target::Budget(budget) => format!("at most {} {}", budget.limit, budget.currency),
        };
        writeln!(self.out, "goal {} {severity}: {tags} by {by} for {scope}{each} {target}", goal.name)
            .unwrap();
    }

    fn allocation(&mut self, allocation: &Allocation) {
        let from = allocation.from.as_ref().map_or("everything".to_owned(), |from| self.pred(from));
        let among = allocation.among.as_ref().map(|among| format!(" in {among:?}")).unwrap_or_default();
        let to = self.name(allocation.to);
        writeln!(self.out, "allocate {} from {from} to {to}{among} {:?}", allocation.name, allocation.split)
            .unwrap();
    }

    fn check(&mut self, check: &Check) {
        let kind = if check.kind == CheckKind::Require { "require" } else { "forbid" };
        let about = check.tag.map(|tag| format!(" about {}", self.name(tag))).unwrap_or_default();
        let message = check.message.as_ref().map(|message| format!(" else {message:?}")).unwrap_or_default();
        let pred = self.pred(&check.pred);
        writeln!(self.out, "  {kind} {}{about}: {pred} // must {}{message}", check.id, check.expectation)
            .unwrap();
    }

    fn test(&mut self, test: &Test) {
        let at = test.at.map(|at| format!(" at {at}")).unwrap_or_default();
        writeln!(self.out, "test {:?}{at}", test.name).unwrap();
        for given in &test.givens {
            let attrs: Vec<String> =
                given.attrs.iter().map(|(attr, value)| format!("{}={value}", attr.as_str())).collect();
            let tags: Vec<String> =
                given.tags.iter().map(|(key, value)| format!("{key:?}={value:?}")).collect();
            let label = given.label.as_deref().unwrap_or("-");
            let cost = given.monthly_cost.as_ref();
            let cost = cost.map(|(cost, unit)| format!(" cost={cost} {unit}")).unwrap_or_default();
            let created = given.created.map(|time| format!(" created={time}")).unwrap_or_default();
            let meta: String =
                given.meta.iter().map(|(path, value)| format!(" {path}={}", self.value(value))).collect();
            writeln!(self.out, "  given {label} {}{cost}{created} {}{meta}", attrs.join(" "), tags.join(" "))
                .unwrap();
        }
        for expect in &test.expects {
            let given = expect.given.map(|given| format!(" for #{given}")).unwrap_or_default();
            let kind = self.expect(&expect.kind);
            writeln!(self.out, "  expect {kind}{given} // {}", expect.text).unwrap();
        }
    }

    fn expect(&self, kind: &ExpectKind) -> String {
        let path = |policy: usize, check: Option<usize>| {
            let policy = &self.program.policies[policy];
            format!("{}/{}", policy.name, check.map_or("*", |check| &policy.checks[check].id))
        };
        match kind {
            ExpectKind::TagIs { tag, value, rule } => {
                let rule =
                    rule.map(|rule| format!(" from {}", self.program.rules[rule].name)).unwrap_or_default();
                format!("{} is {value:?}{rule}", self.name(*tag))
            }
            ExpectKind::TagMissing(tag) => format!("{} is missing", self.name(*tag)),
            ExpectKind::Holds { define, negated } => {
                format!("{}{}", if *negated { "not " } else { "" }, self.program.define(*define).name)
            }
            ExpectKind::Violation { policy, check, negated } => {
                format!("{}violation {}", if *negated { "no " } else { "" }, path(*policy, *check))
            }
            ExpectKind::Exempt { policy, check } => format!("exempt {}", path(*policy, *check)),
        }
    }

    fn pred(&self, pred: &Pred) -> String {
        let all = |preds: &[Pred], word: &str| {
            format!("({})", preds.iter().map(|pred| self.pred(pred)).collect::<Vec<_>>().join(word))
        };
        match pred {
            Pred::Const(value) => value.to_string(),
            Pred::And(preds) => all(preds, " and "),
            Pred::Or(preds) => all(preds, " or "),
            Pred::Not(inner) => format!("not {}", self.pred(inner)),
            Pred::Named(define) => format!("@{}", self.program.define(*define).name),
            Pred::IsSet(value) => format!("{} set", self.value(value)),
            Pred::IsMissing(value) => format!("{} missing", self.value(value)),
            Pred::IsUnknown(value) => format!("{} unknown", self.value(value)),
            Pred::IsValid(tag) => format!("{} valid", self.name(*tag)),
            Pred::IsFormat(value, format) => format!("{} is {format:?}", self.value(value)),
            Pred::Compare { op, left, right, by } => {
                format!("{} {op:?} {}{}", self.value(left), self.value(right), by_words(*by))
            }
            Pred::In { value, list, negated, by } => {
                let list: Vec<String> = list.iter().map(|member| self.value(member)).collect();
                let not = if *negated { "not " } else { "" };
                format!("{} {not}in [{}]{}", self.value(value), list.join(", "), by_words(*by))
            }
            Pred::Text { op, value, patterns } => {
                format!("{} {} {patterns:?}", self.value(value), text_words(*op))
            }
            Pred::ComputedText { op, value, operand } => {
                format!("{} {} {}", self.value(value), text_words(*op), self.value(operand))
            }
            Pred::Matches { value, regex: re, whole } => {
                format!("{} {} {}", self.value(value), if *whole { "matches" } else { "contains" }, regex(re))
            }
            Pred::OfNative { .. } => format!("[{}]", Words::new(self.program).pred(pred)),
            Pred::Within { value, direction, span } => {
                format!("{} within {direction:?} {} s", self.value(value), span.seconds)
            }
        }
    }

    fn value(&self, value: &Value) -> String {
        let list =
            |values: &[Value]| values.iter().map(|value| self.value(value)).collect::<Vec<_>>().join(", ");
        match value {
            Value::Text(text) => format!("{text:?}"),
            Value::Number(number) => number.to_string(),
            Value::Money(amount, currency) => format!("{amount} {currency}"),
            Value::Date(date) => date.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Duration(duration) => format!("{} s", duration.seconds),
            Value::Tag(tag) => self.name(*tag),
            Value::Native(key) => format!("native[{key:?}]"),
            Value::NativeTag(tag) => format!("native.{}", self.name(*tag)),
            Value::SourceOf(tag) => format!("{}.source", self.name(*tag)),
            Value::ConfidenceOf(tag) => format!("{}.confidence", self.name(*tag)),
            Value::Meta(path) => format!("meta[{path:?}]"),
            Value::Lookup { table, column, key } => {
                let table = self.program.table(*table);
                format!("{}[{}].{}", table.name, self.value(key), table.columns[*column].name)
            }
            Value::Attr(attr) => format!("resource.{}", attr.as_str()),
            Value::Charge(attr) => format!("charge.{}", attr.as_str()),
            Value::Template(parts) => format!("template({})", list(parts)),
            Value::Call(func, arguments) => format!("{func:?}({})", list(arguments)),
            Value::Related { .. } | Value::CountNative(_) | Value::Element | Value::Today | Value::Now => {
                Words::new(self.program).value(value)
            }
            Value::Shift { from, back, by } => {
                format!("({} {} {})", self.value(from), if *back { "-" } else { "+" }, self.value(by))
            }
            Value::Extract(value, re) => format!("Extract({}, {})", self.value(value), regex(re)),
        }
    }
}

fn ty(ty: &TagType) -> String {
    match ty {
        TagType::Matching(re) => format!("text {}", regex(re)),
        TagType::OneOf(members) => format!("one of {}", members.join(", ")),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn regex(regex: &Regex) -> String {
    format!("/{}/{}", regex.pattern, if regex.ignore_case { "i" } else { "" })
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Literal(text) => format!("{text:?}"),
        Pattern::Glob(text) => format!("glob {text:?}"),
        Pattern::Regex(re) => regex(re),
    }
}

fn by_words(by: CompareAs) -> String {
    if by == CompareAs::Text { String::new() } else { format!(" as {by:?}").to_lowercase() }
}

fn text_words(op: TextOp) -> String {
    format!("{op:?}").to_lowercase()
}
