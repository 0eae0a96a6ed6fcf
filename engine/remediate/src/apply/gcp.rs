//! Google Cloud: each service changes the labels of its resources by itself, and refuses a change of labels that are not
//! as they were read: by their fingerprint, the generation of the metadata, the version of the settings, or an etag.
//! Services whose APIs refuse no such change are not written to.

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

/// Resources whose labels are changed in the way that Google's rules for APIs describe ([`Service::Etag`]): host, version
/// of the API, and the name with `*` for what differs.
const ETAG_TYPES: &str = include_str!("gcp_types.tsv");

/// A service whose labels can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Compute,
    Storage,
    BigQuery,
    /// Clusters of Kubernetes Engine.
    Kubernetes,
    /// Instances of Cloud SQL.
    Sql,
    /// All others: the request has the etag that was read.
    Etag,
}

impl Service {
    /// Returns the members of a resource with its labels, and with what a change of them has to name.
    fn members(self) -> [&'static str; 2] {
        match self {
            Self::Compute => ["/labels", "/labelFingerprint"],
            Self::Storage => ["/labels", "/metageneration"],
            Self::BigQuery | Self::Etag => ["/labels", "/etag"],
            Self::Kubernetes => ["/resourceLabels", "/labelFingerprint"],
            Self::Sql => ["/settings/userLabels", "/settings/settingsVersion"],
        }
    }

    /// Whether a change was refused since the labels are not as they were read.
    fn is_outdated(self, reply: &Reply) -> bool {
        let is = |name: &str| reply.json.pointer("/error/status").is_some_and(|status| status == name);
        match (self, reply.status) {
            (_, 412) => true,
            (Self::Kubernetes | Self::Etag, 400) => is("FAILED_PRECONDITION"),
            (Self::Etag, 409) => is("ABORTED"),
            _ => false,
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
        let reply = self.send(&address, "GET", &address.url, &[], None).await?;
        if reply.status == 404 {
            return Ok(None);
        }
        if reply.status != 200 {
            return Err(format!("its labels cannot be read: {}", reply.error));
        }
        let [labels, member] = address.service.members();
        let version = match reply.json.pointer(member) {
            Some(Value::String(version)) if !version.is_empty() => version.clone(),
            Some(Value::Number(version)) => version.to_string(),
            _ => {
                let member = member.rsplit('/').next().unwrap_or_default();
                return Err(format!("its API returned no `{member}`, so that changes cannot be guarded"));
            }
        };
        Ok(Some(Labels { labels: tags(reply.json.pointer(labels)), version }))
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
                self.send(address, "POST", &format!("{url}/setLabels"), &[], Some(&body)).await
            }
            Service::Storage => {
                let url = format!("{url}?ifMetagenerationMatch={}", percent_encoded(version));
                self.send(address, "PATCH", &url, &[], Some(&json!({"labels": changed}))).await
            }
            Service::BigQuery => {
                let guard = [("if-match", version.clone())];
                self.send(address, "PATCH", url, &guard, Some(&json!({"labels": changed}))).await
            }
            Service::Kubernetes => {
                let body = json!({"resourceLabels": labels, "labelFingerprint": version});
                self.send(address, "POST", &format!("{url}:setResourceLabels"), &[], Some(&body)).await
            }
            Service::Sql => {
                // Labels are merged with those that are there.
                let body = json!({"settings": {"userLabels": changed, "settingsVersion": version}});
                self.send(address, "PATCH", url, &[], Some(&body)).await
            }
            Service::Etag => {
                let body = json!({"labels": labels, "etag": version});
                self.send(address, "PATCH", &format!("{url}?updateMask=labels"), &[], Some(&body)).await
            }
        }
    }

    async fn send(
        &self,
        address: &Address,
        method: &'static str,
        url: &str,
        headers: &[(&'static str, String)],
        body: Option<&Value>,
    ) -> Result<Reply, String> {
        let mut attempt = 1;
        loop {
            let reply = self.connection.send(method, url, headers, body).await?;
            let is_passing = matches!(reply.status, 409 | 429) && !address.service.is_outdated(&reply);
            if !is_passing || attempt >= self.attempts {
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
        // Inventories name Cloud SQL by another host than that of its API.
        let host = if host == "cloudsql.googleapis.com" { "sqladmin.googleapis.com" } else { host };
        let base = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("https://{host}"),
        };
        let (service, path) = known_path(host, &path).ok_or_else(unsupported)?;
        Ok(Address { service, url: format!("{base}/{path}") })
    }
}

/// Returns the service of a host, and the path of a resource in its API. None: its labels are not written.
fn known_path(host: &str, path: &[String]) -> Option<(Service, String)> {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let whole = path.join("/");
    Some(match (host, parts.as_slice()) {
        ("compute.googleapis.com", ["projects", ..]) => (Service::Compute, format!("compute/v1/{whole}")),
        ("storage.googleapis.com", [_]) => (Service::Storage, format!("storage/v1/b/{whole}")),
        ("bigquery.googleapis.com", ["projects", _, "datasets", ..]) => {
            (Service::BigQuery, format!("bigquery/v2/{whole}"))
        }
        // A zone is a location as well.
        (
            "container.googleapis.com",
            ["projects", project, "locations" | "zones", place, "clusters", cluster],
        ) => {
            let path = format!("v1/projects/{project}/locations/{place}/clusters/{cluster}");
            (Service::Kubernetes, path)
        }
        ("sqladmin.googleapis.com", ["projects", _, "instances", _]) => (Service::Sql, format!("v1/{whole}")),
        _ => {
            let rows = ETAG_TYPES.lines().filter(|line| !line.starts_with('#'));
            let mut found =
                rows.filter_map(|row| row.strip_prefix(host)?.strip_prefix('\t')?.split_once('\t'));
            let (version, _) = found.find(|(_, name)| is_name(&parts, name))?;
            (Service::Etag, format!("{version}/{whole}"))
        }
    })
}

/// Whether the segments of a name are like those of a pattern such as `projects/*/secrets/*`.
fn is_name(parts: &[&str], pattern: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    parts.len() == pattern.len() && parts.iter().zip(pattern).all(|(part, one)| one == "*" || *part == one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_resources() {
        let path = |id: &str| {
            let (host, path) = id.split_once('/').unwrap();
            let path: Vec<String> = path.split('/').map(str::to_owned).collect();
            known_path(host, &path).map(|(service, path)| format!("{service:?} {path}"))
        };
        for (id, expected) in [
            (
                "run.googleapis.com/projects/p/locations/l/services/s",
                Some("Etag v2/projects/p/locations/l/services/s"),
            ),
            ("cloudresourcemanager.googleapis.com/projects/p", Some("Etag v3/projects/p")),
            ("sqladmin.googleapis.com/projects/p/instances/i", Some("Sql v1/projects/p/instances/i")),
            // A job is replaced as a whole, and a topic has no version.
            ("run.googleapis.com/projects/p/locations/l/jobs/j", None),
            ("pubsub.googleapis.com/projects/p/topics/t", None),
            ("run.googleapis.com/projects/p/locations/l/services/s/revisions/r", None),
            ("googleapis.com/projects/p", None),
        ] {
            assert_eq!(path(id).as_deref(), expected, "{id}");
        }
    }

    #[test]
    fn each_type_is_a_host_a_version_and_a_name() {
        let rows: Vec<&str> = ETAG_TYPES.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(rows.len() > 50);
        for row in rows {
            let [host, version, name] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
            assert!(host.ends_with(".googleapis.com") && version.starts_with('v'), "{row}");
            assert!(name.ends_with("/*"), "{row}");
        }
    }
}
