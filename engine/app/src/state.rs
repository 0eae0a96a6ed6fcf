//! The state store of a project: where it is, and how it is used.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tagpol_eval::take_over_earlier_state;
use tagpol_project::Manifest;
pub use tagpol_state::{
    Action, AnswerCount, Change, CurrentDecision, Decision, Location, LocationError, Prediction, Recorded,
    RunRecord, StateError, StateReader, StateStore, StateWriter, Waiting,
};
use tagpol_state::{Environment, PATIENCE, ProjectState};

use crate::{AppError, Notice, Project, RunContext};

/// How the state store of a project is used.
#[derive(Clone)]
pub struct StateAccess {
    /// Whether it is used at all. If not, graces start with the creation of resources and no decision counts.
    pub enabled: bool,
    /// How long to wait while another process writes to it.
    pub patience: Duration,
    /// Called once when another process makes this one wait.
    pub on_wait: Arc<dyn Fn(&Waiting<'_>) + Send + Sync>,
    /// Who runs the process, for the record of runs. None: unknown.
    pub actor: Option<String>,
    /// What the environment of the user says about stores.
    pub environment: Environment,
}

impl Default for StateAccess {
    fn default() -> Self {
        Self {
            enabled: true,
            patience: PATIENCE,
            on_wait: Arc::new(|_| {}),
            actor: None,
            environment: Environment::of_process(),
        }
    }
}

impl StateAccess {
    /// Returns the store of the project in a folder, and imports the store of an earlier version once, with a notice.
    ///
    /// # Errors
    /// [`AppError::Project`] or [`AppError::StateLocation`] if it may not be where the manifest says;
    /// [`AppError::Run`] if the earlier store cannot be imported.
    pub fn open(
        &self,
        root: &Path,
        manifest: &Manifest,
        context: &RunContext<'_>,
    ) -> Result<StateStore, AppError> {
        let store = self.locate(root, manifest)?;
        if let Some(taken) = take_over_earlier_state(&store, context.now)? {
            let store = store.location().to_string();
            context.observer.notice(Notice::EarlierState { taken, store });
        }
        Ok(store)
    }

    /// Returns the store of the project in a folder. Nothing is read or written.
    ///
    /// # Errors
    /// [`AppError::Project`] or [`AppError::StateLocation`].
    pub fn locate(&self, root: &Path, manifest: &Manifest) -> Result<StateStore, AppError> {
        let file = manifest.state_in(root)?;
        let (address, name) = (manifest.state_address(), manifest.name.as_deref());
        let store = StateStore::of_project(ProjectState { file: &file, address, name }, &self.environment)?;
        let on_wait = Arc::clone(&self.on_wait);
        let store = store.with_patience(self.patience).on_wait(move |waiting| on_wait(waiting));
        Ok(store.with_actor(self.actor.clone()))
    }

    /// Returns the store of a project. None if it is not to be used, and for policies without a manifest
    /// unless they have a store already: a file beside them would surprise.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn store_of(
        &self,
        project: &Project,
        context: &RunContext<'_>,
    ) -> Result<Option<StateStore>, AppError> {
        if !self.enabled {
            return Ok(None);
        }
        let store = self.open(project.root(), project.manifest(), context)?;
        Ok((project.has_manifest() || store.exists()).then_some(store))
    }
}
