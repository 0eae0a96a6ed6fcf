//! What is known of an inventory already, and who asked for what is not.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tagpol_ide::{Coverage, Facts, Matches, PolicyFacts, Presence, Seen, Versioned};
use tagpol_worker_protocol::{Amount, Learnt, Measured, Opened, PolicyMeasure, Spot, Subject, Value, Values};

/// Values of a tag that hovers tell.
const TOP_VALUES: usize = 10;

/// What can be learned besides what the policies find.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Wanted {
    Keys,
    Values(Subject),
}

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    pub(crate) opened: Option<Opened>,
    /// The revision of the text that the measures are of.
    measured: Option<u64>,
    /// Whether the newest text cannot be measured.
    is_behind: bool,
    tags_version: u64,
    policies: HashMap<String, PolicyMeasure>,
    conditions: HashMap<String, Amount>,
    keys: Option<Vec<Value>>,
    values: HashMap<Subject, Values>,
    /// What was learned, and the snapshot that it was learned from.
    learnt: Option<(String, Arc<Learnt>)>,
    /// Whether something changed that was learned from.
    pub(crate) is_news: bool,
    /// What tests cover of the text of a revision.
    coverage: Option<(u64, Points)>,
}

/// By file: lines, counted from 1, where something can be covered, and whether it is.
type Points = HashMap<String, Vec<(u32, bool)>>;

impl Knowledge {
    /// Takes the measures of a text.
    pub(crate) fn measured(&mut self, revision: u64, measured: Measured) {
        self.measured = Some(revision);
        self.is_behind = measured.has_errors || measured.problem.is_some();
        if self.is_behind {
            return;
        }
        if measured.tags_version != self.tags_version {
            self.tags_version = measured.tags_version;
            self.is_news = true;
            self.values.retain(|subject, _| !matches!(subject, Subject::Tag(_)));
        }
        self.policies = measured.policies.into_iter().collect();
        self.conditions = measured.defines.into_iter().chain(measured.rules).collect();
    }

    pub(crate) fn is_measured(&self, revision: u64) -> bool {
        self.measured == Some(revision)
    }

    /// Returns the resources in scope of a policy, and those that violate it.
    pub(crate) fn counts(&self, policy: &str) -> Option<(u64, u64)> {
        let measure = self.policies.get(policy)?;
        Some((measure.in_scope.count, measure.violating.count))
    }

    /// Returns what is not known of these attributes, and of the native keys.
    pub(crate) fn missing(&self, attributes: &[&str]) -> BTreeSet<Wanted> {
        let subjects = attributes.iter().map(|name| Subject::Attribute((*name).to_owned()));
        let unknown = subjects.filter(|subject| !self.values.contains_key(subject)).map(Wanted::Values);
        unknown.chain(self.keys.is_none().then_some(Wanted::Keys)).collect()
    }

    pub(crate) fn learn_keys(&mut self, keys: Vec<Value>) {
        self.keys = Some(keys);
    }

    pub(crate) fn learn_values(&mut self, subject: Subject, values: Values) {
        self.values.insert(subject, values);
    }

    /// Whether all was learned that a snapshot tells.
    pub(crate) fn is_learnt(&self, snapshot: &str) -> bool {
        !self.is_news && self.learnt.as_ref().is_some_and(|(of, _)| of == snapshot)
    }

    pub(crate) fn learn(&mut self, snapshot: &str, learnt: Learnt) {
        self.learnt = Some((snapshot.to_owned(), Arc::new(learnt)));
    }

    pub(crate) fn learn_coverage(&mut self, revision: u64, points: Vec<(Spot, bool)>) {
        let mut files = Points::new();
        for (spot, is_covered) in points {
            files.entry(spot.file).or_default().push((spot.line, is_covered));
        }
        self.coverage = Some((revision, files));
    }

    fn seen(&self, value: &Value) -> Seen {
        let Value { text, amount, .. } = value;
        Seen { text: text.clone(), count: amount.count, cost: self.money(amount.cost) }
    }

    fn money(&self, amount: Option<f64>) -> Option<String> {
        let currency = self.opened.as_ref().and_then(|opened| opened.currency.as_deref());
        amount.map(|amount| money(amount, currency))
    }

    fn all(&self) -> u64 {
        self.opened.as_ref().map(|opened| opened.resources).unwrap_or_default()
    }
}

