//! What is answered.

use std::path::{Path, PathBuf};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use tagpol_app::evaluation::live::{self, Live};
use tagpol_app::evaluation::{Options, RunError, compile, compile_for, evaluate};
use tagpol_app::explanation::resource::explain;
use tagpol_app::explanation::{Found, Named};
use tagpol_app::inventory::{ImportSettings, Snapshot, import_files, newest};
use tagpol_app::testing::Subject as Tested;
use tagpol_app::testing::coverage::coverage;
use tagpol_app::{AppError, CancelToken, Project, RunContext, Silent};
use tagpol_sema::program::Test;
use tagpol_worker_protocol::{Explained, Inventory, Measured, Request, Response, Subject};

use crate::convert;
use crate::project::{self, Checked, refuse_special};

/// What the worker has.
pub(crate) struct Worker {
    project: Project,
    /// Cancels the request that is being answered.
    cancel: CancelToken,
    live: Option<Live>,
}

/// Why there is no answer.
enum Failure {
    /// Nobody waits for it.
    Cancelled,
    /// For people.
    Told(String),
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        AppError::from(error).into()
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Cancelled(_) => Self::Cancelled,
            other => Self::Told(other.to_string()),
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Told(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::Told(message.to_owned())
    }
}

const MISTAKES: &str = "the policies have errors";
const NO_SNAPSHOT: &str = "there is no snapshot";

impl Worker {
    pub(crate) fn new() -> Self {
        Self { project: Project::default(), cancel: CancelToken::new(), live: None }
    }

    /// Answers a request, which a token can end early.
    pub(crate) fn answer(&mut self, question: Request, cancel: CancelToken) -> Response {
        self.live.iter_mut().for_each(|live| live.set_cancel(cancel.clone()));
        self.cancel = cancel;
        match self.try_answer(question) {
            Ok(answer) => answer,
            Err(Failure::Cancelled) => Response::Cancelled,
            Err(Failure::Told(message)) => Response::Failed(message),
        }
    }

    fn try_answer(&mut self, question: Request) -> Result<Response, Failure> {
        match question {
            Request::Open { root, inventory } => self.open(root.as_deref(), inventory),
            Request::Sync { files, all } => {
                self.project.sync(files, all);
                Ok(Response::Done)
            }
            Request::Measure => self.measure(),
            Request::Keys => {
                let keys = self.live()?.keys()?;
                Ok(Response::Keys(keys.into_iter().map(|key| convert::value(key, false)).collect()))
            }
            Request::Values(subject) => self.values(subject),
            Request::Violations { policy, limit } => self.violations(&policy, limit),
            Request::Resources { query, limit } => {
                let found = self.live()?.resources(&query, limit)?;
                Ok(Response::Resources(found.into_iter().map(convert::resource).collect()))
            }
            Request::Evaluate => self.evaluate(),
            Request::Explain { resource } => self.explain(&resource),
            Request::Sql => self.sql(),
            Request::Tests { wanted } => self.tests(wanted.as_deref()),
            Request::Cancel(_) => Ok(Response::Done),
        }
    }

    fn open(&mut self, root: Option<&str>, inventory: Option<Inventory>) -> Result<Response, Failure> {
        self.project = Project::of_editor(root.map(Path::new));
        self.live = None;
        let Some(inventory) = inventory else { return Ok(Response::Opened(None)) };
        let options = project::options(&mut self.project, &context(&self.cancel))?;
        let snapshot = self.snapshot(inventory)?;
        let live = Live::open(snapshot, options)?;
        let opened = convert::opened(live.snapshot(), live.total_cost()?);
        self.live = Some(live);
        Ok(Response::Opened(Some(opened)))
    }

    fn snapshot(&self, inventory: Inventory) -> Result<Snapshot, Failure> {
        let snapshot = match inventory {
            Inventory::Snapshot(path) => Snapshot::open(Path::new(&path)).map_err(AppError::from)?,
            Inventory::Files { files, into } => {
                let into = PathBuf::from(into);
                match newest(&into)? {
                    Some(snapshot) => snapshot,
                    None => {
                        let files: Vec<PathBuf> =
                            files.iter().map(|file| project::resolve(&self.project, file)).collect();
                        for file in files.iter().filter(|file| !file.is_dir()) {
                            refuse_special(file)?;
                        }
                        let context = context(&self.cancel);
                        import_files(&files, &ImportSettings::default(), context.now, &into, &context)?
                    }
                }
            }
        };
        snapshot.verify().and_then(|()| snapshot.check()).map_err(AppError::from)?;
        Ok(snapshot)
    }

    fn live(&mut self) -> Result<&mut Live, Failure> {
        self.live.as_mut().ok_or_else(|| NO_SNAPSHOT.into())
    }

    fn checked(&mut self) -> Result<Checked, Failure> {
        project::checked(&mut self.project, &context(&self.cancel))?.ok_or_else(|| MISTAKES.into())
    }

