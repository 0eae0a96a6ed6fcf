//! A project with an inventory, ready for queries.

use std::collections::HashMap;

use tagpol_eval::cost::{CostRequest, Costs, Dimension, costs, dimension};
use tagpol_eval::{
    Compiled, Details, Evaluation, FindingSelection, Observed, Options, Roles, RunError, Which,
    compile_for_engine, evaluate_in_detail, observe_with_predictions,
};
use tagpol_explain::Found;
use tagpol_explain::resource::{Explanation, explain};
use tagpol_files::Scratch;
use tagpol_inventory::{Snapshot, YearMonth};
use tagpol_plan::{Dialect, Overlays};
use tagpol_sema::program::{Program, Source, TagId};
use tagpol_state::StateError;

use crate::inventory::{self, ImportSettings, InventorySource, OpenedInventory};
use crate::{AppError, Project, RunContext, StateAccess};

/// A project with an inventory, ready for queries.
#[derive(Debug)]
pub struct Workspace<'p> {
    project: &'p Project,
    program: Program,
    inventory: OpenedInventory,
    options: Options,
    /// For what does not fit in memory; gone with the workspace.
    _scratch: Scratch,
}

/// What is read of an evaluation.
#[derive(Debug, Clone, Copy, Default)]
pub struct EvaluateRequest {
    /// Which findings are read; all are counted.
    pub findings: FindingSelection,
    /// Whether the inventory by the tags of reports is read.
    pub breakdown: bool,
    /// Whether the run and its findings are remembered in the state store.
    pub record: bool,
}

/// A virtual tag of a resource.
#[derive(Debug, Clone, Copy)]
pub struct VirtualTag<'a> {
    /// The resource.
    pub resource: &'a Observed,
    /// Name of the tag.
    pub tag: &'a str,
    /// Its value; None if it is missing.
    pub value: Option<&'a str>,
    /// Where the value came from; None if it is missing.
    pub source: Option<Source>,
    /// The confidence of a prediction, 0 to 1; None for other sources.
    pub confidence: Option<f64>,
}

/// The result of an evaluation.
#[derive(Debug)]
pub struct EvaluatedInventory {
    /// Findings, checks, goals, totals.
    pub evaluation: Evaluation,
    /// What else reports show.
    pub details: Details,
}

impl<'p> Workspace<'p> {
    /// Opens the inventory that a source names for a project, to evaluate the policies that the manifest enables.
    ///
    /// # Errors
    /// [`AppError::Policies`], [`AppError::NoPolicies`], and what is wrong with the inventory.
    pub fn open(
        project: &'p Project,
        source: &InventorySource,
        state: &StateAccess,
        context: &RunContext<'_>,
    ) -> Result<Self, AppError> {
        let program = project.program_to_evaluate(context)?;
        Self::with_program(project, program, source, state, context)
    }

    /// As [`Self::open`], for tags and costs: the program is as it is written, and need not have a policy.
    ///
    /// # Errors
    /// [`AppError::Policies`], and what is wrong with the inventory.
    pub fn open_tags(
        project: &'p Project,
        source: &InventorySource,
        state: &StateAccess,
        context: &RunContext<'_>,
    ) -> Result<Self, AppError> {
        let program = project.program(context)?.clone();
        Self::with_program(project, program, source, state, context)
    }

    pub(crate) fn with_program(
        project: &'p Project,
        program: Program,
        source: &InventorySource,
        state: &StateAccess,
        context: &RunContext<'_>,
    ) -> Result<Self, AppError> {
        let inventory = inventory::open(project, source, context)?;
        let scratch = Scratch::new().map_err(AppError::TemporaryFolder)?;
        let options = Options {
            temp_dir: Some(scratch.path().to_owned()),
            state: state.store_of(project, context)?,
            ..options(project, context)
        };
        Ok(Self { project, program, inventory, options, _scratch: scratch })
    }

    pub(crate) fn project(&self) -> &Project {
        self.project
    }

    /// Returns the program that is evaluated.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Returns the snapshot.
    pub fn snapshot(&self) -> &Snapshot {
        &self.inventory.snapshot
    }

    /// Whether the snapshot still exists after the run.
    pub fn keeps_snapshot(&self) -> bool {
        self.inventory.is_kept()
    }

