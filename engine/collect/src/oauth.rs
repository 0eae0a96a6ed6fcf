//! Tokens for the APIs of Azure and Google Cloud.
//!
//! In: what the environment has: a client secret or a key file, the command line of the cloud, or the identity of a
//! machine, in this order. Out: a token, renewed before it ends.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use tagpol_model::CoverageStatus;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::error::CollectError;
use crate::http::{Call, Http, Request, Response, Verdict, form};
use crate::source::{Stop, json_text};

/// How long before its end a token is renewed.
const RENEW_BEFORE: u64 = 300;

/// How long the identity service of a machine may take; outside of the cloud there is none.
const MACHINE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a command line may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// Seconds that a token is used whose end is not given.
const UNKNOWN_LIFETIME: u64 = 900;

/// What Google's APIs are requested with.
const GCP_SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The cloud that a token is for.
#[derive(Debug, Clone)]
pub(crate) enum Cloud {
    Azure {
        /// The API that the token is for.
        audience: String,
    },
    Gcp,
}

/// Where tokens come from.
enum Provider {
    /// A form that is posted to an address, or for a machine a query that it is asked.
    Request(Request),
    /// A key of a service account, which signs each request for a token.
    Key(Box<Key>),
    /// A command that prints a token, as text or as JSON.
    Command(Vec<String>),
}

/// The key of a service account of Google.
struct Key {
    pair: RsaKeyPair,
    email: String,
    address: String,
}

/// A token and its renewal.
pub(crate) struct Bearer {
    http: Http,
    provider: Provider,
    /// The project that requests are counted for, if that is not the one of the credentials.
    quota_project: Option<String>,
    /// The token, and when it ends in seconds since 1970.
    kept: Mutex<Option<(String, u64)>>,
}

impl Bearer {
    /// Finds credentials, and gets a first token with them.
    pub(crate) async fn find(cloud: Cloud, http: Http) -> Result<Self, CollectError> {
        let (name, help) = match &cloud {
            Cloud::Azure { .. } => (
                "Azure",
                "sign in with `az login`, or set `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`",
            ),
            Cloud::Gcp => {
                ("Google Cloud", "sign in with `gcloud auth login`, or set `GOOGLE_APPLICATION_CREDENTIALS`")
            }
        };
        let lack = |reason: String| CollectError::Credentials { cloud: name, reason, help: help.to_owned() };
        let (candidates, quota_project) = match &cloud {
            Cloud::Azure { audience } => (azure(audience), None),
            Cloud::Gcp => gcp().map_err(lack)?,
        };
        let mut reasons = Vec::new();
        for (candidate, is_certain) in candidates {
            let quota_project = quota_project.clone();
            let bearer =
                Self { http: http.clone(), provider: candidate, quota_project, kept: Mutex::new(None) };
            match bearer.token().await {
                Ok(_) => return Ok(bearer),
                // What the environment names is meant: others would be somebody else.
                Err(stop) if is_certain => return Err(lack(stop.reason)),
                Err(stop) => reasons.push(stop.reason),
            }
        }
        Err(lack(reasons.join("; ")))
    }

    /// Returns the headers of a request.
    pub(crate) async fn headers(&self) -> Result<Vec<(&'static str, String)>, Stop> {
        let mut headers = vec![("authorization", format!("Bearer {}", self.token().await?))];
        if let Some(project) = &self.quota_project {
            headers.push(("x-goog-user-project", project.clone()));
        }
        Ok(headers)
    }

    async fn token(&self) -> Result<String, Stop> {
        let mut kept = self.kept.lock().await;
        if let Some((token, end)) = kept.as_ref()
            && *end > now().saturating_add(RENEW_BEFORE)
        {
            return Ok(token.clone());
        }
        let answer = match &self.provider {
            Provider::Request(request) => self.request(request).await?,
            Provider::Key(key) => self.request(&key.request()?).await?,
            Provider::Command(words) => run(words).await?,
        };
        let (token, end) = token_of(&answer).ok_or_else(|| denied("an answer has no token"))?;
        *kept = Some((token.clone(), end));
        Ok(token)
    }

    async fn request(&self, request: &Request) -> Result<Value, Stop> {
        let is_machine = request.method == "GET";
        let call = TokenCall(request);
        let sending = self.http.send(&call);
        let response = match is_machine {
            false => sending.await,
            true => match tokio::time::timeout(MACHINE_TIMEOUT, sending).await {
                Ok(response) => response,
                Err(_) => Err(denied("this machine has no identity")),
            },
        };
        response?.json()
    }
}

/// A request for a token.
struct TokenCall<'t>(&'t Request);

