//! `tagpol.toml`: the settings of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tagpol_plan::Rates;
use tagpol_sema::{LintLevel, LintLevels};
use toml::Spanned;

use crate::args::{DocFormat, FailOn};
use crate::failure::Failure;

/// Name of the file.
pub(crate) const FILE_NAME: &str = "tagpol.toml";

/// The settings. Paths are relative to the folder of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Manifest {
    /// Name of the project, for reports.
    pub(crate) name: Option<String>,
    /// Folder of the .tagpol files.
    pub(crate) policies: PathBuf,
    /// Inventory files that `eval` reads where the command line names none.
    pub(crate) inventory: Vec<PathBuf>,
    /// Folder of the snapshots.
    pub(crate) snapshots: PathBuf,
    /// The gate of `eval`.
    pub(crate) fail_on: Option<FailOn>,
    /// Changes to single policies, by name.
    pub(crate) policy: BTreeMap<String, PolicyOverride>,
    /// Levels of single lints, by name.
    pub(crate) lints: BTreeMap<String, Level>,
    /// Where and how `doc` writes.
    pub(crate) doc: DocSettings,
    /// Which tags play a part in reports.
    pub(crate) report: ReportTags,
    /// What a unit of a currency is worth in another one, as written: `EUR = "1.08 USD"`.
    #[serde(rename = "rates")]
    written_rates: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The same, understood.
    #[serde(skip)]
    pub(crate) rates: Rates,
}

/// What a project makes of a lint.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Allow,
    Warn,
    Error,
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
            snapshots: PathBuf::from(".tagpol/snapshots"),
            fail_on: None,
            policy: BTreeMap::new(),
            lints: BTreeMap::new(),
            doc: DocSettings::default(),
            report: ReportTags::default(),
            written_rates: BTreeMap::new(),
            rates: Rates::default(),
        }
    }
}

/// Where documentation is kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct DocSettings {
    /// A file (.md or .html), or a folder.
    pub(crate) output: Option<PathBuf>,
    /// Its form; None: that of the file's name, else Markdown.
    pub(crate) format: Option<DocFormat>,
}

/// The tags that play a part in reports. None: the tag whose name fits, where there is one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ReportTags {
    /// Where a resource runs.
    pub(crate) environment: Option<String>,
    /// Who pays for it.
    pub(crate) cost_center: Option<String>,
    /// Who works on it.
    pub(crate) team: Option<String>,
}

/// A change to a policy that the project does not own, or not yet keeps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct PolicyOverride {
    /// Whether it is evaluated.
    pub(crate) enabled: bool,
    /// The severity of its findings: critical, high, medium or low.
    pub(crate) severity: Option<String>,
}

impl Default for PolicyOverride {
    fn default() -> Self {
        Self { enabled: true, severity: None }
    }
}

impl Manifest {
    /// Returns the levels of lints. Fails on the name of a lint that does not exist.
    pub(crate) fn lint_levels(&self, root: &Path) -> Result<LintLevels, Failure> {
        let levels = self.lints.iter().map(|(name, level)| (name.as_str(), LintLevel::from(*level)));
        LintLevels::new(levels).map_err(|unknown| {
            let failure = Failure::usage(format!("there is no lint `{}`", unknown.name))
                .at(root.join(FILE_NAME).display().to_string());
            match unknown.meant {
                Some(close) => failure.help(format!("did you mean `{close}`?")),
                None => failure.help("`tagpol explain-code` lists the lints"),
            }
        })
    }

    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))?;
        let at = |start: Option<usize>| {
            let mut place = path.display().to_string();
            if let Some(before) = start.and_then(|start| text.get(..start)) {
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                place.push_str(&format!(":{line}:{column}"));
            }
            place
        };
        let mut manifest: Self = toml::from_str(&text).map_err(|error| {
            Failure::usage(error.message().to_owned()).at(at(error.span().map(|span| span.start)))
        })?;
        manifest.rates =
            rates(&manifest.written_rates).map_err(|(start, failure)| failure.at(at(Some(start))))?;
        Ok(manifest)
    }
}

/// Reads rates, or says at which byte one is wrong.
fn rates(written: &BTreeMap<Spanned<String>, Spanned<String>>) -> Result<Rates, (usize, Failure)> {
    let mut rates = Rates::default();
    for (currency, worth) in written {
        if !is_currency(currency.get_ref()) {
            let failure = Failure::usage(format!("`{}` is no currency", currency.get_ref()))
                .help("write the three capital letters of ISO 4217, like EUR");
            return Err((currency.span().start, failure));
        }
        let start = worth.span().start;
        let form = || {
            Failure::usage(format!("`{}` is no rate", worth.get_ref()))
                .help(format!("say what one unit is worth: `{} = \"1.08 USD\"`", currency.get_ref()))
        };
        let mut words = worth.get_ref().split_ascii_whitespace();
        let (Some(number), Some(other), None) = (words.next(), words.next(), words.next()) else {
            return Err((start, form()));
        };
        let (Ok(number), true) = (number.parse(), is_currency(other)) else { return Err((start, form())) };
        rates
            .add(currency.get_ref(), number, other)
            .map_err(|bad| (start, Failure::usage(format!("`{}` is no rate: {bad}", worth.get_ref()))))?;
    }
    Ok(rates)
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
