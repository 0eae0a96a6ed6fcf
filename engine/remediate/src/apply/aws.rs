//! AWS: the tagging API, which changes up to 20 resources of one account and region in a request.
//!
//! A response with status 200 may carry failures, throttled ones too, so that each resource of a batch has an outcome of
//! its own. Only what was throttled, or collided with another change, is repeated.

use std::collections::BTreeMap;

use aws_sdk_resourcegroupstagging::Client;
use aws_sdk_resourcegroupstagging::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_resourcegroupstagging::operation::get_resources::GetResourcesOutput;
use aws_sdk_resourcegroupstagging::types::FailureInfo;
use tagpol_collect::CollectError;
use tagpol_collect::client::AwsConnection;

use super::{Outcome, Tags, Writes, pause};

/// Resources of a request that reads.
pub(super) const READ: usize = 100;
/// Resources of a request that writes.
pub(super) const BATCH: usize = 20;
/// The region of resources without one.
const GLOBAL: &str = "us-east-1";

/// What changes tags in accounts and regions.
pub(super) struct Aws {
    connection: AwsConnection,
    role: Option<String>,
    attempts: u32,
    clients: BTreeMap<(String, String), Client>,
}

/// An account and a region.
pub(super) type Place = (String, String);

impl Aws {
    pub(super) fn new(connection: AwsConnection, role: Option<String>, attempts: u32) -> Self {
        Self { connection, role, attempts, clients: BTreeMap::new() }
    }

    /// Returns where a resource is.
    pub(super) fn place(&self, account: Option<&str>, region: Option<&str>) -> Place {
        let account = account.unwrap_or_else(|| self.connection.account());
        let region = region.filter(|region| !matches!(*region, "global" | "")).unwrap_or(GLOBAL);
        (account.to_owned(), region.to_owned())
    }

    /// Signs in to an account and a region.
    ///
    /// # Errors
    /// [`CollectError`] if the account cannot be entered.
    pub(super) async fn enter(&mut self, place: &Place) -> Result<(), CollectError> {
        self.client(place).await.map(drop)
    }

    async fn client(&mut self, place: &Place) -> Result<Client, CollectError> {
        if let Some(client) = self.clients.get(place) {
            return Ok(client.clone());
        }
        let (account, region) = place;
        if account != self.connection.account() && self.role.is_none() {
            return Err(CollectError::Options(format!(
                "the plan changes resources of the account {account}, and the credentials are those of {}: name a role \
                 in it with `--role`, or a profile with `--profile`",
                self.connection.account()
            )));
        }
        let config = self.connection.config(account, region, self.role.as_deref()).await?;
        let client = Client::new(&config);
        self.clients.insert(place.clone(), client.clone());
        Ok(client)
    }

    /// Reads the tags of resources. One that never had tags is not listed, and has none; so is one that is gone.
    pub(super) async fn read(
        &mut self,
        place: &Place,
        arns: &[&str],
    ) -> Result<BTreeMap<String, Tags>, CollectError> {
        let client = self.client(place).await?;
        let unreadable = |reason| CollectError::Start {
            what: format!("the tags in {}, {} cannot be read", place.0, place.1),
            reason,
            help: Some("grant `tag:GetResources`, and apply the plan again".to_owned()),
        };
        let mut found: BTreeMap<String, Tags> =
            arns.iter().map(|arn| ((*arn).to_owned(), Tags::new())).collect();
        for arns in arns.chunks(READ) {
            let mut attempt = 1;
            let answer = loop {
                let arns = arns.iter().map(|arn| (*arn).to_owned()).collect();
                match client.get_resources().set_resource_arn_list(Some(arns)).send().await {
                    Ok(answer) if is_whole(&answer) => break answer,
                    Ok(_) => return Err(unreadable("the response is not whole".to_owned())),
                    Err(error) if attempt < self.attempts && is_passing(&error) => pause(attempt, None).await,
                    Err(error) => return Err(unreadable(message(&error))),
                }
                attempt += 1;
            };
            for mapping in answer.resource_tag_mapping_list() {
                let tags = mapping.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
                if let Some(own) = mapping.resource_arn().and_then(|arn| found.get_mut(arn)) {
                    *own = tags.collect();
                }
            }
        }
        Ok(found)
    }

    /// Makes the same changes to up to [`BATCH`] resources.
    pub(super) async fn write(
        &mut self,
        place: &Place,
        arns: &[&str],
        writes: &Writes,
    ) -> Result<Vec<(String, Outcome)>, CollectError> {
        let client = self.client(place).await?;
        let mut failed: BTreeMap<String, String> = BTreeMap::new();
        // What is added comes first, so that a tag that is renamed is never missing, unless there is no room for it.
        let steps = if writes.is_full { [Step::Untag, Step::Tag] } else { [Step::Tag, Step::Untag] };
        for step in steps {
            let left: Vec<&str> = arns.iter().copied().filter(|arn| !failed.contains_key(*arn)).collect();
            match step {
                Step::Tag => tag(&client, &left, writes, self.attempts, &mut failed).await,
                Step::Untag => untag(&client, &left, writes, self.attempts, &mut failed).await,
            }
        }
        let outcome = |arn: &str| match failed.remove(arn) {
            Some(reason) => (arn.to_owned(), Outcome::Failed { reason }),
            None => (arn.to_owned(), Outcome::Applied),
        };
        Ok(arns.iter().copied().map(outcome).collect())
    }
}

