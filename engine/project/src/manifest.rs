//! `tagpol.toml`: the settings of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tagpol_plan::Rates;
use tagpol_sema::program::Severity;
use tagpol_sema::{LintLevel, LintLevels};
use toml::Spanned;

use crate::packages::PackageSource;
use crate::{Jail, ProjectError};

/// Name of the file.
pub const FILE_NAME: &str = "tagpol.toml";

/// The file of the state store by default.
const STATE: &str = ".tagpol/state.db";

/// The settings. Paths are relative to the folder of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Manifest {
    /// Name of the project, for reports.
    pub name: Option<String>,
    /// Folder of the .tagpol files.
    pub policies: PathBuf,
    /// Inventory files that `eval` reads where the command line names none.
    pub inventory: Vec<PathBuf>,
    /// What the columns of CSV lists and bills mean, by their headings, as written: a field such as `monthly_cost`, or
    /// `tag:KEY`.
    #[serde(rename = "columns")]
    written_columns: BTreeMap<String, Spanned<String>>,
    /// The same, checked.
    #[serde(skip)]
    pub columns: BTreeMap<String, String>,
    /// Native keys that `remediate` never changes, such as those that permissions depend on.
    pub protect: Vec<String>,
    /// Columns of bills that policies can read as `resource.meta["…"]`, by their headings.
    pub keep: Vec<String>,
    /// Folder of the snapshots.
    pub snapshots: PathBuf,
    /// The state store: the path of a SQLite file, or the address of a PostgreSQL database.
    pub state: PathBuf,
    /// The gate of `eval`.
    pub fail_on: Option<FailOn>,
    /// Changes to single policies, by name.
    pub policy: BTreeMap<String, PolicyOverride>,
    /// Levels of single lints, by name.
    pub lints: BTreeMap<String, Level>,
    /// Where and how `doc` writes.
    pub doc: DocSettings,
    /// Which tags play a part in reports.
    pub report: ReportTags,
    /// How the server is started.
    pub serve: ServeSettings,
    /// What a unit of a currency is worth in another one, as written: `EUR = "1.08 USD"`.
    #[serde(rename = "rates")]
    written_rates: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The same, understood.
    #[serde(skip)]
    pub rates: Rates,
    /// Packages of policies, by the names under which `use` finds them.
    #[serde(rename = "packages")]
    written_packages: BTreeMap<Spanned<String>, PackageSource>,
    /// The same, checked.
    #[serde(skip)]
    pub packages: BTreeMap<String, PackageSource>,
}

/// What a project makes of a lint.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "see `LintLevel`")]
pub enum Level {
    Allow,
    Warn,
    Error,
}

/// The severity from which open findings make a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are clear")]
pub enum FailOn {
    Critical,
    High,
    Medium,
    Low,
    /// Never.
    None,
}

impl FailOn {
    /// Returns the severity. None: findings never make a run fail.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Critical => Some(Severity::Critical),
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::None => None,
        }
    }
}

impl From<Level> for LintLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Allow => Self::Allow,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            name: None,
            policies: PathBuf::from("."),
            inventory: Vec::new(),
            written_columns: BTreeMap::new(),
            columns: BTreeMap::new(),
            protect: Vec::new(),
            keep: Vec::new(),
            snapshots: PathBuf::from(".tagpol/snapshots"),
            state: PathBuf::from(STATE),
            fail_on: None,
            policy: BTreeMap::new(),
            lints: BTreeMap::new(),
            doc: DocSettings::default(),
            report: ReportTags::default(),
            serve: ServeSettings::default(),
            written_rates: BTreeMap::new(),
            rates: Rates::default(),
            written_packages: BTreeMap::new(),
            packages: BTreeMap::new(),
        }
    }
}

/// Where documentation is kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct DocSettings {
    /// A file (.md or .html), or a folder.
    pub output: Option<PathBuf>,
    /// Its form; None: that of the file's name, else Markdown.
    pub format: Option<DocFormat>,
}

/// The form of documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are clear")]
pub enum DocFormat {
    Markdown,
    Html,
}

