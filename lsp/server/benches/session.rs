//! What an editor waits for, on a project of 1,000 files with 20,000 items: start to first diagnostics,
//! a keystroke to its diagnostics, completion, hover; and the memory that the server takes.
//!
//! The server is a process of its own, driven over a pipe as an editor drives it.
//!
//! ```sh
//! cargo bench -p tagpol-lsp
//! ```

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a benchmark may fail, and prints what it measures"
)]

#[path = "../../../lang/sema/benches/workload/mod.rs"]
mod workload;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Files of the project.
const FILES: usize = 1000;
/// Keystrokes, completions and hovers that are measured.
const TIMES: usize = 100;
/// What the benchmark calls itself with to be the server.
const SERVE: &str = "--serve";

fn main() {
    if std::env::args().any(|argument| argument == SERVE) {
        tagpol_lsp::run(None).expect("the server runs");
        return;
    }
    let folder = std::env::temp_dir().join(format!("tagpol-bench-{}", std::process::id()));
    write_project(&folder);
    println!("a project of {FILES} files with {} items", FILES * workload::ITEMS_A_FILE);
    measure(&folder);
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

fn write_project(folder: &Path) {
    std::fs::create_dir_all(folder.join("policies")).expect("a folder for the project");
    std::fs::write(folder.join("tagpol.toml"), "policies = \"policies\"\n").unwrap();
    for (path, text) in workload::project(FILES) {
        std::fs::write(folder.join(path), text).unwrap();
    }
}

fn measure(folder: &Path) {
    let (path, text) = workload::project(FILES).swap_remove(FILES / 2);
    // One mistake, so that the first diagnostics say something.
    let text = text.replace("severity critical", "severity crtical");
    let uri = format!("file://{}", folder.join(path).display());
    let began = Instant::now();
    let mut client = Client::start(folder);
    client.notify(
        "textDocument/didOpen",
        json!({"textDocument":
        {"uri": uri, "languageId": "tagpol", "version": 1, "text": text}}),
    );
    client.diagnostics(&uri, 1);
    report("start to first diagnostics of the open file", &mut [began.elapsed()]);
    client.ends_progress();
    report("start to the diagnostics of all files", &mut [began.elapsed()]);
    let line = text[..text.find("  severity crtical").unwrap()].matches('\n').count();
    let mut version = 1;
    let mut edit = |client: &mut Client, at: (usize, usize), until: (usize, usize), new: &str| {
        version += 1;
        client.notify(
            "textDocument/didChange",
            json!({
            "textDocument": {"uri": uri, "version": version},
            "contentChanges": [{"range": range(at, until), "text": new}]}),
        );
        let began = Instant::now();
        client.diagnostics(&uri, version);
        began.elapsed()
    };
    let mut typed: Vec<Duration> = Vec::new();
    for n in 0..TIMES {
        // `  severity crtical` grows a letter and loses it again.
        let end = (line, 18);
        typed.push(if n % 2 == 0 {
            edit(&mut client, end, end, "x")
        } else {
            edit(&mut client, end, (line, 19), "")
        });
        std::thread::sleep(Duration::from_millis(20));
    }
    report("keystroke to diagnostics", &mut typed);
    let ask = |client: &mut Client, method: &str, line: usize, character: usize| {
        let began = Instant::now();
        client.request(
            method,
            json!({"textDocument": {"uri": uri},
            "position": {"line": line, "character": character}}),
        );
        began.elapsed()
    };
    let place = |needle: &str, after: usize| {
        let at = text.find(needle).unwrap() + after;
        (text[..at].matches('\n').count(), at - text[..at].rfind('\n').unwrap() - 1)
    };
    let (line, character) = place("stage-500 == production", 13);
    report(
        "completion",
        &mut (0..TIMES)
            .map(|_| ask(&mut client, "textDocument/completion", line, character))
            .collect::<Vec<_>>(),
    );
    let (line, character) = place("stage-500 == production", 3);
    report(
        "hover of a tag",
        &mut (0..TIMES).map(|_| ask(&mut client, "textDocument/hover", line, character)).collect::<Vec<_>>(),
    );
    println!("memory: {} MB at most", client.memory_kib() / 1024);
    client.request("shutdown", Value::Null);
    client.notify("exit", Value::Null);
    client.process.wait().unwrap();
}

fn range(start: (usize, usize), end: (usize, usize)) -> Value {
    let position = |(line, character)| json!({"line": line, "character": character});
    json!({"start": position(start), "end": position(end)})
}

/// Prints the median and the 95th percentile.
fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    match times {
        [_] => println!("{what}: {:.0} ms", at(50)),
        _ => println!("{what}: {:.1} ms, 95th percentile {:.1} ms", at(50), at(95)),
    }
}

/// An editor.
struct Client {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: i64,
    /// Notifications that nobody has waited for yet.
    told: Vec<Value>,
}

impl Client {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg(SERVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut client = Self { process, input, output, next: 0, told: Vec::new() };
        let root = format!("file://{}", folder.display());
        client.request("initialize", json!({
            "capabilities": {"general": {"positionEncodings": ["utf-8"]}, "window": {"workDoneProgress": true}},
            "workspaceFolders": [{"uri": root, "name": "bench"}]}));
        client.notify("initialized", json!({}));
        client
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.receive();
            if message["id"] == id && message.get("method").is_none() {
                assert!(message.get("error").is_none(), "{message}");
                return message;
            }
            self.told.push(message);
        }
    }

    /// Returns the next message; questions of the server are answered.
    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server ended");
            match line.trim().split_once(": ") {
                Some(("Content-Length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        let message: Value = serde_json::from_slice(&body).unwrap();
        if message.get("method").is_some() && message.get("id").is_some() {
            self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": null}));
        }
        message
    }

    fn wait_for(&mut self, is_it: impl Fn(&Value) -> bool) {
        if let Some(at) = self.told.iter().position(&is_it) {
            self.told.drain(..=at);
            return;
        }
        self.told.clear();
        while !is_it(&self.receive()) {}
    }

    fn diagnostics(&mut self, uri: &str, version: i64) {
        self.wait_for(|message| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == uri
                && params["version"].as_i64().is_some_and(|told| told >= version)
        });
    }

    fn ends_progress(&mut self) {
        self.wait_for(|message| message["params"]["value"]["kind"] == "end");
    }

    /// The most memory that the server has had, where the system tells.
    fn memory_kib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
    }
}
