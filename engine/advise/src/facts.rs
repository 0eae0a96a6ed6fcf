//! The results of an evaluation as numbered facts. What advice claims is in a fact, or it is not claimed.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use crate::command;
use crate::input::{AdviceInput, CheckInput, GoalMiss, Severity};
use crate::sentence::{Amount, Currency, Money, Part, Sentence, list, name, sentence, several, share, value};

/// The number of a fact, from 1: `F1`. The same input numbers its facts alike, whatever is asked about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactId(pub u32);

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "F{}", self.0)
    }
}

impl FactId {
    /// Reads `F1`. None if the text is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('F')?;
        let is_number = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| is_number).map(Self)
    }
}

/// Something that an evaluation found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its number.
    pub id: FactId,
    /// What it is about, and nothing else is.
    pub topic: Topic,
    /// It in words.
    pub sentence: Sentence,
    /// Commands of this program that show more of it or change it, each a [`Part::Command`].
    pub commands: Vec<Part>,
}

impl Fact {
    /// Returns all that a sentence which cites it may state.
    pub fn atoms(&self) -> impl Iterator<Item = &Part> {
        self.sentence.atoms().chain(&self.commands)
    }

    /// Returns the first command. None if there is none.
    pub(crate) fn command(&self) -> Option<Part> {
        self.commands.first().cloned()
    }
}

/// What a fact is about. Numbers are places in the lists of [`AdviceInput`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// How many resources there are, and how many comply.
    Inventory,
    /// The score.
    Score,
    /// Open findings by severity.
    Open,
    /// Findings within a grace period.
    Pending,
    /// Findings that are waived.
    Waived,
    /// Checks whose result is not known.
    Undetermined,
    /// Rows and values that could not be read.
    Rejected,
    /// Files and listings that are not whole.
    Incomplete,
    /// What the resources cost.
    Spend,
    /// Charges without a resource.
    Unattributed,
    /// List prices.
    ListPrice,
    /// How far a tag covers the inventory.
    Tag(usize),
    /// A check with open or pending findings.
    Check(usize),
    /// Policies that apply to no resource.
    Silent,
    /// Policies without controls.
    WithoutControls,
    /// A framework, by its place among the frameworks in the order of their names.
    Framework(usize),
    /// A control with open or pending findings, by its place among the controls in the order of frameworks and ids.
    Control(usize),
    /// A tag with two different values.
    Conflict(usize),
    /// A native key that no tag reads.
    Key(usize),
    /// A missed goal.
    Goal(usize),
    /// The account with the most findings.
    Account,
    /// A value of the tag that shows who pays.
    CostGroup(usize),
    /// Shared costs.
    Shared(usize),
    /// What a tool found in a conversation, by its place among all that tools found in it.
    Found(usize),
}

/// Facts of each list that are numbered at most, the most important first. A reader of advice needs few, and a
/// model has room for few.
pub const LISTED: usize = 20;

/// All facts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    all: Vec<Fact>,
    by_topic: BTreeMap<Topic, FactId>,
}

impl Facts {
    /// Numbers the facts of an evaluation.
    pub fn new(input: &AdviceInput) -> Self {
        let mut facts = Self::default();
        facts.totals(input);
        facts.quality(input);
        facts.spending(input);
        facts.tags(input);
        facts.checks(input);
        facts.frameworks(input);
        facts.details(input);
        facts
    }

    /// Returns all facts, in the order of their numbers.
    pub fn all(&self) -> &[Fact] {
        &self.all
    }

    /// Returns the fact of a number. None if there is none.
    pub fn get(&self, id: FactId) -> Option<&Fact> {
        self.all.get(usize::try_from(id.0.checked_sub(1)?).ok()?)
    }

    /// Returns the fact about something. None if there is none.
    pub fn about(&self, topic: Topic) -> Option<&Fact> {
        self.get(*self.by_topic.get(&topic)?)
    }

    /// Adds what a tool found in a conversation, and returns its number. The numbers of the others stay.
    pub(crate) fn add_found(
        &mut self,
        sentence: Sentence,
        commands: impl IntoIterator<Item = Part>,
    ) -> FactId {
        let topic = Topic::Found(self.all.len());
        self.add_with(topic, sentence, commands);
        FactId(u32::try_from(self.all.len()).unwrap_or(u32::MAX))
    }