    /// Returns what evaluations depend on in addition to program and snapshot.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Evaluates the policies.
    ///
    /// # Errors
    /// [`AppError::Run`]; [`AppError::Cancelled`]; [`AppError::EmptyInventory`] if there is nothing to evaluate, since an export that
    /// failed must not look compliant. A Terraform plan may have no resource with tags.
    pub fn evaluate(&self, request: &EvaluateRequest) -> Result<EvaluatedInventory, AppError> {
        self.evaluated(request, |options, roles| {
            evaluate_in_detail(&self.program, self.snapshot(), options, roles)
        })
    }

    /// As [`Self::evaluate`], on an engine elsewhere, which reads the resources of the snapshot by itself. The run is not
    /// remembered.
    ///
    /// # Errors
    /// As [`Self::evaluate`], and [`RunError::Unsupported`], [`RunError::Engine`], [`RunError::OtherResources`].
    #[cfg(feature = "spark")]
    pub fn evaluate_on(
        &self,
        engine: &crate::EngineSettings,
        request: &EvaluateRequest,
    ) -> Result<EvaluatedInventory, AppError> {
        let local = || {
            let path = self.snapshot().resources_path();
            std::path::absolute(&path).unwrap_or(path).to_string_lossy().into_owned()
        };
        let resources = engine.resources.clone().unwrap_or_else(local);
        self.evaluated(request, |options, roles| {
            let engine = crate::engine::Spark::connect(&engine.address, resources, &options.cancel)?;
            tagpol_eval::evaluate_on(Box::new(engine), &self.program, self.snapshot(), options, roles)
        })
    }

    /// Evaluates by a function that is given the options and the tags of the breakdown.
    fn evaluated(
        &self,
        request: &EvaluateRequest,
        evaluate: impl FnOnce(&Options, Option<&Roles>) -> Result<(Evaluation, Details), RunError>,
    ) -> Result<EvaluatedInventory, AppError> {
        let options = Options { findings: request.findings, record: request.record, ..self.options.clone() };
        let roles = request.breakdown.then(|| self.project.report_roles(&self.program)).transpose()?;
        let (evaluation, details) = evaluate(&options, roles.as_ref())?;
        // What failed because of it, such as the record of the run, is not worth a warning.
        options.cancel.check()?;
        if evaluation.summary.resources == 0 && !evaluation.snapshot.is_terraform {
            return Err(AppError::EmptyInventory);
        }
        Ok(EvaluatedInventory { evaluation, details })
    }

    /// Sums up the spend by tags, attributes and what charges have, each `NAME`, `resource.NAME` or `charge.NAME`;
    /// repeated names count once. What the request has as dimensions is replaced by these.
    ///
    /// # Errors
    /// [`AppError::UnknownDimension`], [`AppError::NoCostData`], [`AppError::EmptyBill`], [`AppError::NoCharges`],
    /// [`AppError::Run`].
    pub fn costs(&self, by: &[String], request: CostRequest) -> Result<Costs, AppError> {
        let mut dimensions: Vec<Dimension> = Vec::new();
        for name in by {
            let one = dimension(&self.program, self.snapshot(), name)
                .map_err(|known| AppError::UnknownDimension { name: name.clone(), known })?;
            if !dimensions.contains(&one) {
                dimensions.push(one);
            }
        }
        let request = CostRequest { by: dimensions, ..request };
        let plain = CostRequest {
            by: request.by.clone(),
            currency: request.currency.clone(),
            ..CostRequest::default()
        };
        if self.snapshot().manifest().charges.is_none() && request != plain {
            if let Some((month, _)) = request.months {
                self.check_month(month)?;
            }
            if request != (CostRequest { months: request.months, ..plain }) {
                return Err(AppError::NoCharges);
            }
        }
        let found = costs(&self.program, self.snapshot(), &self.options, &request)?;
        if found.currency.is_none() && found.total() == 0 {
            let sources = &self.snapshot().manifest().sources;
            let empty = sources.iter().find(|source| source.format.is_bill() && source.rows == 0);
            return Err(match empty {
                Some(bill) => AppError::EmptyBill { path: bill.path.clone() },
                None => AppError::NoCostData,
            });
        }
        Ok(found)
    }