    fn measure(&mut self) -> Result<Response, Failure> {
        let Some(live) = self.live.as_mut() else { return Err(NO_SNAPSHOT.into()) };
        let Some(Checked { program, options }) = project::checked(&mut self.project, &context(&self.cancel))?
        else {
            return Ok(Response::Measured(Measured { has_errors: true, ..Measured::default() }));
        };
        live.set_now(options.now);
        match live.measure(&program) {
            Ok(measures) => Ok(Response::Measured(convert::measured(measures, live.tags_version()))),
            Err(error) => match Failure::from(error) {
                Failure::Cancelled => Err(Failure::Cancelled),
                Failure::Told(problem) => {
                    Ok(Response::Measured(Measured { problem: Some(problem), ..Measured::default() }))
                }
            },
        }
    }

    fn values(&mut self, subject: Subject) -> Result<Response, Failure> {
        let subject = match subject {
            Subject::Attribute(name) => live::Subject::Attribute(name),
            Subject::Native(key) => live::Subject::Native(key),
            Subject::Tag(name) => live::Subject::Tag(name),
        };
        let program = match subject {
            live::Subject::Tag(_) => self.checked()?.program,
            _ => Default::default(),
        };
        let values = self.live()?.values(&program, &subject)?;
        Ok(Response::Values(convert::values(values)))
    }

    fn violations(&mut self, policy: &str, limit: u64) -> Result<Response, Failure> {
        let program = self.checked()?.program;
        let Some(found) = self.live()?.violations(&program, policy, limit)? else {
            return Err(format!("there is no policy `{policy}`").into());
        };
        let found = found.into_iter().map(|found| (convert::resource(found.resource), found.checks));
        Ok(Response::Violations(found.collect()))
    }

    fn evaluate(&mut self) -> Result<Response, Failure> {
        let Checked { program, options } = self.checked()?;
        let snapshot = self.live()?.snapshot().clone();
        let evaluation = evaluate(&program, &snapshot, &options)?;
        Ok(Response::Evaluated(Box::new(convert::evaluated(&evaluation))))
    }

    fn explain(&mut self, resource: &str) -> Result<Response, Failure> {
        use tagpol_app::report::explanation::{json, pretty};
        let Checked { program, options } = self.checked()?;
        let places = self.project.places_to_evaluate();
        let snapshot = self.live()?.snapshot().clone();
        let explanation = match explain(&program, &places, &snapshot, &options, resource)? {
            Found::One(explanation) => explanation,
            Found::Several(listed, _) => {
                return Err(format!("several resources are named `{resource}`: {}", list(&listed)).into());
            }
            Found::None(similar) if similar.is_empty() => {
                return Err(format!("there is no resource `{resource}`").into());
            }
            Found::None(similar) => {
                let similar = list(&similar);
                return Err(format!("there is no resource `{resource}`; did you mean {similar}?").into());
            }
        };
        Ok(Response::Explained(Explained {
            resource: explanation.resource.id.clone(),
            text: plain(&pretty(&explanation, None)),
            json: json(&explanation, None).map_err(|error| error.to_string())?,
        }))
    }

    fn sql(&mut self) -> Result<Response, Failure> {
        let Checked { program, options } = self.checked()?;
        let compiled = match &self.live {
            Some(live) => compile_for(&program, live.snapshot(), &options)?,
            None => compile(&program, options.now)?,
        };
        Ok(Response::Sql(compiled.script.to_string()))
    }

    fn tests(&mut self, wanted: Option<&[(String, String)]>) -> Result<Response, Failure> {
        let context = RunContext { now: Utc::now(), ..context(&self.cancel) };
        let Some(program) = project::program(&mut self.project, context.now) else {
            return Err(MISTAKES.into());
        };
        let places = self.project.places();
        let subject = Tested { program: &program, places: &places };
        let is_wanted = |test: &Test| {
            wanted.is_none_or(|wanted| {
                wanted.iter().any(|(file, name)| *file == *test.loc.file && *name == test.name)
            })
        };
        let options = Options { state: None, ..project::options(&mut self.project, &context)? };
        let run = tagpol_app::testing::run(subject, &options, is_wanted)?;
        let coverage = wanted.is_none().then(|| coverage(subject, &run));
        Ok(Response::Tests(convert::tests(&run, coverage.as_ref())))
    }
}

/// The context of a request, which a token can end early.
fn context(cancel: &CancelToken) -> RunContext<'_> {
    RunContext { cancel, ..RunContext::at(clock(), &Silent) }
}

/// The clock, by the hour: numbers of two moments are the same, and need not be computed twice.
fn clock() -> DateTime<Utc> {
    let now = Utc::now();
    now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now)
}

fn list(resources: &[Named]) -> String {
    let names = resources.iter().map(|named| format!("`{}`", named.id.escape_debug()));
    names.collect::<Vec<_>>().join(", ")
}

/// The text without what colors it in a terminal.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