    fn add(&mut self, topic: Topic, sentence: Sentence) {
        self.add_with(topic, sentence, []);
    }

    fn add_with(&mut self, topic: Topic, sentence: Sentence, commands: impl IntoIterator<Item = Part>) {
        let id = FactId(u32::try_from(self.all.len() + 1).unwrap_or(u32::MAX));
        self.by_topic.insert(topic, id);
        self.all.push(Fact { id, topic, sentence, commands: commands.into_iter().collect() });
    }

    fn totals(&mut self, input: &AdviceInput) {
        let passing = (input.in_scope > 0).then(|| {
            let share = share(input.passing.into(), input.in_scope.into());
            let of = several(input.in_scope, "resource in scope passes", "resources in scope pass");
            sentence![
                "; ",
                Part::Count(input.passing),
                " of ",
                of,
                " all checks",
                share.map(|share| sentence![" (", share, ")"])
            ]
        });
        let resources = several(input.resources, "resource", "resources");
        self.add(Topic::Inventory, sentence!["The inventory has ", resources, passing, "."]);
        if let Some(score) = input.score {
            let sentence = sentence!["The score is ", Part::Score(score), " out of ", Part::Count(100), "."];
            self.add(Topic::Score, sentence);
        }
        let open: u64 = input.open.iter().sum();
        if open > 0 {
            let counts = Severity::ALL.into_iter().zip(input.open).filter(|(_, count)| *count > 0);
            let counts =
                counts.map(|(severity, count)| sentence![Part::Count(count), " ", severity.as_str()]);
            let findings = several(open, "finding is", "findings are");
            self.add(Topic::Open, sentence![findings, " open: ", list(counts), "."]);
        }
        if input.pending > 0 {
            let findings = several(input.pending, "finding is", "findings are");
            self.add(Topic::Pending, sentence![findings, " within a grace period."]);
        }
        if input.waived > 0 {
            self.add(
                Topic::Waived,
                sentence![several(input.waived, "finding is", "findings are"), " waived."],
            );
        }
    }

    fn quality(&mut self, input: &AdviceInput) {
        if input.undetermined > 0 {
            let checks = several(input.undetermined, "check depends", "checks depend");
            self.add(Topic::Undetermined, sentence![checks, " on values that are not known yet."]);
        }
        if input.rejected_rows + input.rejected_values > 0 {
            let rows = (input.rejected_rows > 0).then(|| several(input.rejected_rows, "row", "rows"));
            let values =
                (input.rejected_values > 0).then(|| several(input.rejected_values, "value", "values"));
            let what = list(rows.into_iter().chain(values));
            self.add(Topic::Rejected, sentence![what, " of the inventory could not be read."]);
        }
        if input.incomplete > 0 {
            let listings = several(input.incomplete, "file or listing is", "files or listings are");
            self.add(
                Topic::Incomplete,
                sentence![listings, " not complete: there can be resources that the inventory lacks."],
            );
        }
    }

    fn spending(&mut self, input: &AdviceInput) {
        let month = || match &input.month {
            Some(month) => sentence![" in ", Part::Month(month.clone())],
            None => sentence![" a month"],
        };
        if let Some(spend) = input.spend {
            let violation = input.cost_in_violation.map(|cost| {
                let share = share(cost.at_scale(spend.scale), spend.unscaled);
                sentence![
                    "; those with an open finding cost ",
                    money(input, cost),
                    share.map(|share| sentence![" (", share, ")"])
                ]
            });
            let cost = sentence!["The resources cost ", money(input, spend), month()];
            self.add(Topic::Spend, sentence![cost, " before credits", violation, "."]);
        }
        if let Some(cost) = input.unattributed.filter(|cost| cost.unscaled != 0) {
            let charges = "Charges without a resource come to ";
            self.add(Topic::Unattributed, sentence![charges, money(input, cost), month(), "."]);
        }
        if let Some(prices) = input.list_price {
            let saved = Amount {
                unscaled: prices.list.unscaled.saturating_sub(prices.effective.at_scale(prices.list.scale)),
                scale: prices.list.scale,
            };
            if saved.is_positive() {
                let share = share(saved.unscaled, prices.list.unscaled);
                let less =
                    sentence![money(input, saved), " less", share.map(|share| sentence![" (", share, ")"])];
                let list = sentence![" than the ", money(input, prices.list), " of list prices"];
                let sentence = sentence!["The charges", month(), " come to ", less, list, "."];
                self.add(Topic::ListPrice, sentence);
            }
        }
    }

