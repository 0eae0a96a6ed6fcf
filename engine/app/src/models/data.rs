//! Resources and tags of a project as models see them.

use std::collections::HashMap;

use tagpol_eval::{Observed, Options, RunError, Which, observe};
use tagpol_inventory::Snapshot;
use tagpol_sema::Validity;
use tagpol_sema::program::{self, MapTarget, Pattern, Program, Tag, TagId, TagType};
use tagpol_state::StateStore;
use tagpol_suggest::{Labelled, MOST_TARGETS, Resource, Target, fold};

use crate::inventory::{self, InventorySource, OpenedInventory};
use crate::{AppError, Project, RunContext, StateAccess};

/// A project with the inventory and the state store that a model is trained on.
pub struct TrainingContext<'p> {
    /// The checked policies.
    pub program: &'p Program,
    /// The inventory.
    pub opened: OpenedInventory,
    /// How the inventory is evaluated.
    pub options: Options,
    store: StateStore,
}

impl<'p> TrainingContext<'p> {
    /// Reads the policies, and opens the inventory and the state store. The store is opened whatever
    /// [`StateAccess::enabled`] says: models are in its folder.
    ///
    /// # Errors
    /// [`AppError::Policies`] if the policies have errors; else as of the inventory and the store.
    pub fn open(
        project: &'p Project,
        source: &InventorySource,
        access: &StateAccess,
        context: &RunContext<'_>,
    ) -> Result<Self, AppError> {
        let program = project.program(context)?;
        let opened = inventory::open(project, source, context)?;
        let store = access.open(project.root(), project.manifest(), context)?;
        let options = Options {
            rates: project.manifest().rates.clone(),
            state: Some(store.clone()),
            ..context.options()
        };
        Ok(Self { program, opened, options, store })
    }

    /// Returns the resources, and the tags that a model can learn.
    pub fn data(&self) -> TrainingData<'_> {
        TrainingData::new(self.program, &self.opened.snapshot, self.options.clone(), self.store.clone())
    }
}

/// The resources of a snapshot, and the tags that a model can learn.
pub struct TrainingData<'a> {
    /// The checked policies.
    pub program: &'a Program,
    /// The inventory.
    pub snapshot: &'a Snapshot,
    options: Options,
    /// The store of decisions and predictions; its folder also has the models.
    pub store: StateStore,
    /// The tags that a model can learn, in the order of `targets`.
    pub tags: Vec<TagId>,
    /// These tags, as a model is told of them.
    pub targets: Vec<Target>,
}

/// A resource with the values of its tags.
#[derive(Debug, Clone)]
pub struct TaggedResource {
    /// The resource, as a model sees it.
    pub resource: Resource,
    /// For each target the value with its source; None if the tag is missing.
    pub values: Vec<Option<(String, program::Source)>>,
}

impl<'a> TrainingData<'a> {
    /// Returns the resources of a snapshot, and the tags that a model can learn.
    pub fn new(program: &'a Program, snapshot: &'a Snapshot, options: Options, store: StateStore) -> Self {
        let tags = learnable(program);
        let targets = tags.iter().map(|tag| target(program.tag(*tag))).collect();
        // Inferred values are not training data, and reading is not recorded as a run.
        let options = Options { state: Some(store.clone()), record: false, ..options };
        Self { program, snapshot, options, store, tags, targets }
    }

    /// Returns the number of the target of a tag.
    ///
    /// # Errors
    /// [`AppError::NotLearnable`] if a model cannot learn a tag of that name.
    pub fn target(&self, name: &str) -> Result<usize, AppError> {
        let found = self.targets.iter().position(|target| target.name == name);
        found.ok_or_else(|| {
            let names = self.targets.iter().map(|target| target.name.as_str());
            let closest = tagpol_syntax::similar::closest(name, names).map(str::to_owned);
            AppError::NotLearnable { name: name.to_owned(), closest }
        })
    }

    /// Reads resources with their values, without inferred ones. An error of `f` ends it.
    ///
    /// # Errors
    /// That of `f`, or of the evaluation.
    pub fn for_each(
        &self,
        which: Which<'_>,
        mut f: impl FnMut(TaggedResource) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let mut failed = None;
        let observed = observe(self.program, self.snapshot, &self.options, &self.tags, which, |one| {
            f(learned(one)).map_err(|failure| {
                failed = Some(failure);
                RunError::Answer { query: "observed", reason: "stopped".to_owned() }
            })
        });
        match failed {
            Some(failure) => Err(failure),
            None => Ok(observed?),
        }
    }

    /// Reads all resources.
    ///
    /// # Errors
    /// That of the evaluation.
    pub fn all(&self) -> Result<Vec<TaggedResource>, AppError> {
        let mut all = Vec::new();
        self.for_each(Which::All, |one| {
            all.push(one);
            Ok(())
        })?;
        Ok(all)
    }