/// The tags that play a part in reports. None: the tag whose name fits, where there is one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ReportTags {
    /// Where a resource runs.
    pub environment: Option<String>,
    /// Who pays for it.
    pub cost_center: Option<String>,
    /// Who works on it.
    pub team: Option<String>,
}

/// How the server is started. A project can neither name the address that people see nor give up encryption, since it may
/// come from a stranger.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ServeSettings {
    /// Address and port to listen on.
    pub listen: Option<String>,
}

/// A change to a policy that the project does not own, or not yet keeps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PolicyOverride {
    /// Whether it is evaluated.
    pub enabled: bool,
    /// The severity of its findings: critical, high, medium or low.
    pub severity: Option<String>,
}

impl Default for PolicyOverride {
    fn default() -> Self {
        Self { enabled: true, severity: None }
    }
}

impl Manifest {
    /// Returns the address of the database that the state is in, if it is not a file.
    pub fn state_address(&self) -> Option<&str> {
        let text = self.state.to_str()?;
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        matches!(scheme.as_deref(), Some("postgres" | "postgresql")).then_some(text)
    }

    /// Returns the file of the state, relative to the project: the usual one if the state is in a database.
    pub(crate) fn state_file(&self) -> &Path {
        if self.state_address().is_some() { Path::new(STATE) } else { &self.state }
    }

    /// Reads the manifest of the project in a folder; None if it has none.
    ///
    /// # Errors
    /// If the manifest is a link or not a regular file, cannot be read, or has a mistake.
    pub fn of(root: &Path) -> Result<Option<Self>, ProjectError> {
        let path = root.join(FILE_NAME);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        Self::read(&path).map(Some)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// If it is a link or not a regular file, cannot be read, or has a mistake.
    pub fn read(path: &Path) -> Result<Self, ProjectError> {
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        // A link could lead to a file whose content a message would then show.
        Jail::new(folder).file(path)?;
        Self::parse(path, &crate::read_text(path)?)
    }

    /// Reads the text of the file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ProjectError> {
        let at = |error: ProjectError, start: Option<usize>| {
            let before = start.and_then(|start| text.get(..start));
            error.at(path, before.map(line_and_column))
        };
        let mut manifest: Self = toml::from_str(text).map_err(|error| {
            let failure = ProjectError::new(error.message().to_owned());
            let failure = match right_form(text, &error) {
                Some(form) => failure.help(format!("write `{form}`")),
                None => failure,
            };
            at(failure, error.span().map(|span| span.start))
        })?;
        manifest.columns =
            columns(&manifest.written_columns).map_err(|(start, error)| at(error, Some(start)))?;
        manifest.rates = rates(&manifest.written_rates).map_err(|(start, error)| at(error, Some(start)))?;
        if let Some(name) = manifest.keep.iter().find(|name| name.trim().is_empty()) {
            let error = ProjectError::new(format!("`keep` has the name `{name}`, which no column has"));
            return Err(at(error.help("list headings of the bill: `keep = [\"x_project\"]`"), None));
        }
        if manifest.protect.iter().any(|key| key.trim().is_empty()) {
            let error = ProjectError::new("`protect` has an empty key, which no tag has".to_owned());
            return Err(at(error.help("list native keys: `protect = [\"Owner\"]`"), None));
        }
        for (name, source) in &manifest.written_packages {
            source.check(name.get_ref()).map_err(|error| at(error, Some(name.span().start)))?;
            manifest.packages.insert(name.get_ref().clone(), source.clone());
        }
        Ok(manifest)
    }

    /// Returns the levels of lints. Fails on the name of a lint that does not exist. `path` is that of
    /// the manifest.
    pub fn lint_levels(&self, path: &Path) -> Result<LintLevels, ProjectError> {
        let levels = self.lints.iter().map(|(name, level)| (name.as_str(), LintLevel::from(*level)));
        LintLevels::new(levels).map_err(|unknown| {
            let error = ProjectError::new(format!("there is no lint `{}`", unknown.name)).at(path, None);
            match unknown.meant {
                Some(close) => error.help(format!("did you mean `{close}`?")),
                None => error.help("`tagpol explain-code` lists the lints"),
            }
        })
    }
}