    fn tags(&mut self, input: &AdviceInput) {
        for (at, tag) in input.tags.iter().enumerate() {
            let valid = tag.native + tag.derived;
            let all = valid + tag.invalid + tag.missing;
            let mut rest = Vec::new();
            if tag.derived > 0 {
                rest.push(sentence![Part::Count(tag.derived), " by a rule, a default or a prediction"]);
            }
            let derived = (!rest.is_empty()).then(|| sentence![", ", list(rest)]);
            let mut others = Vec::new();
            if tag.invalid > 0 {
                let resources = several(tag.invalid, "has", "have");
                others.push(sentence![resources, " a value that is not valid"]);
            }
            if tag.missing > 0 {
                let resources = several(tag.missing, "has", "have");
                let cost = tag.missing_cost.filter(|cost| cost.is_positive());
                let verb = if tag.missing == 1 { " and costs " } else { " and cost " };
                let cost = cost.map(|cost| sentence![verb, money(input, cost)]);
                others.push(sentence![resources, " no value", cost]);
            }
            let others = (!others.is_empty()).then(|| sentence!["; ", list(others)]);
            let valid = sentence![
                Part::Count(valid),
                " of ",
                several(all, "resource has", "resources have"),
                " a valid value of ",
                name(&tag.name),
                derived,
            ];
            let mut commands = Vec::new();
            if tag.missing > 0 && tag.is_learnable {
                commands.extend(command::suggest(&tag.name));
            }
            if tag.invalid > 0 && tag.is_learnable {
                commands.extend(command::learn(&tag.name));
            }
            if tag.is_cost_center && input.spend.is_some() {
                commands.extend(command::cost_by(&tag.name));
            }
            self.add_with(Topic::Tag(at), sentence![valid, others, "."], commands);
        }
    }

    fn checks(&mut self, input: &AdviceInput) {
        for at in worst_checks(input).into_iter().take(LISTED) {
            let Some(check) = input.checks.get(at) else { continue };
            let cost = check.cost.filter(|cost| cost.is_positive()).map(|cost| {
                let verb = match (check.open, check.pending) {
                    (1, 0) => "; it costs ",
                    (_, 0) => "; they cost ",
                    _ => "; those with an open finding cost ",
                };
                sentence![verb, money(input, cost)]
            });
            let fails = sentence![
                Part::Count(check.failing()),
                " of ",
                several(check.in_scope, "resource fails ", "resources fail "),
                name(&check_name(check)),
                ", which is ",
                check.severity.as_str(),
                cost,
                ". The requirement: ",
                value(&check.requirement),
                ".",
            ];
            let pending = (check.pending > 0).then(|| {
                let findings = several(check.pending, "finding is", "findings are");
                sentence![" ", findings, " within a grace period."]
            });
            let remedies = (check.remedies > 0).then(|| {
                let findings = several(check.remedies, "finding", "findings");
                sentence![" The policy knows the value that fixes ", findings, "."]
            });
            let score = check
                .score_if_fixed
                .map(|score| sentence![" Without its findings the score would be ", Part::Score(score), "."]);
            let due = (check.escalation_due > 0).then(|| {
                let findings = several(check.escalation_due, "finding", "findings");
                sentence![" The escalation of ", findings, " is due."]
            });
            let explain =
                check.example.as_ref().and_then(|id| command::explain(id, &check.policy, &check.check));
            let remediate = (check.remedies > 0).then(|| command::remediate(&check.policy)).flatten();
            let commands = explain.into_iter().chain(remediate);
            self.add_with(Topic::Check(at), sentence![fails, pending, remedies, score, due], commands);
        }
        if !input.silent_policies.is_empty() {
            let names = input.silent_policies.iter().take(LISTED);
            let more = input.silent_policies.len().saturating_sub(LISTED);
            let more = (more > 0).then(|| sentence!["; and of ", Part::Count(more as u64), " more"]);
            let names = list(names.map(|policy| name(policy)));
            self.add(Topic::Silent, sentence!["No resource is in the scope of ", names, more, "."]);
        }
        if input.policies_without_controls > 0 {
            let policies = several(input.policies_without_controls, "policy supports", "policies support");
            self.add(Topic::WithoutControls, sentence![policies, " no control of a framework."]);
        }
    }

