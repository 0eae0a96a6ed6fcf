//! Sign-in at a certified identity provider, and at one that forges: `tests/peers/providers.mjs`, in Node.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tagpol_serve_identity::oidc::{Callback, Config, OidcError, Pending, Person, Provider};
use tagpol_serve_outgoing::{AddressPolicy, Client, Request};
use url::Url;

/// Providers in a process of their own, which ends with this value.
struct Peers {
    child: Child,
    /// The provider writes notices to it, and would end if nobody could read them.
    _output: BufReader<ChildStdout>,
    issuer: String,
    forger: String,
    redirect: Url,
    secret: String,
}

impl Peers {
    /// Returns None where Node or the packages are missing, and says so.
    fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
        if !folder.join("node_modules").is_dir() {
            eprintln!("skipped: install the providers with `npm ci` in serve/identity/tests/peers");
            return None;
        }
        let mut child = Command::new("node")
            .arg("providers.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).expect("the providers have started");
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        Some(Self {
            child,
            _output: output,
            issuer: text("issuer"),
            forger: text("forger"),
            redirect: text("redirect").parse().unwrap(),
            secret: text("secret"),
        })
    }

    /// Does what a browser does, and returns with what it comes back.
    async fn browse(&self, start: &Url, hint: &str) -> Callback {
        let mut start = start.clone();
        start.query_pairs_mut().append_pair("login_hint", hint);
        let answer = self.ask("browse", &start).await;
        let url: Url = answer["url"].as_str().unwrap_or_else(|| panic!("{answer}")).parse().unwrap();
        let parameters: serde_json::Map<String, Value> = url
            .query_pairs()
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect();
        serde_json::from_value(Value::Object(parameters)).unwrap()
    }

    async fn ask(&self, path: &str, url: &Url) -> Value {
        let address =
            Url::parse_with_params(&format!("{}/{path}", self.forger), [("url", url.as_str())]).unwrap();
        client().send(Request::get(address)).await.unwrap().json()
    }

    async fn provider(&self, config: Value) -> Result<Provider, OidcError> {
        let config: Config = serde_json::from_value(config).unwrap();
        Provider::discover(config, self.redirect.clone(), client()).await
    }