/// The requests that change tags.
enum Step {
    Tag,
    Untag,
}

/// Adds tags and replaces values.
async fn tag(
    client: &Client,
    arns: &[&str],
    writes: &Writes,
    attempts: u32,
    failed: &mut BTreeMap<String, String>,
) {
    if writes.set.is_empty() {
        return;
    }
    let send = |arns: Vec<String>| {
        let request = client.tag_resources().set_resource_arn_list(Some(arns));
        let request = writes.set.iter().fold(request, |request, (key, value)| request.tags(key, value));
        async move { request.send().await.map(|answer| answer.failed_resources_map.unwrap_or_default()) }
    };
    repeat(arns, attempts, "tag:TagResources", failed, send).await;
}

/// Deletes tags.
async fn untag(
    client: &Client,
    arns: &[&str],
    writes: &Writes,
    attempts: u32,
    failed: &mut BTreeMap<String, String>,
) {
    if writes.delete.is_empty() {
        return;
    }
    let send = |arns: Vec<String>| {
        let keys = writes.delete.iter().cloned().collect();
        let request = client.untag_resources().set_resource_arn_list(Some(arns)).set_tag_keys(Some(keys));
        async move { request.send().await.map(|answer| answer.failed_resources_map.unwrap_or_default()) }
    };
    repeat(arns, attempts, "tag:UntagResources", failed, send).await;
}

/// Sends a request until no resource of it fails for a reason that passes; what fails for good is added to `failed`.
async fn repeat<E, F>(
    arns: &[&str],
    attempts: u32,
    operation: &str,
    failed: &mut BTreeMap<String, String>,
    send: impl Fn(Vec<String>) -> F,
) where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    F: Future<Output = Result<std::collections::HashMap<String, FailureInfo>, SdkError<E>>>,
{
    let mut left: Vec<String> = arns.iter().map(|arn| (*arn).to_owned()).collect();
    let mut attempt = 1;
    while !left.is_empty() {
        let is_last = attempt >= attempts;
        match send(left.clone()).await {
            Ok(failures) => {
                let mut again = Vec::new();
                for arn in left {
                    let Some(failure) = failures.get(&arn) else { continue };
                    if !is_last && is_passing_failure(failure) {
                        again.push(arn);
                    } else {
                        failed.insert(arn, format!("`{operation}` failed: {}", described(failure)));
                    }
                }
                left = again;
            }
            Err(error) if !is_last && is_passing(&error) => {}
            Err(error) => {
                let reason = format!("`{operation}` failed: {}", message(&error));
                failed.extend(left.drain(..).map(|arn| (arn, reason.clone())));
            }
        }
        if !left.is_empty() {
            pause(attempt, None).await;
        }
        attempt += 1;
    }
}

/// Whether a response lists all resources that were named and have tags: one that it leaves out would be taken for untagged.
fn is_whole(answer: &GetResourcesOutput) -> bool {
    answer.resource_tag_mapping_list.is_some() && answer.pagination_token().unwrap_or_default().is_empty()
}

/// Whether a request failed because of too many requests, or because it collided with another one.
fn is_passing<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    matches!(status, Some(409 | 429)) || is_passing_code(code)
}

/// Returns what the cloud says about an error, else what happened on the way.
fn message<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &SdkError<E>) -> String {
    let service = error.as_service_error();
    let code = service.and_then(ProvideErrorMetadata::code);
    match (service.and_then(ProvideErrorMetadata::message), code) {
        (Some(message), Some(code)) => format!("{message} ({code})"),
        (None, Some(code)) => code.to_owned(),
        _ => DisplayErrorContext(error).to_string(),
    }
}

fn is_passing_failure(failure: &FailureInfo) -> bool {
    let message = failure.error_message().unwrap_or_default();
    matches!(failure.status_code(), 409 | 429) || is_passing_code(message)
}

fn is_passing_code(code: &str) -> bool {
    ["Throttl", "Rate exceeded", "TooManyRequests", "RequestLimitExceeded", "ConcurrentModification"]
        .iter()
        .any(|part| code.contains(part))
}

fn described(failure: &FailureInfo) -> String {
    let message = failure.error_message().unwrap_or("no reason is given");
    format!("{message} (status {})", failure.status_code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_response_is_not_whole() {
        let empty = || GetResourcesOutput::builder().set_resource_tag_mapping_list(Some(Vec::new()));
        assert!(is_whole(&empty().build()) && is_whole(&empty().pagination_token("").build()));
        assert!(!is_whole(&empty().pagination_token("more").build()));
        assert!(!is_whole(&GetResourcesOutput::builder().build()));
    }
}