    fn frameworks(&mut self, input: &AdviceInput) {
        let controls = controls(input);
        let mut frameworks: BTreeMap<&str, Vec<&ControlChecks<'_>>> = BTreeMap::new();
        for control in &controls {
            frameworks.entry(control.framework).or_default().push(control);
        }
        for (at, (framework, controls)) in frameworks.into_iter().enumerate() {
            let gaps = controls.iter().filter(|control| control.is_gap()).count() as u64;
            let is_pending = controls.iter().any(|control| control.pending > 0);
            let sentence = sentence![
                name(framework),
                ": policies support ",
                several(controls.len() as u64, "control", "controls"),
                ", and ",
                several(gaps, "of them has", "of them have"),
                if is_pending { " open or pending findings." } else { " open findings." },
            ];
            self.add(Topic::Framework(at), sentence);
        }
        for (at, control) in controls.iter().enumerate().filter(|(_, control)| control.is_gap()).take(LISTED)
        {
            let checks: Vec<&CheckInput> = control.failing_checks().collect();
            let names = list(checks.iter().take(LISTED).map(|check| name(&check_name(check))));
            let worst = checks.iter().map(|check| check.severity).min().unwrap_or_default();
            let sentence = sentence![
                name(control.framework),
                " control ",
                value(control.id),
                " has ",
                control.findings(),
                " of ",
                names,
                "; the worst is ",
                worst.as_str(),
                ".",
            ];
            self.add(Topic::Control(at), sentence);
        }
    }

    fn details(&mut self, input: &AdviceInput) {
        for (at, conflict) in input.conflicts.iter().enumerate().take(LISTED) {
            let resources = several(conflict.resources, "resource has", "resources have");
            let example = sentence![
                ": ",
                value(&conflict.value),
                " is used and ",
                value(&conflict.other),
                " is not for ",
                value(&conflict.resource),
                ", for example.",
            ];
            let sentence = sentence![
                resources,
                " two different values of ",
                name(&conflict.tag),
                " of equal rank",
                example
            ];
            let explain = command::explain_tag(&conflict.resource, &conflict.tag);
            self.add_with(Topic::Conflict(at), sentence, explain);
        }
        for (at, (key, resources)) in input.unread_keys.iter().enumerate().take(LISTED) {
            let resources = several(*resources, "resource has", "resources have");
            let sentence = sentence![resources, " the native key ", value(key), ", which no tag reads."];
            self.add(Topic::Key(at), sentence);
        }
        for (at, goal) in input.missed_goals.iter().enumerate().take(LISTED) {
            let sentence =
                sentence!["The goal ", name(&goal.name), " is missed: ", miss(input, &goal.miss), "."];
            self.add(Topic::Goal(at), sentence);
        }
        if let Some(account) = input.worst_account.as_ref().filter(|account| account.open > 0) {
            let cost = account.cost.filter(|cost| cost.is_positive());
            let cost = cost.map(|cost| sentence!["; resources with a finding cost ", money(input, cost)]);
            let sentence = sentence![
                "The account ",
                value(&account.account),
                " has the most open findings: ",
                Part::Count(account.open),
                " on ",
                several(account.resources, "resource", "resources"),
                cost,
                ".",
            ];
            self.add(Topic::Account, sentence);
        }
        for (at, group) in input.cost_groups.iter().enumerate().take(LISTED) {
            let resources = several(group.resources, "resource", "resources");
            let of = sentence![resources, " of ", name(&group.tag), " ", value(&group.value)];
            let verb = if group.resources == 1 { " costs " } else { " cost " };
            self.add(Topic::CostGroup(at), sentence![of, verb, money(input, group.cost), "."]);
        }
        for (at, shared) in input.shared.iter().enumerate().take(LISTED) {
            let kept = (shared.kept.unscaled != 0)
                .then(|| sentence!["; ", money(input, shared.kept), " could not be distributed"]);
            let cost = sentence![name(&shared.name), " distributes ", money(input, shared.cost)];
            self.add(Topic::Shared(at), sentence![cost, " over ", name(&shared.to), kept, "."]);
        }
    }
}

