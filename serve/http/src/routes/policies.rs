//! The policy files of a project, for who may change them.

use std::path::Path;

use serde::Serialize;
use tagpol_app::files::read_text;
use tagpol_serve_core::errors::{ApiError, Code};
use utoipa::ToSchema;

use crate::endpoint::{Call, NoQuery, Reply, Route};
use crate::permission::EditPolicies;
use crate::problem::Failure;

/// Most bytes of a policy file: more is a mistake.
const LARGEST: u64 = 16 << 20;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::read(
        "/api/v1/policy-files",
        ("listPolicyFiles", "Returns the policy files with their texts", &[200]),
        files,
    )]
}

/// The policy files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyFiles {
    /// The files, in the order of the project.
    items: Vec<PolicyFile>,
}

/// A policy file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyFile {
    /// Its path in the project.
    path: String,
    /// Its text.
    text: String,
}

fn files(call: &Call<'_, EditPolicies>, _: NoQuery) -> Result<Reply<PolicyFiles>, Failure> {
    let root = call.project()?.root().map_err(Failure::Internal)?;
    let unreadable = |reason: String| Failure::from(ApiError::new(Code::NotReady, reason));
    let location = tagpol_app::locate(Some(&root)).map_err(|error| unreadable(error.to_string()))?;
    let file = |path: &Path| {
        let shown = tagpol_app::settings::shown(path.strip_prefix(&root).unwrap_or(path));
        match read_text(path, LARGEST) {
            Ok(text) => Ok(PolicyFile { path: shown, text }),
            Err(error) => Err(unreadable(format!("`{shown}` cannot be read: {}", error.reason()))),
        }
    };
    let items = location.files.iter().map(|path| file(path)).collect::<Result<_, _>>()?;
    Ok(Reply::ok(PolicyFiles { items }))
}
