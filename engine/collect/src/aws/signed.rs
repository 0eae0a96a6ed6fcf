//! Signed requests to AWS, for the services whose SDK crates would take longer to compile than the rest of the program.
//!
//! In: a service, a region, and an operation in one of the four protocols of AWS. Out: the response. Errors are
//! classified once, here: what is denied, what is not enabled, what passes, and what only looks like wrong credentials.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
};
use aws_sigv4::sign::v4;
use serde_json::Value;
use tagpol_model::CoverageStatus;
use tokio::sync::Mutex;

use super::xml;
use crate::error::chain;
use crate::http::{Call, Http, Request, Response, Verdict, form};
use crate::source::{Stop, json_text};

/// How long before their end credentials are renewed.
pub(crate) const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// A service of AWS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    /// Its name in hosts and in signatures.
    name: &'static str,
    /// Its name in messages and in permissions.
    pub(crate) prefix: &'static str,
    /// The version of its API in requests of the query protocol.
    version: &'static str,
    /// What comes before the operation in requests of the JSON protocol, and the version of that protocol.
    target: &'static str,
    json: &'static str,
}

impl Service {
    const fn new(name: &'static str, version: &'static str, target: &'static str) -> Self {
        Self { name, prefix: name, version, target, json: "application/x-amz-json-1.1" }
    }

    pub(crate) const STS: Self = Self::new("sts", "2011-06-15", "");
    pub(crate) const EC2: Self = Self::new("ec2", "2016-11-15", "");
    pub(crate) const RDS: Self = Self::new("rds", "2014-10-31", "");
    pub(crate) const S3: Self = Self::new("s3", "", "");
    pub(crate) const LAMBDA: Self = Self::new("lambda", "", "");
    pub(crate) const CONFIG: Self = Self::new("config", "", "StarlingDoveService");
    pub(crate) const ORGANIZATIONS: Self = Self::new("organizations", "", "AWSOrganizationsV20161128");
    pub(crate) const CLOUDFORMATION: Self = Self::new("cloudformation", "2010-05-15", "");
    pub(crate) const CLOUD_CONTROL: Self =
        Self { json: "application/x-amz-json-1.0", ..Self::new("cloudcontrolapi", "", "CloudApiService") };
    pub(crate) const EXPLORER: Self = Self::new("resource-explorer-2", "", "");
}

/// What signs requests and sends them.
#[derive(Clone)]
pub(crate) struct Signed {
    http: Http,
    /// An address that stands for all services, as tests and private networks have one.
    endpoint: Option<String>,
    provider: SharedCredentialsProvider,
    credentials: Arc<Mutex<Option<Credentials>>>,
}

impl Signed {
    pub(crate) fn new(http: Http, endpoint: Option<String>, provider: SharedCredentialsProvider) -> Self {
        Self { http, endpoint, provider, credentials: Arc::new(Mutex::new(None)) }
    }

    /// Returns the same with other credentials.
    pub(crate) fn with_credentials(&self, provider: SharedCredentialsProvider) -> Self {
        Self::new(self.http.clone(), self.endpoint.clone(), provider)
    }