impl Call for TokenCall<'_> {
    async fn request(&self) -> Result<Request, Stop> {
        Ok(self.0.clone())
    }

    fn judge(&self, response: &Response) -> Verdict {
        let (code, message) = error_of(response);
        match response.status {
            200 => Verdict::Done,
            429 => Verdict::Throttled(Stop::cut_off("requests for tokens are throttled")),
            500.. => Verdict::Transient(Stop::cut_off(format!("no token: {message} ({code})"))),
            _ => Verdict::Final(denied(&format!("no token: {message} ({code})"))),
        }
    }
}

fn denied(reason: &str) -> Stop {
    Stop::new(CoverageStatus::Denied, reason)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Returns a variable of the environment that is not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Providers in the order in which they are tried, and whether one is the only one that is meant.
type Candidates = Vec<(Provider, bool)>;

fn azure(audience: &str) -> Candidates {
    let secret =
        variable("AZURE_TENANT_ID").zip(variable("AZURE_CLIENT_ID")).zip(variable("AZURE_CLIENT_SECRET"));
    if let Some(((tenant, client), secret)) = secret {
        let authority = variable("AZURE_AUTHORITY_HOST");
        let authority = authority.unwrap_or_else(|| "https://login.microsoftonline.com".to_owned());
        let scope = format!("{audience}/.default");
        let url = format!("{}/{tenant}/oauth2/v2.0/token", authority.trim_end_matches('/'));
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &client),
            ("client_secret", &secret),
            ("scope", &scope),
        ];
        return vec![(Provider::Request(post(url, &fields)), true)];
    }
    let client = variable("AZURE_CLIENT_ID");
    let client = client.as_ref().map(|id| ("client_id", id.as_str()));
    if let Some((endpoint, header)) = variable("IDENTITY_ENDPOINT").zip(variable("IDENTITY_HEADER")) {
        let query = form([("api-version", "2019-08-01"), ("resource", audience)].into_iter().chain(client));
        let request = get(format!("{endpoint}?{query}"), ("x-identity-header", header));
        return vec![(Provider::Request(request), true)];
    }
    let az = if cfg!(windows) { "az.cmd" } else { "az" };
    let command = [az, "account", "get-access-token", "--resource", audience, "--output", "json"];
    let query = form([("api-version", "2018-02-01"), ("resource", audience)].into_iter().chain(client));
    let url = format!("http://169.254.169.254/metadata/identity/oauth2/token?{query}");
    vec![
        (Provider::Command(command.map(str::to_owned).to_vec()), false),
        (Provider::Request(get(url, ("metadata", "true".to_owned()))), false),
    ]
}

fn gcp() -> Result<(Candidates, Option<String>), String> {
    let named = variable("GOOGLE_APPLICATION_CREDENTIALS").map(PathBuf::from);
    let quota = variable("GOOGLE_CLOUD_QUOTA_PROJECT");
    let usual = || {
        let folder = variable("CLOUDSDK_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config/gcloud")))?;
        Some(folder.join("application_default_credentials.json")).filter(|path| path.is_file())
    };
    let is_named = named.is_some();
    if let Some(path) = named.or_else(usual) {
        let failed = |reason: String| format!("`{}`: {reason}", path.display());
        let text = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
        let file: Value = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
        let provider = key_file(&file).map_err(failed)?;
        let quota = quota.or_else(|| Some(file.get("quota_project_id")?.as_str()?.to_owned()));
        return Ok((vec![(provider, is_named)], quota));
    }
    let gcloud = if cfg!(windows) { "gcloud.cmd" } else { "gcloud" };
    let command = [gcloud, "auth", "print-access-token"].map(str::to_owned).to_vec();
    let host = variable("GCE_METADATA_HOST").unwrap_or_else(|| "metadata.google.internal".to_owned());
    let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
    let machine = get(url, ("metadata-flavor", "Google".to_owned()));
    Ok((vec![(Provider::Command(command), false), (Provider::Request(machine), false)], quota))
}

/// Reads a key of a service account, or the credentials of `gcloud auth application-default login`.
fn key_file(file: &Value) -> Result<Provider, String> {
    let text = |name: &str| {
        let text = file.get(name).and_then(Value::as_str).map(str::to_owned);
        text.ok_or_else(|| format!("it has no `{name}`"))
    };
    match text("type")?.as_str() {
        "service_account" => {
            let pem = text("private_key")?;
            let base64: String =
                pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
            let der = STANDARD.decode(base64).map_err(|_| "its private key is not PEM".to_owned())?;
            let pair = RsaKeyPair::from_pkcs8(&der)
                .map_err(|error| format!("its private key is invalid: {error}"))?;
            Ok(Provider::Key(Box::new(Key {
                pair,
                email: text("client_email")?,
                address: text("token_uri")?,
            })))
        }
        "authorized_user" => {
            let (client, secret, token) =
                (text("client_id")?, text("client_secret")?, text("refresh_token")?);
            let fields = [
                ("grant_type", "refresh_token"),
                ("client_id", client.as_str()),
                ("client_secret", &secret),
                ("refresh_token", &token),
            ];
            let address =
                text("token_uri").unwrap_or_else(|_| "https://oauth2.googleapis.com/token".to_owned());
            Ok(Provider::Request(post(address, &fields)))
        }
        other => Err(format!(
            "credentials of the type `{other}` are not supported; use a key of a service account, or `gcloud auth login`"
        )),
    }
}