/// An amount with its currency. What the inventory writes as a currency and is not a code is a foreign text.
pub(crate) fn money(input: &AdviceInput, amount: Amount) -> Sentence {
    let currency = input.currency.as_deref().and_then(Currency::new);
    let foreign = input.currency.as_deref().filter(|text| currency.is_none() && !text.trim().is_empty());
    let foreign = foreign.map(|text| sentence![" ", value(text)]);
    sentence![Part::Money(Money { amount, currency }), foreign]
}

fn miss(input: &AdviceInput, miss: &GoalMiss) -> Sentence {
    match miss {
        GoalMiss::Budget { spent, limit } => {
            sentence![money(input, *spent), " is spent of ", money(input, *limit)]
        }
        GoalMiss::Coverage { share, target, missing, missing_cost } => {
            let reached =
                sentence![Part::Share(share.clone()), " of ", Part::Share(target.clone()), " is reached"];
            let resources = (*missing > 0).then(|| {
                sentence!["; ", several(*missing, "more resource", "more resources"), " must be covered"]
            });
            let cost = missing_cost
                .map(|cost| sentence!["; ", money(input, cost), " more of the cost must be covered"]);
            sentence![reached, resources, cost]
        }
    }
}

pub(crate) fn check_name(check: &CheckInput) -> String {
    format!("{}/{}", check.policy, check.check)
}

/// Returns the places of the checks with open or pending findings, the worst first: by severity, cost and findings.
pub fn worst_checks(input: &AdviceInput) -> Vec<usize> {
    let mut failing: Vec<(usize, &CheckInput)> =
        input.checks.iter().enumerate().filter(|(_, check)| check.failing() > 0).collect();
    let scale = failing.iter().filter_map(|(_, check)| Some(check.cost?.scale)).max().unwrap_or_default();
    failing.sort_by_key(|(at, check)| {
        let cost = check.cost.map_or(0, |cost| cost.at_scale(scale));
        (check.severity, Reverse(cost), Reverse(check.failing()), *at)
    });
    failing.into_iter().map(|(at, _)| at).collect()
}

/// A control of a framework, with the checks that support it.
pub(crate) struct ControlChecks<'a> {
    pub(crate) framework: &'a str,
    pub(crate) id: &'a str,
    /// Open findings of all its checks.
    pub(crate) open: u64,
    /// Findings of all its checks within a grace period.
    pub(crate) pending: u64,
    pub(crate) checks: Vec<&'a CheckInput>,
}

impl<'a> ControlChecks<'a> {
    /// Whether a check fails. A grace period delays the gate of a run, and closes no gap.
    pub(crate) fn is_gap(&self) -> bool {
        self.open + self.pending > 0
    }

    /// Returns the checks with open or pending findings.
    pub(crate) fn failing_checks(&self) -> impl Iterator<Item = &'a CheckInput> {
        self.checks.iter().copied().filter(|check| check.failing() > 0)
    }

    /// Returns the numbers of findings in words: `3 open findings and 1 pending finding`.
    pub(crate) fn findings(&self) -> Sentence {
        let open = (self.open > 0).then(|| several(self.open, "open finding", "open findings"));
        let pending =
            (self.pending > 0).then(|| several(self.pending, "pending finding", "pending findings"));
        list(open.into_iter().chain(pending))
    }
}

/// Returns the controls that policies support, in the order of frameworks and ids.
pub(crate) fn controls(input: &AdviceInput) -> Vec<ControlChecks<'_>> {
    let mut controls: BTreeMap<(&str, &str), Vec<&CheckInput>> = BTreeMap::new();
    for check in &input.checks {
        for (framework, id) in &check.controls {
            controls.entry((framework, id)).or_default().push(check);
        }
    }
    let mut all = Vec::new();
    for ((framework, id), checks) in controls {
        let open = checks.iter().map(|check| check.open).sum();
        let pending = checks.iter().map(|check| check.pending).sum();
        all.push(ControlChecks { framework, id, open, pending, checks });
    }
    all
}
