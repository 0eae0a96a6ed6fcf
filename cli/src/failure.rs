//! Why a command ended without doing what it was asked, and with which exit code.

use std::path::Path;

use tagpol_app::evaluation::RunError;
use tagpol_app::inventory::{ImportError, LookupError};
#[cfg(feature = "suggest")]
use tagpol_app::learning::RegistryError;
use tagpol_app::settings::ProjectError;
use tagpol_app::state::StateError;
use tagpol_app::{AppError, ErrorKind};
use tagpol_app::{EarlierStateError, StoreError};
use tagpol_sink::terminal::line;
use tagpol_syntax::similar::closest;

/// The exit code of a program that was interrupted, as shells know it: 128 and the number of SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Nothing at or above the gate.
    Success = 0,
    /// Findings, or failed tests.
    Findings = 1,
    /// A mistake in the command line or the policies.
    Usage = 2,
    /// A problem with the inventory or the engine.
    Engine = 3,
    /// Ctrl-C.
    Interrupted = INTERRUPTED,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Something that ends a command.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    /// What is wrong. Empty: it has been shown already.
    pub(crate) message: String,
    /// The file, with line and column where there are any.
    pub(crate) place: Option<String>,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), place: None, help: None }
    }

    /// A mistake of the user's in the command line or the project.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A problem with the inventory or the engine.
    pub(crate) fn engine(message: impl Into<String>) -> Self {
        Self::new(Exit::Engine, message)
    }

    /// The policies have errors, which have been shown.
    pub(crate) fn reported() -> Self {
        Self::new(Exit::Usage, "")
    }

    /// A command that this build lacks, because a feature of Cargo was switched off.
    #[cfg(not(all(
        feature = "advise-model",
        feature = "collect",
        feature = "remediate",
        feature = "serve",
        feature = "suggest"
    )))]
    pub(crate) fn missing_feature(command: &str, feature: &str) -> Self {
        Self::usage(format!("`{command}` is not included in this build, which lacks the feature `{feature}`"))
            .help(
                "build the complete program with `make build`, or install it with `cargo install --path cli`",
            )
    }

    /// Names its consequence first.
    pub(crate) fn context(mut self, consequence: &str) -> Self {
        self.message = format!("{consequence}: {}", self.message);
        self
    }

    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests a similar name, if there is one.
    pub(crate) fn closest(self, closest: Option<&str>) -> Self {
        match closest {
            Some(close) => self.help(format!("did you mean `{close}`?")),
            None => self,
        }
    }

    /// Suggests a similar name; where there is none, gives other help.
    pub(crate) fn closest_or(self, closest: Option<&str>, help: impl Into<String>) -> Self {
        if closest.is_some() { self.closest(closest) } else { self.help(help) }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// A file of the user's that could not be read or written.
    pub(crate) fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::usage(format!("cannot {doing} `{}`: {error}", line(&path.display().to_string())))
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        let message = error.to_string();
        let failure = match error.kind() {
            ErrorKind::Request => Self::usage(message),
            ErrorKind::Engine => Self::engine(message),
            ErrorKind::Cancelled => Self::new(Exit::Interrupted, message),
        };
        match error {
            AppError::Project(error) => error.into(),
            AppError::Import(error) => error.into(),
            AppError::Lookup(error) => error.into(),
            AppError::File(error) => error.into(),
            AppError::Run(error) => error.into(),
            AppError::State(error) => error.into(),
            AppError::Store(error) => error.into(),
            AppError::NoPolicies => failure.help(
                "write one, as in `policy owned { severity high  require owner }`; `tagpol init` makes an example",
            ),
            AppError::NotACondition { .. } => {
                failure.at("--where").help("write one as after `where`: `resource.type == \"s3:bucket\"`")
            }
            AppError::UnknownReportTag { manifest, closest, .. } => {
                failure.at(manifest.display().to_string()).closest(closest.as_deref())
            }
            AppError::NoInventory => failure.help(
                "specify one with `--inventory FILE`, list it in tagpol.toml (`inventory = [\"bill.csv\"]`), or import one with `tagpol snapshot import FILE`",
            ),
            AppError::EmptyInventory => {
                failure.help("fetch the inventory again; a bill has the ids of its resources in `ResourceId`")
            }
            AppError::UnknownSnapshot { .. } => failure.help("`tagpol snapshot list` shows them"),
            AppError::AmbiguousSnapshot { .. } => failure.help("write more of the id"),
            AppError::UnknownDimension { name, known } => {
                let attribute = format!("resource.{name}");
                let attribute = known.iter().find(|one| **one == attribute).map(String::as_str);
                let close = attribute.or_else(|| closest(&name, known.iter().map(String::as_str)));
                failure.closest_or(close, format!("use one of {}", known.join(", ")))
            }
            AppError::NoCostData => failure.help(
                "specify a bill with `--inventory`; in a list, the column `monthly_cost` has the costs",
            ),
            AppError::EmptyBill { .. } => failure.help("export the bill again: it has only its header"),
            AppError::NoCharges => failure.help("specify a bill with `--inventory`, or omit the options that need one"),
            AppError::OtherCurrency { .. } => {
                failure.help("import the bill again: `tagpol snapshot import --currency`, or specify it with `--inventory`")
            }
            AppError::OtherMonth { .. } => failure.help(
                "import the bill again: `tagpol snapshot import --month`, or specify it with `--inventory`",
            ),
            AppError::StateLocation(error) => failure.help(error.help()),
            #[cfg(feature = "collect")]
            AppError::Collect(error) => match error.help() {
                Some(help) => failure.help(help),
                None => failure,
            },
            AppError::UnknownPolicy { closest, .. } => failure.closest(closest.as_deref()),
            #[cfg(feature = "remediate")]
            AppError::Remediation(error) => (*error).into(),
            #[cfg(feature = "suggest")]
            AppError::NotLearnable { closest, .. } => failure.closest_or(
                closest.as_deref(),
                "models suggest tags that are texts, enumerations, email addresses or booleans",
            ),
            #[cfg(feature = "suggest")]
            AppError::Models(error) => error.into(),
            AppError::Policies(_)
            | AppError::TemporaryFolder(_)
            | AppError::LanguageModel(_)
            | AppError::Cancelled(_) => failure,
        }
    }
}

