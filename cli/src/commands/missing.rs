//! The commands that a build lacks, because it was made without their feature: each fails and names the feature.

#[cfg(not(feature = "collect"))]
pub(super) mod fetch {
    use std::path::Path;

    use tagpol_app::inventory::ImportSettings;

    use crate::args::FetchArgs;
    use crate::failure::{Exit, Failure};
    use crate::output::Output;

    pub(in crate::commands) fn run(
        _: &Path,
        _: &FetchArgs,
        _: &ImportSettings,
        _: &mut Output,
    ) -> Result<Exit, Failure> {
        Err(Failure::missing_feature("tagpol snapshot fetch", "collect"))
    }
}

#[cfg(not(feature = "remediate"))]
pub(crate) mod remediate {
    use crate::args::RemediateArgs;
    use crate::failure::{Exit, Failure};
    use crate::output::Output;

    pub(crate) fn run(_: &RemediateArgs, _: &mut Output) -> Result<Exit, Failure> {
        Err(Failure::missing_feature("tagpol remediate", "remediate"))
    }
}

#[cfg(not(feature = "collect"))]
pub(crate) mod watch {
    use crate::args::WatchArgs;
    use crate::failure::{Exit, Failure};
    use crate::output::Output;

    pub(crate) fn run(_: &WatchArgs, _: &mut Output) -> Result<Exit, Failure> {
        Err(Failure::missing_feature("tagpol watch", "collect"))
    }
}

#[cfg(not(feature = "serve"))]
pub(crate) mod serve {
    use std::process::ExitCode;

    use crate::args::ServeArgs;
    use crate::failure::{Exit, Failure};
    use crate::output::Output;

    /// As in a build with the server.
    pub(crate) const WORKER: &str = "serve-worker";

    pub(crate) fn run(_: &ServeArgs, _: &mut Output) -> Result<Exit, Failure> {
        Err(Failure::missing_feature("tagpol serve", "serve"))
    }

    /// No server starts it.
    pub(crate) fn work() -> ExitCode {
        ExitCode::FAILURE
    }
}

#[cfg(not(feature = "suggest"))]
macro_rules! commands_of_models {
    ($($command:ident: $Args:ident),*) => {
        $(pub(crate) mod $command {
            use crate::args::$Args;
            use crate::failure::{Exit, Failure};
            use crate::output::Output;

            pub(crate) fn run(_: &$Args, _: &mut Output) -> Result<Exit, Failure> {
                Err(Failure::missing_feature(concat!("tagpol ", stringify!($command)), "suggest"))
            }
        })*
    };
}

#[cfg(not(feature = "suggest"))]
commands_of_models!(learn: LearnArgs, model: ModelArgs, review: ReviewArgs, suggest: SuggestArgs, train: TrainArgs);