    /// Reads the training data: valid values that are native or that people decided, and values that people rejected.
    /// Values from rules and defaults are left out: a model that repeats rules adds nothing.
    ///
    /// # Errors
    /// That of the evaluation, or of the state store.
    pub fn labelled(&self) -> Result<Vec<Labelled>, AppError> {
        let mut refused: HashMap<String, Vec<(usize, String)>> = HashMap::new();
        let rejections = self.store.read(|state| state.all_rejections())?;
        for rejection in rejections.unwrap_or_default() {
            if let Ok(target) = self.target(&rejection.tag) {
                refused.entry(rejection.resource).or_default().push((target, rejection.value));
            }
        }
        let mut labelled = Vec::new();
        self.for_each(Which::All, |one| {
            let values: Vec<(usize, String)> = (0..self.targets.len())
                .filter_map(|at| Some((at, self.label(&one, at)?.to_owned())))
                .collect();
            let refused = refused.remove(&one.resource.id).unwrap_or_default();
            if !values.is_empty() || !refused.is_empty() {
                labelled.push(Labelled { resource: one.resource, values, refused });
            }
            Ok(())
        })?;
        Ok(labelled)
    }

    /// Returns the value of a target that a model can be trained on; None if there is none.
    pub fn label<'l>(&self, one: &'l TaggedResource, target: usize) -> Option<&'l str> {
        let (value, source) = one.values.get(target)?.as_ref()?;
        let given =
            matches!(source, program::Source::Decided | program::Source::Set | program::Source::Native);
        (given && self.is_valid(target, value)).then_some(value)
    }

    /// Whether a value is valid for the type of the tag.
    pub fn is_valid(&self, target: usize, value: &str) -> bool {
        let tag = self.tags.get(target).map(|tag| self.program.tag(*tag));
        tag.is_some_and(|tag| Validity::of(&tag.ty).holds(value))
    }

    /// Returns the missing targets of a resource: those without a value, or with a default only.
    pub fn missing(one: &TaggedResource) -> Vec<usize> {
        let lacks = |value: &Option<(String, program::Source)>| {
            value.as_ref().is_none_or(|(_, source)| *source == program::Source::Default)
        };
        one.values.iter().enumerate().filter(|(_, value)| lacks(value)).map(|(at, _)| at).collect()
    }
}

fn learned(one: Observed) -> TaggedResource {
    let Observed { id, name, type_, provider, account, region, meta, monthly_cost, tags, values } = one;
    TaggedResource {
        resource: Resource {
            context: meta.as_deref().map(grouping).unwrap_or_default(),
            tags: texts(&tags),
            id,
            name,
            type_,
            provider,
            account,
            region,
            monthly_cost,
        },
        values,
    }
}

/// Returns the members of a JSON object that are texts.
fn texts(json: &str) -> Vec<(String, String)> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    let text = |(key, value)| match value {
        serde_json::Value::String(value) => Some((key, value)),
        _ => None,
    };
    object.into_iter().filter_map(text).collect()
}

/// Names of metadata that show where a resource belongs, folded.
const GROUPING: [&str; 18] = [
    "accountname",
    "address",
    "ancestors",
    "cluster",
    "dataset",
    "folder",
    "group",
    "managedby",
    "module",
    "namespace",
    "parent",
    "path",
    "project",
    "resourcegroup",
    "stack",
    "stackname",
    "subscriptionname",
    "terraformmodule",
];

/// Returns the metadata of a resource that show where it belongs.
fn grouping(meta: &str) -> Vec<(String, String)> {
    texts(meta)
        .into_iter()
        .filter(|(key, value)| !value.is_empty() && GROUPING.contains(&fold(key).as_str()))
        .collect()
}

/// Returns the tags that a model can learn, those of an `infer` before the others.
fn learnable(program: &Program) -> Vec<TagId> {
    let inferred = program.inferences.iter().map(|inference| inference.tag);
    let mut tags: Vec<TagId> = inferred.collect();
    for id in (0..).zip(&program.tags).map(|(id, _)| TagId(id)) {
        if !tags.contains(&id) {
            tags.push(id);
        }
    }
    tags.retain(|tag| !matches!(program.tag(*tag).ty, TagType::Date | TagType::Number));
    tags.truncate(MOST_TARGETS);
    tags
}

fn target(tag: &Tag) -> Target {
    let implicit = program::Normalize::implicit(tag);
    let normalizes =
        if tag.normalizes.is_empty() { std::slice::from_ref(&implicit) } else { &tag.normalizes };
    let allowed = match &tag.ty {
        TagType::OneOf(values) => values.clone(),
        TagType::Bool => ["true", "false"].map(str::to_owned).to_vec(),
        _ => Vec::new(),
    };
    let literal = |pattern: &Pattern| match pattern {
        Pattern::Literal(text) => Some(text.clone()),
        Pattern::Glob(_) | Pattern::Regex(_) => None,
    };
    // The spellings of a free text stand for their value within the tag only, and not in names.
    let arms = normalizes
        .iter()
        .flat_map(|normalize| &normalize.arms)
        .filter(|_| matches!(tag.ty, TagType::OneOf(_)));
    let synonyms = arms.flat_map(|arm| {
        let value = match &arm.target {
            MapTarget::Value(value) => Some(value.clone()),
            MapTarget::Missing => None,
        };
        arm.patterns.iter().filter_map(literal).filter_map(move |word| Some((word, value.clone()?)))
    });
    Target {
        name: tag.name.clone(),
        keys: normalizes.iter().flat_map(|normalize| normalize.keys.clone()).collect(),
        allowed,
        synonyms: synonyms.collect(),
    }
}
