//! Azure: the tags of one resource in a request, by `PATCH` with the operations `Merge` and `Delete`, which leave other
//! tags alone. `PUT` would replace all of them.

use serde_json::{Value, json};
use tagpol_collect::CollectError;
use tagpol_collect::client::{AZURE_ENDPOINT, TokenConnection, endpoint, percent_encoded};

use super::{Outcome, Tags, Writes, pause};

const API_VERSION: &str = "2021-04-01";

/// What changes tags in Azure.
pub(super) struct Azure {
    connection: TokenConnection,
    endpoint: String,
    attempts: u32,
}

impl Azure {
    pub(super) async fn open(address: Option<&str>, attempts: u32) -> Result<Self, CollectError> {
        let endpoint = endpoint(address.unwrap_or(AZURE_ENDPOINT))?;
        Ok(Self { connection: TokenConnection::azure(&endpoint).await?, endpoint, attempts })
    }

    /// Reads the tags of a resource; None if it is gone.
    pub(super) async fn read(&self, id: &str) -> Result<Option<Tags>, String> {
        let reply = self.send("GET", id, None).await?;
        if reply.status == 404 {
            return Ok(None);
        }
        if reply.status != 200 {
            return Err(format!("its tags cannot be read: {}", reply.error));
        }
        Ok(Some(tags(reply.json.pointer("/properties/tags"))))
    }

    /// Changes the tags of a resource.
    pub(super) async fn write(&self, id: &str, current: &Tags, writes: &Writes) -> Outcome {
        // Merging a key that differs in case only would succeed and change nothing, so that what is deleted is deleted
        // first.
        let deleted: Tags = current
            .iter()
            .filter(|(key, _)| writes.delete.contains(*key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let done = async {
            self.patch(id, "Delete", &deleted).await?;
            let merged = self.patch(id, "Merge", &writes.set).await;
            if merged.is_err() {
                // So that no tag is lost that was to be renamed; if this fails too, reading again reports it.
                let _ = self.patch(id, "Merge", &deleted).await;
            }
            merged
        };
        match done.await {
            Ok(()) => Outcome::Applied,
            Err(reason) => Outcome::Failed { reason },
        }
    }

    async fn patch(&self, id: &str, operation: &str, tags: &Tags) -> Result<(), String> {
        if tags.is_empty() {
            return Ok(());
        }
        let body = json!({"operation": operation, "properties": {"tags": tags}});
        let reply = self.send("PATCH", id, Some(&body)).await?;
        match reply.status {
            200 | 202 => Ok(()),
            status => Err(format!("`{operation}` failed with status {status}: {}", reply.error)),
        }
    }

    async fn send(
        &self,
        method: &'static str,
        id: &str,
        body: Option<&Value>,
    ) -> Result<tagpol_collect::client::Reply, String> {
        let path: Vec<String> = id.split('/').map(percent_encoded).collect();
        let url = format!(
            "{}{}/providers/Microsoft.Resources/tags/default?api-version={API_VERSION}",
            self.endpoint,
            path.join("/")
        );
        let mut attempt = 1;
        loop {
            let reply = self.connection.send(method, &url, &[], body).await?;
            if !matches!(reply.status, 409 | 429) || attempt >= self.attempts {
                return Ok(reply);
            }
            pause(attempt, reply.retry_after).await;
            attempt += 1;
        }
    }
}

/// Reads a JSON object of texts.
pub(super) fn tags(value: Option<&Value>) -> Tags {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}