/// Returns how a value of the wrong type is written: `keep = ["x_project"]`. None if that cannot be concluded from
/// the value.
fn right_form(text: &str, error: &toml::de::Error) -> Option<String> {
    let span = error.span()?;
    let value = text.get(span.clone())?.trim();
    if value.is_empty() || value.contains('\n') || value.len() > 80 {
        return None;
    }
    let before = text.get(..span.start)?.trim_end().strip_suffix('=')?.trim_end();
    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '"');
    let key = before.get(before.trim_end_matches(is_key).len()..).filter(|key| !key.is_empty())?;
    let (_, expected) = error.message().rsplit_once("expected ")?;
    let is_quoted = value.starts_with(['"', '\'']);
    let is_plain = !value.starts_with(['[', '{']);
    match expected.trim() {
        "a sequence" if is_quoted => Some(format!("{key} = [{value}]")),
        "a string" if is_currency(key) && is_plain => Some(format!("{key} = \"{value} USD\"")),
        "a string" | "path string" if !is_quoted && is_plain => Some(format!("{key} = \"{value}\"")),
        "a boolean" if is_quoted => match value.trim_matches(['"', '\'']) {
            flag @ ("true" | "false") => Some(format!("{key} = {flag}")),
            _ => Some(format!("{key} = true")),
        },
        _ => None,
    }
}

/// Returns the line and the column of the end of a text, both from 1.
fn line_and_column(before: &str) -> (usize, usize) {
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// What a column can mean, but for a tag.
const FIELDS: [&str; 23] = [
    "id",
    "name",
    "type",
    "provider",
    "account",
    "region",
    "created",
    "monthly_cost",
    "currency",
    "source",
    "meta",
    "tags",
    // Those of bills.
    "cost",
    "billed_cost",
    "list_cost",
    "usage_start",
    "usage_start:day-first",
    "usage_start:month-first",
    "usage_end",
    "invoice_month",
    "service",
    "category",
    "billing_account",
];

/// Checks the meanings of columns, or returns at which byte one is wrong.
fn columns(
    written: &BTreeMap<String, Spanned<String>>,
) -> Result<BTreeMap<String, String>, (usize, ProjectError)> {
    let mut columns = BTreeMap::new();
    for (heading, meaning) in written {
        let text = meaning.get_ref();
        let is_tag = text.strip_prefix("tag:").is_some_and(|key| !key.is_empty());
        if !is_tag && !FIELDS.contains(&text.as_str()) {
            let error = ProjectError::new(format!("a column cannot be `{text}`"))
                .help(format!("write `tag:KEY` for a tag, or one of {}", FIELDS.join(", ")));
            return Err((meaning.span().start, error));
        }
        columns.insert(heading.trim().to_owned(), text.clone());
    }
    Ok(columns)
}

/// Reads rates, or says at which byte one is wrong.
fn rates(written: &BTreeMap<Spanned<String>, Spanned<String>>) -> Result<Rates, (usize, ProjectError)> {
    let mut rates = Rates::default();
    for (currency, worth) in written {
        if !is_currency(currency.get_ref()) {
            let failure = ProjectError::new(format!("`{}` is not a currency", currency.get_ref()))
                .help("write the three capital letters of ISO 4217, like EUR");
            return Err((currency.span().start, failure));
        }
        let start = worth.span().start;
        let form = || {
            ProjectError::new(format!("`{}` is not a rate", worth.get_ref()))
                .help(format!("write the value of one unit: `{} = \"1.08 USD\"`", currency.get_ref()))
        };
        let mut words = worth.get_ref().split_ascii_whitespace();
        let (Some(number), Some(other), None) = (words.next(), words.next(), words.next()) else {
            return Err((start, form()));
        };
        let (Ok(number), true) = (number.parse(), is_currency(other)) else { return Err((start, form())) };
        rates.add(currency.get_ref(), number, other).map_err(|bad| {
            (start, ProjectError::new(format!("`{}` is not a rate: {bad}", worth.get_ref())))
        })?;
    }
    Ok(rates)
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