/// An amount as people write it: `$4,120`; what is small with its cents.
pub(crate) fn money(amount: f64, currency: Option<&str>) -> String {
    let cents = (amount.abs() * 100.0).round();
    let (whole, rest) = ((cents / 100.0).trunc(), cents % 100.0);
    let digits = if whole < 100.0 { whole } else { amount.abs().round() };
    let mut text = String::new();
    let plain = format!("{digits:.0}");
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if whole < 100.0 && rest > 0.0 {
        text += &format!(".{rest:02.0}");
    }
    let sign = if amount < 0.0 && cents > 0.0 { "-" } else { "" };
    match currency {
        Some("USD") => format!("{sign}${text}"),
        Some("EUR") => format!("{sign}€{text}"),
        Some("GBP") => format!("{sign}£{text}"),
        Some(other) => format!("{sign}{other} {text}"),
        None => format!("{sign}{text}"),
    }
}

/// What is known, shared by who computes and who shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Knowledge>>);

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Knowledge> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known, for one request, which remembers what was asked for and is not known.
#[derive(Debug, Default)]
pub(crate) struct View {
    knowledge: Shared,
    /// The revision of the text that the request is about.
    revision: u64,
    /// The folder of the project.
    root: Option<PathBuf>,
    wanted: Mutex<BTreeSet<Wanted>>,
}

impl View {
    pub(crate) fn new(knowledge: Shared, revision: u64, root: Option<&Path>) -> Self {
        Self { knowledge, revision, root: root.map(Path::to_owned), wanted: Mutex::default() }
    }

    /// Returns what was asked for and is not known.
    pub(crate) fn wanted(&self) -> BTreeSet<Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn want(&self, wanted: Wanted) {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(wanted);
    }

    fn answer<T>(&self, knowledge: &Knowledge, answer: T) -> Versioned<T> {
        let is_stale = knowledge.is_behind || knowledge.measured != Some(self.revision);
        Versioned { answer, is_stale }
    }

    /// Does something with the values of a subject; where they are not known, asks for them.
    fn with_values<T>(&self, subject: Subject, f: impl FnOnce(&Knowledge, &Values) -> T) -> Option<T> {
        let knowledge = self.knowledge.lock();
        knowledge.opened.as_ref()?;
        match knowledge.values.get(&subject) {
            Some(values) => Some(f(&knowledge, values)),
            None => {
                self.want(Wanted::Values(subject));
                None
            }
        }
    }
}

impl Facts for View {
    fn keys(&self) -> Vec<Seen> {
        let knowledge = self.knowledge.lock();
        if knowledge.opened.is_none() {
            return Vec::new();
        }
        match &knowledge.keys {
            Some(keys) => keys.iter().map(|key| knowledge.seen(key)).collect(),
            None => {
                self.want(Wanted::Keys);
                Vec::new()
            }
        }
    }

    fn values(&self, of: &tagpol_ide::Subject) -> Vec<Seen> {
        let subject = match of {
            tagpol_ide::Subject::Attribute(name) => Subject::Attribute(name.clone()),
            tagpol_ide::Subject::Native(key) => Subject::Native(key.clone()),
            tagpol_ide::Subject::Tag(name) => Subject::Tag(name.clone()),
        };
        let all = |knowledge: &Knowledge, values: &Values| {
            values.top.iter().map(|value| knowledge.seen(value)).collect()
        };
        self.with_values(subject, all).unwrap_or_default()
    }

    fn table_files(&self, file: &str) -> Vec<String> {
        let folder = Path::new(file).parent().filter(|folder| folder.is_absolute());
        folder.map(data_files).unwrap_or_default()
    }

    fn headings(&self, path: &str) -> Vec<String> {
        let Some(root) = &self.root else { return Vec::new() };
        tagpol_project::headings(&tagpol_project::jail_of(root), path)
            .and_then(Result::ok)
            .unwrap_or_default()
    }

    fn tag(&self, name: &str) -> Option<Versioned<Presence>> {
        self.with_values(Subject::Tag(name.to_owned()), |knowledge, values| {
            let top = values.top.iter().take(TOP_VALUES).map(|value| knowledge.seen(value)).collect();
            self.answer(knowledge, Presence { present: values.present, all: knowledge.all(), top })
        })
    }

    fn matches(&self, item: &str) -> Option<Versioned<Matches>> {
        let knowledge = self.knowledge.lock();
        let Amount { count, cost } = *knowledge.conditions.get(item)?;
        let cost = knowledge.money(cost);
        Some(self.answer(&knowledge, Matches { count, all: knowledge.all(), cost }))
    }