impl Key {
    /// Returns the request for a token, signed as of now.
    fn request(&self) -> Result<Request, Stop> {
        let issued = now();
        let claims = json!({
            "iss": self.email,
            "scope": GCP_SCOPE,
            "aud": self.address,
            "iat": issued,
            "exp": issued.saturating_add(3600),
        });
        let header = URL_SAFE_NO_PAD.encode(json_text(&json!({"alg": "RS256", "typ": "JWT"})));
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(json_text(&claims)));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature)
            .map_err(|_| denied("the key of the service account cannot sign"))?;
        let assertion = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        Ok(post(self.address.clone(), &[("grant_type", grant), ("assertion", &assertion)]))
    }
}

fn post(url: String, fields: &[(&str, &str)]) -> Request {
    let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    Request { method: "POST", url, headers, body: form(fields.iter().copied()).into_bytes() }
}

fn get(url: String, header: (&'static str, String)) -> Request {
    Request { method: "GET", url, headers: vec![header], body: Vec::new() }
}

/// Runs a command that prints a token.
async fn run(words: &[String]) -> Result<Value, Stop> {
    let [program, arguments @ ..] = words else { return Err(denied("there is no command")) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = match tokio::time::timeout(COMMAND_TIMEOUT, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(denied(&format!("`{program}` cannot be run: {error}"))),
        Err(_) => return Err(denied(&format!("`{program}` does not end"))),
    };
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it failed");
        return Err(denied(&format!("`{program}`: {line}")));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(serde_json::from_str(&text).unwrap_or_else(|_| json!({"access_token": text.trim()})))
}

/// Returns the token of an answer, and when it ends.
fn token_of(answer: &Value) -> Option<(String, u64)> {
    let token = ["access_token", "accessToken"].iter().find_map(|name| answer.get(*name)?.as_str())?;
    if token.is_empty() || token.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let number = |name: &str| {
        let value = answer.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    };
    let end = number("expires_on").or_else(|| Some(now().saturating_add(number("expires_in")?)));
    let end = end.unwrap_or_else(|| now().saturating_add(UNKNOWN_LIFETIME));
    Some((token.to_owned(), end))
}

/// Returns the code and the message of an error of Azure, of Google Cloud or of OAuth.
pub(crate) fn error_of(response: &Response) -> (String, String) {
    let json: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let text = |pointers: &[&str]| {
        let found = pointers.iter().find_map(|pointer| json.pointer(pointer)?.as_str());
        found.unwrap_or_default().to_owned()
    };
    let code = match text(&["/error/status", "/error/code", "/error"]) {
        code if code.is_empty() => format!("status {}", response.status),
        code => code,
    };
    let message = text(&["/error/details/0/message", "/error/message", "/error_description"]);
    (code, if message.is_empty() { "the request was refused".to_owned() } else { message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_their_end() {
        let of = |answer: Value| token_of(&answer);
        assert_eq!(
            of(json!({"accessToken": "t", "expires_on": 4_000_000_000_u64})).unwrap(),
            ("t".to_owned(), 4_000_000_000)
        );
        assert_eq!(of(json!({"access_token": "t", "expires_on": "4000000000"})).unwrap().1, 4_000_000_000);
        let end = of(json!({"access_token": "t", "expires_in": 3600})).unwrap().1;
        assert!((3500..=3600).contains(&(end - now())));
        for bad in [json!({}), json!({"access_token": ""}), json!({"access_token": "a\nb"}), json!("t")] {
            assert_eq!(of(bad), None);
        }
    }

    #[test]
    fn key_files_that_cannot_be_used() {
        for (file, message) in [
            (json!({}), "it has no `type`"),
            (json!({"type": "external_account"}), "credentials of the type `external_account`"),
            (json!({"type": "service_account"}), "it has no `private_key`"),
            (json!({"type": "service_account", "private_key": "x!"}), "not PEM"),
            (json!({"type": "service_account", "private_key": "-----BEGIN\nAAAA\n-----END"}), "is invalid"),
        ] {
            let error = key_file(&file).err().unwrap();
            assert!(error.contains(message), "{error}");
        }
    }
}
