//! What a manifest changes of the policies of a program.

use std::path::Path;

use tagpol_sema::program::{Program, Severity};
use tagpol_syntax::similar::closest;

use crate::{Manifest, ProjectError};

impl Manifest {
    /// Makes the manifest's changes to policies. Fails on a policy that is not there, or a severity that
    /// is none. `path` is that of the manifest.
    pub fn change_policies(&self, program: &mut Program, path: &Path) -> Result<(), ProjectError> {
        for (name, change) in &self.policy {
            let names: Vec<String> = program.policies.iter().map(|policy| policy.name.clone()).collect();
            let Some(policy) = program.policies.iter_mut().find(|policy| policy.name == *name) else {
                let error =
                    ProjectError::new(format!("there is no policy `{name}` to change")).at(path, None);
                return Err(match closest(name, names.iter().map(String::as_str)) {
                    Some(close) => error.help(format!("did you mean `{close}`?")),
                    None => error,
                });
            };
            if let Some(severity) = &change.severity {
                policy.severity = Severity::parse(severity).ok_or_else(|| {
                    ProjectError::new(format!("`{severity}` is not a severity"))
                        .at(path, None)
                        .help("severity is one of critical, high, medium, low")
                })?;
            }
        }
        program.retain_policies(|policy| !self.disables(&policy.name));
        Ok(())
    }

    /// Whether a policy is not evaluated.
    pub fn disables(&self, policy: &str) -> bool {
        self.policy.get(policy).is_some_and(|change| !change.enabled)
    }
}
