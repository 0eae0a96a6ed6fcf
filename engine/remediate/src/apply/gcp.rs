//! Google Cloud: each service changes the labels of its resources by itself, and refuses a change of labels that are not
//! as they were read: by their fingerprint, the generation of the metadata, or an etag.

use serde_json::{Map, Value, json};
use tagpol_collect::CollectError;
use tagpol_collect::client::{Reply, TokenConnection, endpoint, percent_encoded};

use super::azure::tags;
use super::{Outcome, Tags, Writes, pause};

/// What changes labels in Google Cloud.
pub(super) struct Gcp {
    connection: TokenConnection,
    /// An address that stands for all services, as tests and private networks have one.
    endpoint: Option<String>,
    attempts: u32,
}

/// A service whose labels can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Compute,
    Storage,
    BigQuery,
    /// Clusters of Kubernetes Engine.
    Kubernetes,
    SecretManager,
}

impl Service {
    /// Returns the members of a resource with its labels, and with what a change of them has to name.
    fn members(self) -> [&'static str; 2] {
        match self {
            Self::Compute => ["labels", "labelFingerprint"],
            Self::Storage => ["labels", "metageneration"],
            Self::BigQuery | Self::SecretManager => ["labels", "etag"],
            Self::Kubernetes => ["resourceLabels", "labelFingerprint"],
        }
    }

    /// Whether a change was refused since the labels are not as they were read.
    fn is_outdated(self, reply: &Reply) -> bool {
        let is_failed =
            || reply.json.pointer("/error/status").is_some_and(|status| status == "FAILED_PRECONDITION");
        match self {
            Self::Compute | Self::Storage | Self::BigQuery => reply.status == 412,
            Self::Kubernetes | Self::SecretManager => {
                reply.status == 412 || (reply.status == 400 && is_failed())
            }
        }
    }
}

/// A resource by the address of its API.
struct Address {
    service: Service,
    url: String,
}

/// Labels as they were read, with what a change of them has to name.
pub(super) struct Labels {
    pub(super) labels: Tags,
    version: String,
}

impl Gcp {
    pub(super) async fn open(address: Option<&str>, attempts: u32) -> Result<Self, CollectError> {
        let endpoint = address.map(endpoint).transpose()?;
        Ok(Self { connection: TokenConnection::gcp().await?, endpoint, attempts })
    }

    /// Reads the labels of a resource; None if it is gone.
    pub(super) async fn read(&self, id: &str) -> Result<Option<Labels>, String> {
        let address = self.address(id)?;
        let reply = self.send("GET", &address.url, &[], None).await?;
        if reply.status == 404 {
            return Ok(None);
        }
        if reply.status != 200 {
            return Err(format!("its labels cannot be read: {}", reply.error));
        }
        let [labels, member] = address.service.members();
        let version = match reply.json.get(member) {
            Some(Value::String(version)) => version.clone(),
            Some(Value::Number(version)) => version.to_string(),
            _ => return Err(format!("its API returned no `{member}`, so that changes cannot be guarded")),
        };
        Ok(Some(Labels { labels: tags(reply.json.get(labels)), version }))
    }

    /// Changes the labels of a resource, if they are still as they were read. None: they are not.
    pub(super) async fn write(&self, id: &str, read: &Labels, writes: &Writes) -> Option<Outcome> {
        let address = match self.address(id) {
            Ok(address) => address,
            Err(reason) => return Some(Outcome::Failed { reason }),
        };
        let reply = self.send_change(&address, read, writes).await;
        match reply {
            Ok(reply) if address.service.is_outdated(&reply) => None,
            Ok(reply) if (200..300).contains(&reply.status) => Some(Outcome::Applied),
            Ok(reply) => {
                let reason = format!("the change failed with status {}: {}", reply.status, reply.error);
                Some(Outcome::Failed { reason })
            }
            Err(reason) => Some(Outcome::Failed { reason }),
        }
    }