    fn policy(&self, name: &str) -> Option<Versioned<PolicyFacts>> {
        let knowledge = self.knowledge.lock();
        let measure = *knowledge.policies.get(name)?;
        // The list behind the numbers has a line for each resource, however many checks it fails.
        let violations = measure.violating.count;
        let cost = knowledge.money(measure.violating.cost).filter(|_| violations > 0);
        let facts = PolicyFacts { in_scope: measure.in_scope.count, violations, cost };
        Some(self.answer(&knowledge, facts))
    }

    fn unmapped(&self, tag: &str) -> Option<Versioned<Vec<Seen>>> {
        self.with_values(Subject::Tag(tag.to_owned()), |knowledge, values| {
            let unmapped = values.top.iter().filter(|value| value.unmapped);
            self.answer(knowledge, unmapped.map(|value| knowledge.seen(value)).collect())
        })
    }

    fn learnt(&self) -> Option<Arc<Learnt>> {
        let knowledge = self.knowledge.lock();
        let (snapshot, learnt) = knowledge.learnt.as_ref()?;
        // Resources of another snapshot say nothing of those that are shown.
        (knowledge.opened.as_ref()?.id == *snapshot).then(|| Arc::clone(learnt))
    }

    fn coverage(&self, file: &str, lines: RangeInclusive<u32>) -> Option<Coverage> {
        let knowledge = self.knowledge.lock();
        let (revision, files) = knowledge.coverage.as_ref()?;
        // Places move with the text: what was covered once says nothing of another text.
        if *revision != self.revision {
            return None;
        }
        let points = files.get(file)?.iter().filter(|(line, _)| lines.contains(&line.saturating_sub(1)));
        let mut coverage = Coverage { covered: 0, all: 0 };
        for (_, is_covered) in points {
            coverage.all += 1;
            coverage.covered += u64::from(*is_covered);
        }
        Some(coverage)
    }
}

/// Files of tables that are listed, and folders below that of the policies that are looked into.
const MOST_FILES: usize = 200;
const DEPTH: usize = 3;

/// Lists the files of a folder that tables can be, relative to it. Links are not followed, and nothing is opened.
fn data_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().take(10 * MOST_FILES);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(kind) = entry.file_type().ok().filter(|_| !name.starts_with('.')) else { continue };
            let extension = Path::new(&name).extension().and_then(|extension| extension.to_str());
            let is_data = matches!(extension, Some("csv" | "tsv" | "json" | "ndjson" | "parquet"));
            if kind.is_dir() && depth < DEPTH && !matches!(name.as_str(), "target" | "node_modules") {
                folders.push((entry.path(), format!("{prefix}{name}/"), depth + 1));
            } else if kind.is_file() && is_data {
                found.push(format!("{prefix}{name}"));
            }
        }
        if found.len() >= MOST_FILES {
            break;
        }
    }
    found.sort_by_key(|path| (path.matches('/').count(), path.clone()));
    found.truncate(MOST_FILES);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_tables() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("data");
        std::fs::create_dir_all(below.join(".git")).unwrap();
        for path in ["b.csv", "a.tagpol", "data/a.json", "data/.git/x.csv", ".hidden.csv"] {
            std::fs::write(folder.path().join(path), "a\n1\n").unwrap();
        }
        assert_eq!(data_files(folder.path()), ["b.csv", "data/a.json"]);
        assert_eq!(data_files(&folder.path().join("nowhere")), Vec::<String>::new());
        let view = View::new(Shared::default(), 0, Some(folder.path()));
        let file = folder.path().join("b.csv");
        assert_eq!(view.headings(file.to_str().unwrap()), ["a"]);
        assert_eq!(
            view.table_files(folder.path().join("a.tagpol").to_str().unwrap()),
            ["b.csv", "data/a.json"]
        );
    }

    #[test]
    fn amounts() {
        for (amount, currency, text) in [
            (4120.4, Some("USD"), "$4,120"),
            (1_234_567.0, Some("EUR"), "€1,234,567"),
            (3.5, Some("USD"), "$3.50"),
            (0.004, Some("USD"), "$0"),
            (99.999, Some("GBP"), "£100"),
            (0.0, None, "0"),
            (-12.25, Some("CHF"), "-CHF 12.25"),
        ] {
            assert_eq!(money(amount, currency), text);
        }
    }
}