#[cfg(feature = "suggest")]
impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match &error {
            RegistryError::Unknown(_) | RegistryError::Ambiguous(_) => {
                Self::usage(error.to_string()).help("list the models with `tagpol model list`")
            }
            RegistryError::NothingBefore => Self::usage(error.to_string()),
            RegistryError::Damaged { .. } | RegistryError::Version { .. } => {
                Self::engine(error.to_string()).help("train a new model with `tagpol train`")
            }
            RegistryError::Io { .. } => Self::engine(error.to_string()),
            RegistryError::File(file) => match file.help() {
                Some(help) => Self::engine(error.to_string()).help(help),
                None => Self::engine(error.to_string()),
            },
        }
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        let place = error.place();
        Self { place, help: error.help, ..Self::usage(error.message) }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let mut failure = Self::engine(error.to_string());
        failure.place = error.path().map(|path| {
            let mut place = path.display().to_string();
            for number in [error.line(), error.line().and(error.column())].into_iter().flatten() {
                place.push_str(&format!(":{number}"));
            }
            place
        });
        failure.help = error.help();
        failure
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        let mut place = error.path.display().to_string();
        for number in [error.line, error.line.and(error.column)].into_iter().flatten() {
            place.push_str(&format!(":{number}"));
        }
        Self { help: error.help.clone(), ..Self::engine(error.to_string()).at(place) }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let failure = Self::engine(error.to_string());
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

impl From<EarlierStateError> for Failure {
    fn from(error: EarlierStateError) -> Self {
        let help = match &error {
            EarlierStateError::Locked { .. } => Some("try again after the other process has ended"),
            EarlierStateError::Damaged { .. } => {
                Some("restore it from a copy, or move it away to start without what it contains")
            }
            EarlierStateError::File(error) => error.help(),
            EarlierStateError::Store(_) => None,
        };
        let failure = Self::engine(format!("the state of an earlier version cannot be imported: {error}"));
        match help {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let help = match &error {
            StoreError::Memory { .. } => "raise the limit with `--memory-limit SIZE`",
            StoreError::Timeout { .. } => "raise the limit with `--timeout SECONDS`; 0 means no limit",
            StoreError::UnknownFailure { .. } => "`tagpol eval --threads 1` shows the reason",
            StoreError::Cancelled(_) => return Self::new(Exit::Interrupted, error.to_string()),
            _ => return Self::engine(error.to_string()),
        };
        Self::engine(error.to_string()).help(help)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Currency(ref mismatches) => {
                let rate = mismatches.first().map_or_else(String::new, |mismatch| {
                    format!("`{} = \"… {}\"`", mismatch.currency, mismatch.snapshot)
                });
                Self::usage(error.to_string()).help(format!(
                    "write the amounts in the snapshot's currency, or specify the rate under `[rates]` in tagpol.toml: {rate}"
                ))
            }
            RunError::NoRate(ref found) => {
                let rate = |(code, of): &(String, String)| format!("`{code} = \"… {of}\"`");
                let rates: Vec<String> = found.missing.iter().map(rate).collect();
                Self::usage(error.to_string())
                    .help(format!("specify the rates under `[rates]` in tagpol.toml: {}", rates.join(", ")))
            }
            RunError::TextTooLong(ref found) => {
                let failure = Self::usage(error.to_string())
                    .help("shorten the value; `--text-limit BYTES` of `eval`, `cost`, `diff`, `explain` and `test` raises the limit");
                let loc = &found.text.loc;
                if loc.file.is_empty() {
                    return failure;
                }
                failure.at(format!("{}:{}:{}", loc.file, loc.line, loc.column))
            }
            RunError::Inventory(error) => error.into(),
            RunError::Lookup(error) => (*error).into(),
            RunError::State(error) => error.into(),
            RunError::EarlierState(error) => error.into(),
            RunError::Table(_) => Self::engine(error.to_string())
                .help("correct the file: each key must be there once, and each cell must be valid or empty"),
            RunError::Store(error) => error.into(),
            RunError::Unsupported(_) => Self::usage(error.to_string()).help(
                "evaluate without `--engine`; docs/scale.md lists what an engine elsewhere can evaluate",
            ),
            RunError::EngineAddress(_) => Self::usage(error.to_string()),
            RunError::OtherResources { .. } => Self::engine(error.to_string())
                .help("`--engine-path` is where the engine finds the resources of the snapshot"),
            RunError::Answer { .. } | RunError::TemporaryFolder(_) | RunError::Engine(_) => {
                Self::engine(error.to_string())
            }
        }
    }
}
