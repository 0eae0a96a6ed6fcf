//! Signing in at identity providers, over HTTP: `serve/identity/tests/peers`, a certified one and one that forges.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::client::{Client, Response, Server, Shop};
use super::on_both_databases;

on_both_databases!(people_sign_in_at_a_provider, answers_that_are_not_accepted_sign_nobody_in);

/// The providers, in a process of their own, which ends with this value.
struct Peers {
    child: Child,
    /// The provider writes notices to it, and would end if nobody could read them.
    _output: BufReader<ChildStdout>,
    started: Value,
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peers {
    /// None if Node or the packages are missing, with a message.
    fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../serve/identity/tests/peers");
        if !folder.join("node_modules").is_dir() {
            eprintln!("SKIPPED: install the providers with `npm ci` in serve/identity/tests/peers");
            return None;
        }
        let mut command = Command::new("node");
        command.arg("providers.mjs").current_dir(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let started = serde_json::from_str(&line).expect("the providers have started");
        Some(Self { child, _output: output, started })
    }

    fn text(&self, name: &str) -> &str {
        self.started[name].as_str().unwrap()
    }

    /// Writes a configuration with the two providers, and one that nobody runs.
    fn configure(&self, shop: &Shop) {
        let text = format!(
            "outgoing = [\"127.0.0.0/8\", \"::1\"]\n\
             [oidc.test]\ntitle = \"Example\"\nissuer = \"{}\"\nclient-id = \"tagpol-ES256\"\n\
             client-secret-variable = \"TEST_SECRET\"\n\
             roles = {{ finops = \"editor\", platform = \"admin\" }}\n\
             [oidc.forger]\nissuer = \"{}\"\nclient-id = \"tagpol\"\ndefault-role = \"viewer\"\n\
             [oidc.away]\nissuer = \"http://localhost:1\"\nclient-id = \"tagpol\"\ndefault-role = \"viewer\"\n",
            self.text("issuer"),
            self.text("forger"),
        );
        std::fs::write(shop.path().join("serve.toml"), text).unwrap();
    }

    /// Starts a server that the providers send browsers back to: nothing listens at its public address.
    fn serve(&self, shop: &Shop) -> Server {
        self.configure(shop);
        let arguments = ["--config", "serve.toml", "--public-url", "http://localhost"];
        let server = shop.start_with(&arguments, &[("TEST_SECRET", self.text("secret"))]);
        server.wait_until_ready();
        server
    }

    fn ask(&self, path: &str, url: &str) -> Value {
        let address = self.text("forger").trim_start_matches("http://").to_owned();
        let client = Client { address, credential: None };
        let response = client.get(&format!("{path}?url={}", percent_encoded(url)));
        // Between the lengths of its chunks.
        let body = response.text.lines().find(|line| line.starts_with('{')).unwrap();
        serde_json::from_str(body).unwrap()
    }

    /// Does what a browser does as a person; returns the response of the callback, and its path.
    fn sign_in(&self, server: &Server, person: &str) -> Response {
        let (start, cookie) = begin(server, "/api/v1/auth/oidc/test/start?next=/resources");
        let back = self.ask("/browse", &format!("{start}&login_hint={person}"));
        let back = back["url"].as_str().unwrap_or_else(|| panic!("{back}"));
        return_to(server, back.trim_start_matches("http://localhost"), &cookie)
    }

    /// Comes back from the forger with a forgery.
    fn forge(&self, server: &Server, forgery: &str) -> Response {
        let (start, cookie) = begin(server, "/api/v1/auth/oidc/forger/start");
        self.ask("/start", &start);
        let state = start.split("&state=").nth(1).unwrap().split('&').next().unwrap();
        let path =
            format!("/api/v1/auth/oidc/forger/callback?state={state}&code={}", percent_encoded(forgery));
        return_to(server, &path, &cookie)
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Begins a sign-in; returns the address of the provider, and the cookie.
fn begin(server: &Server, path: &str) -> (String, String) {
    let response = server.anonymous().get(path);
    assert_eq!(response.status, 302, "{}", response.text);
    let cookie = response.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
    (response.header("location").unwrap().to_owned(), cookie.split(';').next().unwrap().to_owned())
}

fn return_to(server: &Server, path: &str, cookie: &str) -> Response {
    let response = server.anonymous().send_raw("GET", path, b"", &[("cookie", cookie)]);
    assert_eq!(response.status, 302, "{}", response.text);
    response
}

/// Returns the client of a session that a response started. None: it started none.
fn session(server: &Server, response: &Response) -> Option<Client> {
    let cookies = response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let mut sessions = cookies.filter(|(_, value)| value.starts_with("tagpol-session="));
    let (_, cookie) = sessions.next()?;
    let cookie = cookie.split(';').next().unwrap().to_owned();
    Some(Client { credential: Some(("cookie".to_owned(), cookie)), ..server.anonymous() })
}

fn role(client: &Client) -> Value {
    client.get("/api/v1/auth/me").json()["role"].clone()
}

fn people_sign_in_at_a_provider(shop: &Shop) {
    let Some(peers) = Peers::start() else { return };
    let server = peers.serve(shop);
    let admin = server.administrator();
    let listed = server.anonymous().get("/api/v1/auth/oidc").json();
    let test = json!({ "id": "test", "title": "Example", "start": "/api/v1/auth/oidc/test/start" });
    assert_eq!(listed["items"][2], test);

    // The first sign-in makes an account, whose role comes from the groups; later ones find it.
    let back = peers.sign_in(&server, "ada");
    assert_eq!(back.header("location"), Some("/resources"));
    let ada = session(&server, &back).unwrap();
    assert_eq!(role(&ada), "editor");
    let again = session(&server, &peers.sign_in(&server, "ada")).unwrap();
    assert_eq!(ada.get("/api/v1/auth/me").json()["id"], again.get("/api/v1/auth/me").json()["id"]);
    let chief = session(&server, &peers.sign_in(&server, "chief")).unwrap();
    assert_eq!(role(&chief), "admin");

    // An account that an administrator made is the same person's, by the address that the provider has verified.
    let lin = json!({ "email": "lin@example.com", "name": "Lin", "role": "viewer" });
    let lin = admin.post("/api/v1/users", &lin).json();
    let signed_in = session(&server, &peers.sign_in(&server, "lin")).unwrap();
    assert_eq!(signed_in.get("/api/v1/auth/me").json()["id"], lin["id"]);
    assert_eq!(role(&signed_in), "editor");
    // Without a verified address, nobody's account is taken over, and the person gets one without an address.
    let unverified = json!({ "email": "unverified@example.com", "name": "U", "role": "viewer" });
    let unverified = admin.post("/api/v1/users", &unverified).json();
    let stranger = session(&server, &peers.sign_in(&server, "unverified")).unwrap();
    assert_ne!(stranger.get("/api/v1/auth/me").json()["id"], unverified["id"]);

    // Whoever has no role, or a disabled account, is sent back with the reason.
    let refused = |person: &str| {
        let back = peers.sign_in(&server, person);
        assert!(session(&server, &back).is_none(), "{person}");
        back.header("location").unwrap().to_owned()
    };
    assert_eq!(refused("stranger"), "/sign-in?error=no-role");
    assert_eq!(refused("no"), "/sign-in?error=provider-refused");
    let path = format!("/api/v1/users/{}", lin["id"].as_str().unwrap());
    admin.send("PUT", &path, Some(&json!({ "status": "disabled" })), &[]);
    assert_eq!(refused("lin"), "/sign-in?error=account-disabled");

    // The trail has ids only.
    let trail = admin.get("/api/v1/audit-trail?action=auth.sign_in&limit=100").json();
    let by_provider = json!({ "method": "oidc", "provider": "test" });
    let count =
        trail["items"].as_array().unwrap().iter().filter(|entry| entry["details"] == by_provider).count();
    assert_eq!(count, 5, "{trail}");
    assert!(!server.log().contains("ada@example.com") && !server.log().contains(peers.text("secret")));
}

fn answers_that_are_not_accepted_sign_nobody_in(shop: &Shop) {
    let Some(peers) = Peers::start() else { return };
    let server = peers.serve(shop);
    let honest = peers.forge(&server, "honest");
    assert_eq!(role(&session(&server, &honest).unwrap()), "viewer");
    for forgery in ["unsigned", "stranger", "audience", "expired", "nonce", "garbage"] {
        let back = peers.forge(&server, forgery);
        assert_eq!(back.header("location"), Some("/sign-in?error=not-accepted"), "{forgery}");
        assert!(session(&server, &back).is_none(), "{forgery}");
    }
    // What another browser began, or a browser that began nothing, or began at another provider.
    let (start, cookie) = begin(&server, "/api/v1/auth/oidc/forger/start");
    let state = start.split("&state=").nth(1).unwrap().split('&').next().unwrap();
    let path = format!("/api/v1/auth/oidc/forger/callback?code=honest&state={state}");
    let location =
        |path: &str, cookie: &str| return_to(&server, path, cookie).header("location").unwrap().to_owned();
    assert_eq!(location(&path, ""), "/sign-in?error=not-begun");
    let (_, other) = begin(&server, "/api/v1/auth/oidc/forger/start");
    assert_eq!(location(&path, &other), "/sign-in?error=not-accepted");
    assert_eq!(location(&path.replace("forger", "test"), &cookie), "/sign-in?error=not-begun");
    assert_eq!(location("/api/v1/auth/oidc/away/start", ""), "/sign-in?error=provider-unavailable");

    let nobody = server.anonymous();
    assert_eq!(nobody.get("/api/v1/auth/oidc/none/start").problem(), "not-found");
    for next in ["//evil.example", "/%5Cevil.example", "https://evil.example", "/a%0Ab"] {
        let response = nobody.get(&format!("/api/v1/auth/oidc/test/start?next={next}"));
        assert_eq!(
            (response.problem().as_str(), &response.json()["parameter"]),
            ("invalid-request", &json!("next"))
        );
    }
    let examined =
        shop.command(&["serve", "doctor", ".", "--listen", "127.0.0.1:0", "--config", "serve.toml"]);
    let examined = { examined }.env("TEST_SECRET", "x").output().unwrap();
    let text = String::from_utf8(examined.stdout).unwrap();
    assert!(text.contains("ok: identity provider: `test` can be used"), "{text}");
    assert!(
        text.contains("error: identity provider: `away`: the identity provider cannot be asked"),
        "{text}"
    );
    assert_eq!(examined.status.code(), Some(3), "{text}");
}
