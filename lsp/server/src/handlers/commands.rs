//! Commands: what a lens does in an editor that knows nothing of tagpol. The answer is also told as a message.

use serde_json::Value;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{ExecuteCommandParams, MessageType, Uri};

use super::inventory::{clear_findings, evaluate, run_tests, violations};
use crate::protocol::{OfPolicy, OfProject, Outcome, RunTests, TestName};
use crate::server::Server;

pub(crate) const RUN_TEST: &str = "tagpol.runTest";
pub(crate) const SHOW_VIOLATIONS: &str = "tagpol.showViolations";
const EVALUATE: &str = "tagpol.evaluateWorkspace";
const CLEAR: &str = "tagpol.clearFindings";

/// All of them.
pub(crate) const COMMANDS: [&str; 4] = [RUN_TEST, SHOW_VIOLATIONS, EVALUATE, CLEAR];

/// Resources that a message names.
const NAMED: u64 = 10;

pub(crate) async fn execute(server: &Server, params: ExecuteCommandParams) -> Result<Option<Value>> {
    let text = |at: usize| params.arguments.get(at).and_then(Value::as_str);
    let uri = text(0).map(|text| text.parse::<Uri>().map_err(|_| Error::invalid_params("no URI")));
    let uri = uri.transpose()?;
    let (kind, message, answer) = match (params.command.as_str(), uri, text(1)) {
        (RUN_TEST, Some(uri), Some(name)) => run(server, uri, name).await?,
        (SHOW_VIOLATIONS, Some(uri), Some(policy)) => show(server, uri, policy).await?,
        (EVALUATE, uri, _) => all(server, uri).await?,
        (CLEAR, uri, _) => {
            clear_findings(server, OfProject { uri }).await?;
            return Ok(None);
        }
        (RUN_TEST | SHOW_VIOLATIONS, ..) => {
            return Err(Error::invalid_params("the arguments are a URI and a name"));
        }
        (other, ..) => return Err(Error::invalid_params(format!("there is no command `{other}`"))),
    };
    server.client.show_message(kind, message).await;
    Ok(Some(answer))
}

type Told = (MessageType, String, Value);

async fn run(server: &Server, uri: Uri, name: &str) -> Result<Told> {
    let test = TestName { uri, name: name.to_owned() };
    let results = run_tests(server, RunTests { uri: None, tests: Some(vec![test]) }).await?;
    let Some(result) = results.results.first() else {
        return Err(super::inventory::failed(format!("there is no test `{name}`")));
    };
    let (kind, mut message) = match result.outcome {
        Outcome::Passed => (MessageType::INFO, format!("passed: {name}")),
        Outcome::Failed => (MessageType::ERROR, format!("failed: {name}")),
    };
    result.failures.iter().for_each(|failure| message += &format!("\n{}", failure.message));
    Ok((kind, message, json(&results)))
}

async fn show(server: &Server, uri: Uri, policy: &str) -> Result<Told> {
    let params = OfPolicy { uri, policy: policy.to_owned(), limit: Some(NAMED) };
    let found = violations(server, params).await?;
    let mut message =
        format!("{policy}: {} violations, {} resources in scope", found.violations, found.in_scope);
    for violating in &found.resources {
        let resource = &violating.resource;
        let name = resource.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        message += &format!("\n{}{name}: {}", resource.id, violating.checks.join(", "));
    }
    Ok((MessageType::INFO, message, json(&found)))
}

async fn all(server: &Server, uri: Option<Uri>) -> Result<Told> {
    let found = evaluate(server, OfProject { uri }).await?;
    let open = &found.open;
    let message = format!(
        "{} of {} resources comply; open findings: {} critical, {} high, {} medium, {} low",
        found.compliant, found.resources, open.critical, open.high, open.medium, open.low
    );
    Ok((MessageType::INFO, message, json(&found)))
}

fn json(answer: &impl serde::Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or_default()
}