    /// Hands the virtual tags of all resources to a function, by resource and then in the order of the program;
    /// missing tags too, so that a resource without any tag is not left out.
    ///
    /// # Errors
    /// [`AppError::Run`], [`AppError::State`], and what `f` returns.
    pub fn each_virtual_tag<E: From<AppError>>(
        &self,
        mut f: impl FnMut(VirtualTag<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let tags: Vec<TagId> = (0u32..).map(TagId).take(self.program.tags.len()).collect();
        let confidences = self.confidences().map_err(AppError::from)?;
        let mut failed = None;
        let observed = observe_with_predictions(
            &self.program,
            self.snapshot(),
            &self.options,
            &tags,
            Which::All,
            |resource| {
                for (tag, value) in self.program.tags.iter().zip(&resource.values) {
                    let (value, source) =
                        value.as_ref().map_or((None, None), |(v, s)| (Some(v.as_str()), Some(*s)));
                    let inferred = source == Some(Source::Inferred);
                    let key = || (resource.id.clone(), tag.name.clone());
                    let confidence = inferred.then(|| confidences.get(&key()).copied()).flatten();
                    let row = VirtualTag { resource: &resource, tag: &tag.name, value, source, confidence };
                    if let Err(error) = f(row) {
                        failed = Some(error);
                        // Any error ends the reading; the caller gets the one of `f`.
                        return Err(RunError::Answer { query: "virtual tags", reason: "stopped".to_owned() });
                    }
                }
                Ok(())
            },
        );
        match failed {
            Some(error) => Err(error),
            None => Ok(observed.map_err(AppError::from)?),
        }
    }

    /// Returns the confidences of predictions, by resource and tag.
    fn confidences(&self) -> Result<HashMap<(String, String), f64>, StateError> {
        let Some(state) = self.options.state.as_ref().filter(|_| !self.program.inferences.is_empty()) else {
            return Ok(HashMap::new());
        };
        let predictions = state.read::<_, StateError>(|state| state.all_predictions())?.unwrap_or_default();
        Ok(predictions.into_iter().map(|one| ((one.resource, one.tag), one.confidence)).collect())
    }

    /// Checks that the snapshot has the costs of a month; a snapshot without a month fits any.
    ///
    /// # Errors
    /// [`AppError::OtherMonth`].
    pub fn check_month(&self, asked: YearMonth) -> Result<(), AppError> {
        match self.snapshot().manifest().month.as_ref().map(|month| month.month) {
            Some(has) if has != asked => Err(AppError::OtherMonth { has, asked }),
            _ => Ok(()),
        }
    }

    /// Checks that the costs of resources are those that a source asks for: a kept snapshot has the month and the
    /// currency of its import.
    ///
    /// # Errors
    /// [`AppError::OtherMonth`], [`AppError::OtherCurrency`].
    pub fn check_costs(&self, asked: &ImportSettings) -> Result<(), AppError> {
        if let Some(month) = asked.month {
            self.check_month(month)?;
        }
        match (&self.snapshot().manifest().currency, &asked.currency) {
            (Some(has), Some(asked)) if has != asked => {
                Err(AppError::OtherCurrency { has: has.clone(), asked: asked.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Explains the resource of an id, a name, or the end of an id.
    ///
    /// # Errors
    /// [`AppError::Run`].
    pub fn explain(&self, resource: &str) -> Result<Found<Box<Explanation>>, AppError> {
        let places = self.project.places_to_evaluate();
        Ok(explain(&self.program, &places, self.snapshot(), &self.options, resource)?)
    }
}

/// Compiles the policies of a project, for the inventory of a source if there is one, and for a dialect of SQL. Returns
/// whether there was an inventory.
///
/// # Errors
/// As [`Workspace::open`]; [`RunError::Unsupported`] for what the dialect cannot say.
pub fn compile_project(
    project: &Project,
    source: &InventorySource,
    dialect: Dialect,
    context: &RunContext<'_>,
) -> Result<(Compiled, bool), AppError> {
    let program = project.program_to_evaluate(context)?;
    let opened = inventory::find(project, source, context)?;
    let snapshot = opened.as_ref().map(|opened| &opened.snapshot);
    let options = options(project, context);
    let compiled = compile_for_engine(&program, snapshot, (&options, Overlays::default()), dialect)?;
    Ok((compiled, snapshot.is_some()))
}

/// Returns the options of a project, without its state store.
pub(crate) fn options(project: &Project, context: &RunContext<'_>) -> Options {
    Options { rates: project.manifest().rates.clone(), ..context.options() }
}
