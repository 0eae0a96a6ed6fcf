//! A server in a process of its own, and a client of its interface.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tagpol_state::{Environment, Prediction, ProjectState, StateError, StateStore};
use tempfile::TempDir;

/// The policies of the project that is served.
const POLICIES: &str = r#"
/// Where a resource runs.
tag environment: one of [production, staging, development]
tag owner: email
tag team: text

normalize environment {
  keys "env", "secret-key"
  map "prd" -> production
}

policy production-is-owned {
  severity high
  for resource where environment == production
  require owner else "write the owner's email address"
}
"#;

/// The resources; `secret-key` and `prd` are native, and may be in no response.
const INVENTORY: &str = "id,name,type,provider,account,region,monthly_cost,currency,tag:env,tag:secret-key,tag:owner,tag:team\n\
    i-1,shop-web,ec2:instance,aws,111,eu-1,100.50,USD,prd,,jane@example.com,\n\
    i-2,shop-db,rds:db,aws,111,eu-1,300,USD,,prd,,payments\n\
    i-3,logs,s3:bucket,aws,222,us-1,2.50,USD,,,,\n\
    i-4,\"=archive,1\",s3:bucket,gcp,333,us-1,,USD,staging,,,payments\n";

/// Waits until a JSON document meets a condition.
pub(crate) fn wait(client: &Client, path: &str, is_met: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let response = client.get(path);
        assert_ne!(response.status, 500, "{path}: {}", response.text);
        let seen = response.json();
        if is_met(&seen) {
            return seen;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{path}: {seen}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A folder with a project.
pub(crate) struct Shop {
    pub(crate) folder: TempDir,
    /// The address of a database in PostgreSQL. None: a file in the project.
    pub(crate) state: Option<String>,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("tagpol.toml", "name = \"shop\"\ninventory = [\"list.csv\"]\n");
        write("shop.tagpol", POLICIES);
        write("list.csv", INVENTORY);
        Self { folder, state: None }
    }

    /// Replaces or adds a file of the project.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tagpol"));
        command.args(arguments).current_dir(self.path());
        for name in [
            "TAGPOL_STATE",
            "TAGPOL_LISTEN",
            "TAGPOL_PUBLIC_URL",
            "TAGPOL_SERVE_KEY",
            "TAGPOL_SERVE_CONFIG",
            "TAGPOL_TLS_CERT",
            "TAGPOL_TLS_KEY",
            "TAGPOL_BY",
        ] {
            command.env_remove(name);
        }
        if let Some(state) = &self.state {
            command.env("TAGPOL_STATE", state);
        }
        command
    }

    /// Runs a command of the program; returns its output.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Stores what a model predicts: resource, tag, value, confidence.
    pub(crate) fn predict(&self, predictions: &[(&str, &str, &str, f64)]) {
        let file = self.path().join(".tagpol/state.db");
        let project = ProjectState { file: &file, address: None, name: Some("shop") };
        let environment = Environment { state: self.state.clone(), ..Environment::default() };
        let store = StateStore::of_project(project, &environment).unwrap();
        let predictions: Vec<Prediction> = predictions
            .iter()
            .map(|(resource, tag, value, confidence)| Prediction {
                resource: (*resource).to_owned(),
                tag: (*tag).to_owned(),
                value: (*value).to_owned(),
                confidence: *confidence,
            })
            .collect();
        store.write::<_, StateError>(|state| state.set_predictions(&predictions)).unwrap();
    }

    /// Runs statements on the database of the server, around the program: to let time pass.
    pub(crate) fn run_sql(&self, sql: &str) {
        match &self.state {
            Some(address) => super::run_sql(address, &format!("SET search_path = tagpol; {sql}")),
            None => {
                let file = self.path().join(".tagpol/state.db");
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let mut connection = options.connect().await.unwrap();
                    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
                    connection.close().await.unwrap();
                });
            }
        }
    }

    /// Starts a server, and waits until requests can be answered.
    pub(crate) fn serve(&self) -> Server {
        let server = self.start(&[]);
        server.wait_until_ready();
        server
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Server {
        self.start_with(arguments, &[])
    }

    /// Starts a server of a folder within this one.
    pub(crate) fn start_at(&self, folder: &str, arguments: &[&str]) -> Server {
        self.start_of(folder, arguments, &[])
    }

    /// As [`Self::start`], with environment variables.
    pub(crate) fn start_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Server {
        self.start_of(".", arguments, variables)
    }

    fn start_of(&self, folder: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Server {
        let all = [["serve", folder, "--listen", "127.0.0.1:0"].as_slice(), arguments].concat();
        let mut command = self.command(&all);
        command.envs(variables.iter().copied());
        let log = std::fs::File::create(self.path().join("serve.log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut link, mut listening) = (None, None);
        let address = loop {
            let line = lines.next().unwrap_or_else(|| {
                panic!("{}", std::fs::read_to_string(self.path().join("serve.log")).unwrap())
            });
            let line = line.unwrap();
            if let Some((_, secret)) = line.split_once("/sign-in#") {
                link = Some(secret.to_owned());
            }
            if let Some(address) = line.strip_prefix("listening on ") {
                listening = Some(address.to_owned());
            }
            if let Some((_, address)) = line.strip_prefix("serving").and_then(|line| line.rsplit_once("://"))
            {
                break listening.unwrap_or_else(|| address.to_owned());
            }
        };
        Server { child, address, link, log: self.path().join("serve.log") }
    }
}

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// The secret of the first administrator's link.
    pub(crate) link: Option<String>,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A response.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn json_or_null(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Returns the code of an error, after its form was checked.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], u64::from(self.status), "{problem}");
        assert_eq!(problem["trace_id"].as_str().map(str::len), Some(32), "{problem}");
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// The text of a response that goes on.
pub(crate) struct Stream {
    stream: TcpStream,
    text: String,
}

impl Stream {
    /// Reads on until the text of the response meets a condition.
    pub(crate) fn wait(&mut self, is_met: impl Fn(&str) -> bool) -> &str {
        let began = Instant::now();
        let mut bytes = [0; 4096];
        while !is_met(&self.text) {
            assert!(began.elapsed() < Duration::from_secs(60), "{}", self.text);
            match self.stream.read(&mut bytes) {
                Ok(0) => panic!("the response has ended: {}", self.text),
                Ok(count) => self.text.push_str(&String::from_utf8_lossy(&bytes[..count])),
                Err(_) => {}
            }
        }
        &self.text
    }
}

/// A client with a credential.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: String,
    /// The header of the credential. None: nobody is signed in.
    pub(crate) credential: Option<(String, String)>,
}

impl Server {
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn wait_until_ready(&self) {
        let began = Instant::now();
        while self.anonymous().get("/readyz").status != 200 {
            assert!(began.elapsed() < Duration::from_secs(60), "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn anonymous(&self) -> Client {
        Client { address: self.address.clone(), credential: None }
    }

    /// Signs in with the link that was printed.
    pub(crate) fn administrator(&self) -> Client {
        let body = serde_json::json!({ "link": self.link.as_ref().unwrap() });
        self.anonymous().sign_in(&body)
    }

    /// Kills the process at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to end; returns whether it did so well.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> bool {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Client {
    /// Signs in; returns a client with the session.
    pub(crate) fn sign_in(&self, body: &Value) -> Self {
        let response = self.post("/api/v1/auth/login", body);
        assert_eq!(response.status, 204, "{}", response.text);
        let cookie = response.header("set-cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { address: self.address.clone(), credential: Some(("cookie".to_owned(), cookie)) }
    }

    pub(crate) fn with_bearer(&self, token: &str) -> Self {
        let credential = Some(("authorization".to_owned(), format!("Bearer {token}")));
        Self { address: self.address.clone(), credential }
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.send("GET", path, None, &[])
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        self.send("POST", path, Some(body), &[])
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Response {
        let body = body.map(Value::to_string);
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            all.push(("content-type", "application/json"));
        }
        self.send_raw(method, path, body.unwrap_or_default().as_bytes(), &all)
    }

    /// Opens a response that goes on.
    pub(crate) fn follow(&self, path: &str, headers: &[(&str, &str)]) -> Stream {
        self.follow_raw("GET", path, headers)
    }

    /// Sends the head of a request, and reads the response.
    pub(crate) fn follow_raw(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Stream {
        self.follow_raw_with(method, path, headers, "")
    }

    /// As [`Self::follow_raw`], with a body.
    pub(crate) fn follow_raw_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Stream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        let credential = self.credential.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in credential.chain(headers.iter().copied()) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(body);
        stream.write_all(request.as_bytes()).unwrap();
        Stream { stream, text: String::new() }
    }

    /// Sends bytes as they are.
    pub(crate) fn send_raw(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Response {
        self.try_send(method, path, body, headers).unwrap_or_else(|| panic!("{method} {path}: no response"))
    }

    /// As [`Self::send_raw`]; None if there is no whole response, because the server was killed.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Option<Response> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request.push_str(&format!("host: {}\r\n", self.address));
        }
        if let Some((name, value)) = &self.credential {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        stream.write_all(request.as_bytes()).ok()?;
        // A server that refuses a body may not read it.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect();
        let response = Response { status, headers, text: body.to_owned() };
        let length = response.header("content-length").and_then(|length| length.parse().ok());
        length.is_none_or(|length: usize| length == body.len()).then_some(response)
    }
}
