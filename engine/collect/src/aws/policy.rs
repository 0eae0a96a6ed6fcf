//! What fetching would ask of AWS, and the least policy that allows it.

use serde_json::{Value, json};

use super::sources::{Planned, Scope, selected};
use super::{AwsOptions, check, organization};
use crate::dry_run::{DryRun, Grant};
use crate::error::CollectError;
use crate::source::Call;

/// Requests of the caller that need no permission, and those that find out where to ask.
const IDENTITY: Call = Call { name: "sts:GetCallerIdentity", permission: "" };
const REGIONS: Call = Call::of("ec2:DescribeRegions");
const ASSUME: Call = Call::of("sts:AssumeRole");

/// Returns what a fetch with these options would ask, and the policies that allow it. Asks nothing itself.
///
/// # Errors
/// If the options contradict each other.
pub fn dry_run(options: &AwsOptions) -> Result<DryRun, CollectError> {
    check(options)?;
    let sources = selected(options)?;
    let calls = |scope: Scope| {
        let of_scope = sources.iter().filter(move |planned: &&Planned| planned.scope == scope);
        of_scope.flat_map(|planned| planned.source.calls().iter().copied()).collect::<Vec<Call>>()
    };
    let mut once = vec![IDENTITY];
    if options.role.is_some() && options.accounts.is_empty() {
        once.extend_from_slice(organization::CALLS);
    }
    once.extend(calls(Scope::Once));
    let mut in_account = Vec::new();
    if options.role.is_some() {
        in_account.push(ASSUME);
    }
    if options.regions.is_empty() {
        in_account.push(REGIONS);
    }
    in_account.extend(calls(Scope::Account));
    let in_region = calls(Scope::Region);

    let everywhere: Vec<Call> =
        in_account.iter().chain(&in_region).copied().filter(|call| *call != ASSUME).collect();
    let mut grants = vec![Grant {
        title: match options.role {
            Some(_) => "IAM policy of the caller",
            None => "IAM policy",
        },
        text: policy(once.iter().chain(&everywhere), options),
    }];
    if options.role.is_some() {
        let without_role = AwsOptions { role: None, ..options.clone() };
        grants.push(Grant {
            title: "IAM policy of the role in each account",
            text: policy(&everywhere, &without_role),
        });
    }
    let steps = [("once", once), ("in each account", in_account), ("in each account and region", in_region)];
    Ok(DryRun::new(&steps, grants))
}

/// Returns a policy that allows calls, and, with a role, to assume it.
fn policy<'c>(calls: impl IntoIterator<Item = &'c Call>, options: &AwsOptions) -> String {
    let mut actions: Vec<&str> =
        calls.into_iter().map(|call| call.permission).filter(|action| !action.is_empty()).collect();
    actions.sort_unstable();
    actions.dedup();
    let mut statements = vec![json!({"Effect": "Allow", "Action": actions, "Resource": "*"})];
    if let Some(role) = &options.role {
        let roles: Vec<String> = match options.accounts.as_slice() {
            [] => vec![format!("arn:aws:iam::*:role/{role}")],
            accounts => {
                accounts.iter().map(|account| format!("arn:aws:iam::{account}:role/{role}")).collect()
            }
        };
        statements.push(json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}));
    }
    let policy: Value = json!({"Version": "2012-10-17", "Statement": statements});
    serde_json::to_string_pretty(&policy).unwrap_or_default() + "\n"
}