    /// Signs in at the forger with a forgery.
    async fn forge(&self, provider: &mut Provider, forgery: &str) -> Result<Person, OidcError> {
        let start = provider.start().unwrap();
        self.ask("start", &start.url).await;
        let state = start.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let callback = Callback { state, code: Some(forgery.to_owned()), ..Callback::default() };
        provider.finish(start.pending, callback, Utc::now()).await
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client() -> Client {
    Client::new(AddressPolicy::new(&["127.0.0.0/8".to_owned(), "::1".to_owned()]).unwrap()).unwrap()
}

#[tokio::test]
async fn people_sign_in_at_a_certified_provider_with_every_kind_of_key() {
    let Some(peers) = Peers::start() else { return };
    for id in ["tagpol-RS256", "tagpol-ES256", "tagpol-EdDSA", "public"] {
        let mut config = json!({
            "issuer": peers.issuer, "client-id": id, "client-secret": peers.secret, "scopes": ["email", "profile"]
        });
        if id == "public" {
            config["client-secret"] = Value::Null;
        }
        let mut provider = peers.provider(config).await.unwrap();
        let start = provider.start().unwrap();
        let callback = peers.browse(&start.url, "ada").await;
        // What the server keeps goes through its database.
        let pending: Pending = serde_json::from_str(&serde_json::to_string(&start.pending).unwrap()).unwrap();
        let person = provider.finish(pending, callback.clone(), Utc::now()).await.unwrap();
        assert_eq!(
            person,
            Person {
                issuer: peers.issuer.clone(),
                subject: "ada".to_owned(),
                email: Some("ada@example.com".to_owned()),
                name: Some("A Person".to_owned()),
                groups: vec!["finops".to_owned()],
            },
            "{id}"
        );
        // A code is good for one sign-in.
        let again = provider.finish(start.pending, callback, Utc::now()).await;
        assert_eq!(again, Err(OidcError::Refused("invalid_grant".to_owned())), "{id}");
    }
}

#[tokio::test]
async fn answers_to_other_sign_ins_are_not_accepted() {
    let Some(peers) = Peers::start() else { return };
    let config = json!({"issuer": peers.issuer, "client-id": "tagpol-RS256", "client-secret": peers.secret});
    let mut provider = peers.provider(config.clone()).await.unwrap();

    let mine = provider.start().unwrap();
    let theirs = provider.start().unwrap();
    let callback = peers.browse(&theirs.url, "mallory").await;
    let mixed = provider.finish(mine.pending.clone(), callback.clone(), Utc::now()).await;
    assert!(matches!(mixed, Err(OidcError::NotAccepted(_))), "{mixed:?}");
    // With the state of the victim, the code still belongs to another browser.
    let state = mine.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let forged = Callback { state, ..callback.clone() };
    let injected = provider.finish(mine.pending, forged, Utc::now()).await;
    assert_eq!(injected, Err(OidcError::Refused("invalid_grant".to_owned())));
    // Another provider answers.
    let other = Callback { iss: Some("https://accounts.example.com".to_owned()), ..callback.clone() };
    let mix_up = provider.finish(theirs.pending.clone(), other, Utc::now()).await;
    assert!(matches!(mix_up, Err(OidcError::NotAccepted(_))), "{mix_up:?}");
    let nobody = Callback { iss: None, ..callback.clone() };
    let silent = provider.finish(theirs.pending.clone(), nobody, Utc::now()).await;
    assert!(matches!(silent, Err(OidcError::NotAccepted(_))), "{silent:?}");
    // Nobody is wrong with the clock of the provider.
    let late = provider.finish(theirs.pending, callback, Utc::now() + TimeDelta::hours(2)).await;
    assert!(matches!(late, Err(OidcError::NotAccepted(_))), "{late:?}");

    let start = provider.start().unwrap();
    let refused = peers.browse(&start.url, "no").await;
    let refused = provider.finish(start.pending, refused, Utc::now()).await;
    assert_eq!(refused, Err(OidcError::Refused("access_denied not today".to_owned())));

    let start = provider.start().unwrap();
    let unverified = peers.browse(&start.url, "unverified").await;
    let person = provider.finish(start.pending, unverified, Utc::now()).await.unwrap();
    assert_eq!(person.email, None, "an address that nobody verified names nobody");

    let mut wrong = config;
    wrong["client-secret"] = json!("wrong");
    let mut provider = peers.provider(wrong).await.unwrap();
    let start = provider.start().unwrap();
    let callback = peers.browse(&start.url, "ada").await;
    let refused = provider.finish(start.pending, callback, Utc::now()).await;
    assert_eq!(refused, Err(OidcError::Refused("invalid_client".to_owned())));
}

#[tokio::test]
async fn forged_tokens_are_not_accepted() {
    let Some(peers) = Peers::start() else { return };
    let config = json!({"issuer": peers.forger, "client-id": "tagpol"});
    let mut provider = peers.provider(config).await.unwrap();
    let person = peers.forge(&mut provider, "honest").await.unwrap();
    assert_eq!((person.subject.as_str(), person.email), ("ada", None));
    for forgery in [
        "unsigned",
        "secret",
        "stranger",
        "issuer",
        "audience",
        "audiences",
        "party",
        "expired",
        "old",
        "future",
        "nonce",
        "no nonce",
        "no subject",
        "no end",
        "garbage",
        "no token",
    ] {
        let end = peers.forge(&mut provider, forgery).await;
        assert!(matches!(end, Err(OidcError::NotAccepted(_))), "{forgery}: {end:?}");
    }
    let redirected = peers.forge(&mut provider, "redirect").await;
    assert!(matches!(redirected, Err(OidcError::Unavailable(_))), "{redirected:?}");
    let person = peers.forge(&mut provider, "unverified").await.unwrap();
    assert_eq!(person.email, None);
    // The provider has replaced its keys.
    let person = peers.forge(&mut provider, "rotated").await.unwrap();
    assert_eq!(person.subject, "ada");
    let old = peers.forge(&mut provider, "honest").await;
    assert!(matches!(old, Err(OidcError::NotAccepted(_))), "{old:?}");
}

#[tokio::test]
async fn providers_that_are_not_what_they_say_cannot_be_used() {
    let Some(peers) = Peers::start() else { return };
    let other = peers.provider(json!({"issuer": format!("{}/other", peers.forger), "client-id": "x"})).await;
    let Err(OidcError::Unusable(reason)) = other else { panic!("{other:?}") };
    assert!(reason.contains("it says that it is"), "{reason}");
    let missing = peers.provider(json!({"issuer": format!("{}/none", peers.forger), "client-id": "x"})).await;
    assert!(matches!(missing, Err(OidcError::Unavailable(_))), "{missing:?}");
    let plain = peers.provider(json!({"issuer": "http://accounts.example.com", "client-id": "x"})).await;
    assert!(matches!(plain, Err(OidcError::Unusable(_))), "{plain:?}");
    let nobody = peers.provider(json!({"issuer": "http://localhost:1", "client-id": "x"})).await;
    assert!(matches!(nobody, Err(OidcError::Unavailable(_))), "{nobody:?}");
}