    /// Requests a change in the form that the service demands: some take all labels, and some those that change.
    async fn send_change(&self, address: &Address, read: &Labels, writes: &Writes) -> Result<Reply, String> {
        let deleted = writes.delete.iter().map(|key| (key.clone(), Value::Null));
        let set = writes.set.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        let changed: Map<String, Value> = deleted.chain(set).collect();
        let mut labels = read.labels.clone();
        labels.retain(|key, _| !writes.delete.contains(key));
        labels.extend(writes.set.clone());
        let (url, version) = (&address.url, &read.version);
        match address.service {
            Service::Compute => {
                let body = json!({"labels": labels, "labelFingerprint": version});
                self.send("POST", &format!("{url}/setLabels"), &[], Some(&body)).await
            }
            Service::Storage => {
                let url = format!("{url}?ifMetagenerationMatch={}", percent_encoded(version));
                self.send("PATCH", &url, &[], Some(&json!({"labels": changed}))).await
            }
            Service::BigQuery => {
                let guard = [("if-match", version.clone())];
                self.send("PATCH", url, &guard, Some(&json!({"labels": changed}))).await
            }
            Service::Kubernetes => {
                let body = json!({"resourceLabels": labels, "labelFingerprint": version});
                self.send("POST", &format!("{url}:setResourceLabels"), &[], Some(&body)).await
            }
            Service::SecretManager => {
                let body = json!({"labels": labels, "etag": version});
                self.send("PATCH", &format!("{url}?updateMask=labels"), &[], Some(&body)).await
            }
        }
    }

    async fn send(
        &self,
        method: &'static str,
        url: &str,
        headers: &[(&'static str, String)],
        body: Option<&Value>,
    ) -> Result<Reply, String> {
        let mut attempt = 1;
        loop {
            let reply = self.connection.send(method, url, headers, body).await?;
            if !matches!(reply.status, 409 | 429) || attempt >= self.attempts {
                return Ok(reply);
            }
            pause(attempt, reply.retry_after).await;
            attempt += 1;
        }
    }

    /// Returns the address of a resource in the API of its service.
    fn address(&self, id: &str) -> Result<Address, String> {
        let unsupported = || {
            let service = id.trim_start_matches('/').split('/').next().unwrap_or_default();
            format!(
                "labels of `{service}` are not written, since its API does not refuse a change of labels that were changed meanwhile; `tagpol remediate emit gcloud` writes the commands"
            )
        };
        let (host, path) = id.strip_prefix("//").and_then(|id| id.split_once('/')).ok_or_else(unsupported)?;
        let path: Vec<String> = path.split('/').map(percent_encoded).collect();
        let base = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("https://{host}"),
        };
        let (service, path) = match (host, path.as_slice()) {
            ("compute.googleapis.com", [projects, ..]) if projects == "projects" => {
                (Service::Compute, format!("compute/v1/{}", path.join("/")))
            }
            ("storage.googleapis.com", [bucket]) => (Service::Storage, format!("storage/v1/b/{bucket}")),
            ("bigquery.googleapis.com", [projects, _, datasets, ..])
                if projects == "projects" && datasets == "datasets" =>
            {
                (Service::BigQuery, format!("bigquery/v2/{}", path.join("/")))
            }
            // A zone is a location as well.
            ("container.googleapis.com", [projects, project, places, place, clusters, cluster])
                if projects == "projects"
                    && (places == "locations" || places == "zones")
                    && clusters == "clusters" =>
            {
                let path = format!("v1/projects/{project}/locations/{place}/clusters/{cluster}");
                (Service::Kubernetes, path)
            }
            ("secretmanager.googleapis.com", [projects, _, secrets, _])
                if projects == "projects" && secrets == "secrets" =>
            {
                (Service::SecretManager, format!("v1/{}", path.join("/")))
            }
            _ => return Err(unsupported()),
        };
        Ok(Address { service, url: format!("{base}/{path}") })
    }
}