    /// Returns the credentials, renewed if they end soon.
    async fn credentials(&self) -> Result<Credentials, Stop> {
        let mut kept = self.credentials.lock().await;
        let soon = SystemTime::now() + RENEW_BEFORE;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.expiry().is_none_or(|expiry| expiry > soon)) {
            return Ok(kept.clone());
        }
        let new = self.provider.provide_credentials().await.map_err(|error| {
            Stop::new(CoverageStatus::Denied, format!("there are no credentials: {}", chain(&error)))
        })?;
        *kept = Some(new.clone());
        Ok(new)
    }

    /// Calls an operation of the query protocol; returns the text of its XML.
    pub(crate) async fn query(
        &self,
        service: Service,
        region: &str,
        operation: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, Stop> {
        let fixed = [("Action", operation), ("Version", service.version)];
        let body = form(fixed.into_iter().chain(parameters.iter().copied()));
        let headers = vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
        let call = Operation {
            service,
            region,
            name: operation,
            method: "POST",
            path: "/".to_owned(),
            headers,
            body,
        };
        let response = self.send(&call).await?;
        String::from_utf8(response.body).map_err(|_| Stop::cut_off("a response is not valid UTF-8"))
    }

    /// Calls an operation of the JSON protocol.
    pub(crate) async fn json(
        &self,
        service: Service,
        region: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Stop> {
        let headers = vec![
            ("content-type", service.json.to_owned()),
            ("x-amz-target", format!("{}.{operation}", service.target)),
        ];
        let body = json_text(input);
        let call = Operation {
            service,
            region,
            name: operation,
            method: "POST",
            path: "/".to_owned(),
            headers,
            body,
        };
        self.send(&call).await?.json()
    }

    /// Posts JSON to the path that is named like the operation.
    pub(crate) async fn post(
        &self,
        service: Service,
        region: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, Stop> {
        let headers = vec![("content-type", "application/json".to_owned())];
        let (path, body) = (format!("/{operation}"), json_text(input));
        let call = Operation { service, region, name: operation, method: "POST", path, headers, body };
        self.send(&call).await?.json()
    }

    /// Gets what is at a path, which is encoded and may have a query.
    pub(crate) async fn get(
        &self,
        service: Service,
        region: &str,
        operation: &str,
        path: String,
    ) -> Result<Response, Stop> {
        let (headers, body) = (Vec::new(), String::new());
        self.send(&Operation { service, region, name: operation, method: "GET", path, headers, body }).await
    }

    async fn send(&self, call: &Operation<'_>) -> Result<Response, Stop> {
        self.http.send(&SignedCall { signed: self, operation: call }).await
    }

    /// Makes a request, signed as of now.
    async fn request(&self, call: &Operation<'_>) -> Result<Request, Stop> {
        let identity = self.credentials().await?.into();
        let url = match &self.endpoint {
            Some(endpoint) => format!("{}{}", endpoint.trim_end_matches('/'), call.path),
            None => format!("https://{}{}", host(call.service.name, call.region), call.path),
        };
        let mut settings = SigningSettings::default();
        if call.service.name == "s3" {
            // S3 decodes paths once, and wants the hash of the body as a header.
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let unsigned = |error: &dyn std::error::Error| {
            Stop::cut_off(format!("the request cannot be signed: {}", chain(error)))
        };
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(signing_region(call.service.name, call.region))
            .name(call.service.name)
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        let mut headers = call.headers.clone();
        let signable = SignableRequest::new(
            call.method,
            url.as_str(),
            headers.iter().map(|(name, value)| (*name, value.as_str())),
            SignableBody::Bytes(call.body.as_bytes()),
        );
        let signable = signable.map_err(|error| unsigned(&error))?;
        let signed =
            aws_sigv4::http_request::sign(signable, &parameters).map_err(|error| unsigned(&error))?;
        let (added, _) = signed.into_parts().0.into_parts();
        headers.extend(added.iter().map(|header| (header.name(), header.value().to_owned())));
        Ok(Request { method: call.method, url, headers, body: call.body.clone().into_bytes() })
    }
}

/// A call of an operation.
struct Operation<'o> {
    service: Service,
    region: &'o str,
    name: &'o str,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// A call with what signs it.
struct SignedCall<'s> {
    signed: &'s Signed,
    operation: &'s Operation<'s>,
}

impl Call for SignedCall<'_> {
    async fn request(&self) -> Result<Request, Stop> {
        self.signed.request(self.operation).await
    }

    fn judge(&self, response: &Response) -> Verdict {
        judge(self.operation, response)
    }
}

/// Returns the host of a service in a region.
fn host(service: &str, region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    match service {
        "organizations" => format!("organizations.{}.{suffix}", signing_region(service, region)),
        // This service has no other hosts outside of China.
        "resource-explorer-2" if !region.starts_with("cn-") => format!("{service}.{region}.api.aws"),
        _ => format!("{service}.{region}.{suffix}"),
    }
}

/// Returns the region in which a service checks signatures: one of each partition for Organizations.
fn signing_region<'r>(service: &str, region: &'r str) -> &'r str {
    match region {
        _ if service != "organizations" => region,
        _ if region.starts_with("cn-") => "cn-northwest-1",
        _ if region.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// Decides what becomes of a response.
fn judge(call: &Operation<'_>, response: &Response) -> Verdict {
    if (200..300).contains(&response.status) {
        return Verdict::Done;
    }
    let (code, message) = error_of(response);
    let operation = format!("{}:{}", call.service.prefix, call.name);
    let reason = match message.is_empty() {
        true => format!("`{operation}` failed with status {} ({code})", response.status),
        false => format!("`{operation}` failed: {message} ({code})"),
    };
    refusal(&code, response.status, reason, (&operation, call.region), response.header("date"))
}

/// Classifies an error of AWS by its code; `operation` is what would have to be granted.
pub(crate) fn refusal(
    code: &str,
    status: u16,
    reason: String,
    (operation, region): (&str, &str),
    date: Option<&str>,
) -> Verdict {
    let is_any = |parts: &[&str]| parts.iter().any(|part| code.contains(part));
    if is_any(&["Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown", "RateExceeded"])
        || status == 429
    {
        let stop = Stop::cut_off(reason)
            .help("AWS throttles these requests; fetch again later, or fewer regions at a time");
        return Verdict::Throttled(stop);
    }
    let is_clock = is_any(&["RequestTimeTooSkewed", "RequestInTheFuture"])
        || (is_any(&["Signature", "RequestExpired"])
            && ["Signature expired", "not yet current", "Request has expired", "too skewed"]
                .iter()
                .any(|part| reason.contains(part)));
    if is_clock {
        let time = date.map(|date| format!(" (in AWS it is {date})")).unwrap_or_default();
        let help = format!("set the clock of this computer{time}, and fetch again");
        return Verdict::Final(Stop::cut_off(reason).help(help));
    }
    if is_any(&[
        "AccessDenied",
        "UnauthorizedOperation",
        "UnauthorizedException",
        "AuthorizationError",
        "NotAuthorized",
    ]) {
        let help = format!("the credentials need the permission `{operation}`");
        return Verdict::Final(Stop::new(CoverageStatus::Denied, reason).help(help));
    }
    if is_any(&["ExpiredToken", "RequestExpired", "TokenRefreshRequired"]) {
        let help =
            "the credentials expired while resources were being fetched: sign in again, and fetch again";
        return Verdict::Final(Stop::new(CoverageStatus::Denied, reason).help(help));
    }
    // The credentials were accepted before, by another region: this one does not know the account.
    if is_any(&[
        "OptInRequired",
        "UnrecognizedClient",
        "InvalidClientTokenId",
        "AuthFailure",
        "SubscriptionRequired",
    ]) {
        let help = format!("enable {region} in the account, or name the other regions with `--region`");
        return Verdict::Final(Stop::not_enabled(reason).help(help));
    }
    let stop = Stop::cut_off(reason).help("fetch again later");
    let passes = status >= 500
        || is_any(&["InternalError", "InternalFailure", "ServiceUnavailable", "RequestTimeout"]);
    if passes { Verdict::Transient(stop) } else { Verdict::Final(stop) }
}

/// Returns the code and the message of an error response, in whichever protocol it is.
fn error_of(response: &Response) -> (String, String) {
    if let Ok(json) = serde_json::from_slice::<Value>(&response.body) {
        let text =
            |names: &[&str]| names.iter().find_map(|name| json.get(*name)?.as_str()).unwrap_or_default();
        let code = match text(&["__type", "code", "Code"]) {
            "" => response.header("x-amzn-errortype").unwrap_or_default(),
            code => code,
        };
        // `com.amazonaws.service#ThrottlingException:http://…`
        let code = code.rsplit('#').next().unwrap_or(code).split(':').next().unwrap_or(code);
        return (code.to_owned(), text(&["message", "Message"]).to_owned());
    }
    let text = String::from_utf8_lossy(&response.body);
    let (code, message) = xml::error(&text).unwrap_or_default();
    (if code.is_empty() { "no code".to_owned() } else { code }, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        assert_eq!(host("ec2", "eu-west-1"), "ec2.eu-west-1.amazonaws.com");
        assert_eq!(host("ec2", "cn-north-1"), "ec2.cn-north-1.amazonaws.com.cn");
        assert_eq!(host("organizations", "eu-west-1"), "organizations.us-east-1.amazonaws.com");
        assert_eq!(host("resource-explorer-2", "eu-west-1"), "resource-explorer-2.eu-west-1.api.aws");
    }

    #[test]
    fn refusals() {
        let kind = |code: &str, status: u16, message: &str| match refusal(
            code,
            status,
            message.to_owned(),
            ("ec2:DescribeInstances", "eu-west-1"),
            None,
        ) {
            Verdict::Done => "done".to_owned(),
            Verdict::Throttled(_) => "throttled".to_owned(),
            Verdict::Transient(_) => "transient".to_owned(),
            Verdict::Final(stop) => stop.status.as_str().to_owned(),
        };
        for (code, status, message, expected) in [
            ("ThrottlingException", 400, "", "throttled"),
            ("RequestLimitExceeded", 503, "", "throttled"),
            ("SlowDown", 503, "", "throttled"),
            ("UnauthorizedOperation", 403, "", "denied"),
            ("AccessDenied", 403, "", "denied"),
            ("ExpiredTokenException", 400, "", "denied"),
            ("AuthFailure", 401, "", "not enabled"),
            ("UnrecognizedClientException", 403, "", "not enabled"),
            ("InvalidSignatureException", 403, "Signature expired: 2026 is now earlier", "cut off"),
            ("RequestTimeTooSkewed", 403, "", "cut off"),
            ("InternalError", 500, "", "transient"),
            ("ValidationException", 400, "", "cut off"),
        ] {
            assert_eq!(kind(code, status, message), expected, "{code}");
        }
    }
}
