//! `tagpol advise`

mod chat;

use std::ffi::OsStr;
use std::path::Path;

use tagpol_app::Workspace;
use tagpol_app::advising::prompt::{Values, prompts};
use tagpol_app::advising::{Advice, Analysis};

use crate::args::AdviseArgs;
use crate::context::{RunContext, context};
use crate::failure::{Exit, Failure};
use crate::inference;
use crate::inventory::named;
use crate::output::Output;
use crate::project::{self, with_diagnostics};
use crate::state;
use crate::targets::Targets;

pub(crate) fn run(args: &AdviseArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = RunContext { text_limit: args.limits.text_limit(), ..context(args.now) };
    let (path, analysis) = args.project_and_analysis();
    let project = project::open(path.as_deref(), &context)?;
    let targets = Targets::new(args.format, &args.output)?;
    // Before anything takes time.
    let model = args.model.then(|| model::settings(args)).transpose()?;
    let named = named(&args.source)?;
    targets.spare(&named.source.files)?;
    let opened = Workspace::open(&project, &named.source, &state::access(&args.state), &context);
    let workspace = with_diagnostics(opened, &project, output)?;
    workspace.check_costs(&named.source.import)?;
    inference::refresh(workspace.program(), workspace.snapshot(), workspace.options(), &context, output)?;
    if args.chat || !args.ask.is_empty() {
        return chat::run(args, &project, &workspace, &context, model, output);
    }
    let analyses = analysis.map_or(Analysis::ALL.to_vec(), |analysis| vec![analysis]);
    let mut advice = workspace.advice(&analyses)?;
    if args.show_prompt {
        output.print(&shown_prompts(&advice, values(args)))?;
        return Ok(Exit::Success);
    }
    if let Some(settings) = model {
        model::reword(&mut advice, &project, &settings, &context, output)?;
    }
    let name = project.name().map_or_else(|| place(path.as_deref()), str::to_owned);
    targets.write(|format, out| out.write_all(format.write(&name, &advice).as_bytes()), output)?;
    Ok(Exit::Success)
}

/// Returns the name of the file or folder of a project, for one that has no name of its own.
fn place(path: Option<&Path>) -> String {
    let path = path.unwrap_or(Path::new(".")).canonicalize().unwrap_or_default();
    path.file_name().unwrap_or(OsStr::new("tagpol")).to_string_lossy().into_owned()
}

/// Whether the model may read foreign values.
fn values(args: &AdviseArgs) -> Values {
    if args.share_values { Values::Shared } else { Values::Aliases }
}

fn shown_prompts(advice: &Advice, values: Values) -> String {
    let shown = |prompt| {
        let tagpol_app::advising::prompt::Prompt { system, user } = prompt;
        format!("--- system ---\n{system}\n--- user ---\n{user}")
    };
    prompts(advice, values).into_iter().map(shown).collect::<Vec<_>>().join("\n")
}

#[cfg(feature = "advise-model")]
mod model {
    use tagpol_app::Project;
    use tagpol_app::advising::Advice;
    use tagpol_app::conversing::AnsweringModel;
    use tagpol_app::language_model::{Patience, Settings, SettingsError};
    use tagpol_app::reworded;
    pub(super) use tagpol_app::reworded::ModelSettings;

    use super::values;
    use crate::args::AdviseArgs;
    use crate::context::RunContext;
    use crate::failure::Failure;
    use crate::output::Output;
    use crate::progress::Steps;

    /// Reads the settings of the model from the environment.
    pub(super) fn settings(args: &AdviseArgs) -> Result<ModelSettings, Failure> {
        let mut models = Settings::from_environment(|name| std::env::var(name).ok())?;
        models.keeps_answers &= !args.no_cache;
        let patience = Patience::default();
        Ok(ModelSettings { models, values: values(args), token_budget: args.token_budget, patience })
    }

    /// Returns the model that answers in a conversation.
    pub(super) fn answering(
        settings: &ModelSettings,
        context: &RunContext,
    ) -> Result<AnsweringModel<'static>, Failure> {
        Ok(AnsweringModel::new(settings, context.cancel)?)
    }

    pub(super) fn reword(
        advice: &mut Advice,
        project: &Project,
        settings: &ModelSettings,
        context: &RunContext,
        output: &Output,
    ) -> Result<(), Failure> {
        let steps = Steps::new(output.is_watched(), "asking the model");
        let mut progress = |characters: usize| steps.tell(&format!("{characters} characters"));
        Ok(reworded::reword(advice, project, settings, context, &mut progress)?)
    }

    impl From<SettingsError> for Failure {
        fn from(error: SettingsError) -> Self {
            let help = match error {
                SettingsError::NotConfigured => {
                    "set it to openai, anthropic or ollama; without `--model` advice needs no model"
                }
                _ => "see `tagpol advise --help`; without `--model` advice needs no model",
            };
            Self::usage(error.to_string()).help(help)
        }
    }
}

#[cfg(not(feature = "advise-model"))]
mod model {
    use tagpol_app::Project;
    use tagpol_app::advising::Advice;
    use tagpol_app::advising::conversation::NoModel;

    use crate::args::AdviseArgs;
    use crate::context::RunContext;
    use crate::failure::Failure;
    use crate::output::Output;

    /// There are none in this build.
    pub(super) enum ModelSettings {}

    pub(super) fn settings(_: &AdviseArgs) -> Result<ModelSettings, Failure> {
        Err(Failure::missing_feature("tagpol advise --model", "advise-model"))
    }

    pub(super) fn answering(settings: &ModelSettings, _: &RunContext) -> Result<NoModel, Failure> {
        match *settings {}
    }

    pub(super) fn reword(
        _: &mut Advice,
        _: &Project,
        settings: &ModelSettings,
        _: &RunContext,
        _: &Output,
    ) -> Result<(), Failure> {
        match *settings {}
    }
}
