//! Which messages reach the language server, and what it may show of this machine.
//!
//! A client knows the project under [`ROOT`]. Only methods of an editor are let through, and only about policy files below
//! that address; it becomes that of the folder, and back.

use std::path::Path;

use serde_json::{Value, json};

/// The address of the project's folder, for clients.
pub(super) const ROOT: &str = "file:///project";

/// Methods that a client may call. Others could name files outside of the project, or start what an editor does not need.
const METHODS: [&str; 33] = [
    "initialize",
    "initialized",
    "shutdown",
    "exit",
    "$/cancelRequest",
    "$/setTrace",
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didSave",
    "textDocument/didClose",
    "textDocument/hover",
    "textDocument/completion",
    "completionItem/resolve",
    "textDocument/signatureHelp",
    "textDocument/codeAction",
    "textDocument/diagnostic",
    "textDocument/definition",
    "textDocument/references",
    "textDocument/documentHighlight",
    "textDocument/documentSymbol",
    "textDocument/foldingRange",
    "textDocument/formatting",
    "textDocument/inlayHint",
    "textDocument/codeLens",
    "textDocument/prepareRename",
    "textDocument/rename",
    "textDocument/semanticTokens/full",
    "tagpol/evaluate",
    "tagpol/clearFindings",
    "tagpol/violations",
    "tagpol/listTests",
    "tagpol/runTests",
    "tagpol/explainResource",
];

/// Errors of JSON-RPC.
const UNREADABLE: i64 = -32_700;
const NOT_FOUND: i64 = -32_601;
const NOT_ALLOWED: i64 = -32_602;

/// The folder of a project, and how clients see it.
#[derive(Debug, Clone)]
pub(super) struct Jail {
    /// The address of the folder.
    uri: String,
    /// The path of the folder.
    path: String,
}

/// A message that does not reach the language server.
#[derive(Debug, PartialEq)]
pub(super) struct Refused {
    /// What is answered to a request. None: it was a notification.
    pub(super) answer: Option<Value>,
}

impl Jail {
    /// Makes the jail of a folder. None: its path is not absolute.
    pub(super) fn new(folder: &Path) -> Option<Self> {
        Some(Self { uri: tagpol_lsp::uri_of(folder)?, path: folder.to_str()?.to_owned() })
    }

    /// Reads a message of a client.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn admit(&self, text: &str) -> Result<Value, Refused> {
        let mut message: Value = serde_json::from_str(text)
            .map_err(|_| refusal(Some(Value::Null), UNREADABLE, "this is not JSON"))?;
        let id = message.get("id").cloned();
        let method = match message.get("method") {
            Some(Value::String(method)) => Some(method.clone()),
            Some(_) => return Err(refusal(id, NOT_FOUND, "a method is a text")),
            // A response.
            None if message.is_object() => None,
            None => return Err(refusal(id, UNREADABLE, "this is not a message")),
        };
        if let Some(method) = &method
            && !METHODS.contains(&method.as_str())
        {
            return Err(refusal(id, NOT_FOUND, &format!("`{method}` is not available here")));
        }
        if method.as_deref() == Some("initialize") {
            let params = self.initialize(message.get("params"));
            if let Some(members) = message.as_object_mut() {
                members.insert("params".to_owned(), params);
            }
            return Ok(message);
        }
        match self.enter(&mut message) {
            Ok(()) => Ok(message),
            Err(uri) => {
                Err(refusal(id, NOT_ALLOWED, &format!("`{uri}` is not a policy file of the project")))
            }
        }
    }

    /// What the language server starts with: of the client it needs nothing but what it is able to show.
    fn initialize(&self, given: Option<&Value>) -> Value {
        let capabilities = given.and_then(|given| given.get("capabilities")).cloned().unwrap_or_default();
        json!({
            "processId": null,
            "rootUri": self.uri,
            "workspaceFolders": [{ "uri": self.uri, "name": "project" }],
            "capabilities": if capabilities.is_object() { capabilities } else { json!({}) },
        })
    }

    /// Replaces the addresses of a message by those of this machine.
    ///
    /// # Errors
    /// The first one that is not a policy file of the project.
    fn enter(&self, value: &mut Value) -> Result<(), String> {
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.enter(item)),
            Value::Object(members) => members.iter_mut().try_for_each(|(name, value)| match value {
                Value::String(text) if is_address(name) => match self.inside(text) {
                    Some(uri) => {
                        *text = uri;
                        Ok(())
                    }
                    None => Err(text.clone()),
                },
                // Texts of documents and answers to questions contain whatever people write.
                Value::String(_) => Ok(()),
                value => self.enter(value),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the address on this machine. None: it is not that of a policy file of the project.
    fn inside(&self, uri: &str) -> Option<String> {
        let rest = uri.strip_prefix(ROOT)?.strip_prefix('/')?;
        let is_plain =
            |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['/', '\\', '%', '\0', '?', '#']);
        let is_policy = rest.ends_with(".tagpol") && rest.split('/').all(|part| is_plain(&decoded(part)));
        // What stays encoded must be what the language server decodes: names with a percent sign are left out.
        is_policy.then(|| format!("{}/{rest}", self.uri))
    }

    /// Replaces the addresses and paths of this machine in a message of the language server.
    pub(super) fn hide(&self, mut message: Value) -> Value {
        self.leave(&mut message);
        message
    }

    fn leave(&self, value: &mut Value) {
        match value {
            Value::String(text) if text.contains(&self.uri) || text.contains(&self.path) => {
                *text = text
                    .replace(&self.uri, ROOT)
                    .replace(&format!("{}/", self.path), "")
                    .replace(&self.path, ".");
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.leave(item)),
            // Edits of a workspace have addresses as names.
            Value::Object(members) => {
                let entered: Vec<_> = std::mem::take(members).into_iter().collect();
                for (name, mut value) in entered {
                    self.leave(&mut value);
                    members.insert(name.replace(&self.uri, ROOT), value);
                }
            }
            _ => {}
        }
    }
}

/// Whether a member is an address by its name.
fn is_address(name: &str) -> bool {
    name == "uri" || name.ends_with("Uri")
}

/// Decodes what is percent-encoded. What cannot be decoded stays.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digits =
            [ahead.next(), ahead.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
        match (byte, digits) {
            (b'%', [Some(high), Some(low)]) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| "%".to_owned())
}

fn refusal(id: Option<Value>, code: i64, message: &str) -> Refused {
    let answer =
        id.map(|id| json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }));
    Refused { answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jail() -> Jail {
        Jail::new(Path::new("/srv/shop tags")).unwrap()
    }

    fn about(uri: &str) -> Value {
        json!({ "id": 1, "method": "textDocument/hover", "params": { "textDocument": { "uri": uri } } })
    }

    #[test]
    fn policy_files_of_the_project_are_reached_under_another_name() {
        let message = jail().admit(&about("file:///project/policies/a%20b.tagpol").to_string()).unwrap();
        assert_eq!(message, about("file:///srv/shop%20tags/policies/a%20b.tagpol"));
        assert_eq!(jail().hide(message), about("file:///project/policies/a%20b.tagpol"));
        let edit = json!({ "changes": { "file:///srv/shop%20tags/x.tagpol": [] }, "message": "cannot read /srv/shop tags/x.csv" });
        let shown = json!({ "changes": { "file:///project/x.tagpol": [] }, "message": "cannot read x.csv" });
        assert_eq!(jail().hide(edit), shown);
    }

    #[test]
    fn nothing_else_is_reached() {
        for uri in [
            "file:///etc/passwd",
            "file:///etc/x.tagpol",
            "file:///project",
            "file:///project/",
            "file:///project/tagpol.toml",
            "file:///project/bill.csv",
            "file:///project/../x.tagpol",
            "file:///project/%2e%2e/x.tagpol",
            "file:///project/policies/..%2f..%2fx.tagpol",
            "file:///project/%252e%252e/x.tagpol",
            "file:///project/..\\x.tagpol",
            "file:///project//x.tagpol",
            "file:///project/a?b.tagpol",
            "file:///project/a%00.tagpol",
            "file:///project/a%ff.tagpol",
            "file:///projects/x.tagpol",
            "untitled:x.tagpol",
            "https://example.com/x.tagpol",
        ] {
            let refused = jail().admit(&about(uri).to_string()).unwrap_err();
            assert_eq!(refused.answer.unwrap()["error"]["code"], NOT_ALLOWED, "{uri}");
        }
    }

    #[test]
    fn only_methods_of_an_editor_are_let_through() {
        let code = |message: &str| {
            jail().admit(message).unwrap_err().answer.map(|answer| answer["error"]["code"].clone())
        };
        for method in
            ["workspace/executeCommand", "workspace/didChangeConfiguration", "tagpol/chooseSnapshot", "x"]
        {
            let message = json!({ "id": 1, "method": method, "params": {} }).to_string();
            assert_eq!(code(&message), Some(json!(NOT_FOUND)), "{method}");
            assert_eq!(code(&json!({ "method": method }).to_string()), None, "{method}");
        }
        assert_eq!(code("{"), Some(json!(UNREADABLE)));
        assert_eq!(code("[]"), None);
        assert_eq!(code(r#"{"id": 1, "method": 7}"#), Some(json!(NOT_FOUND)));
    }

    #[test]
    fn a_client_chooses_neither_folder_nor_settings() {
        let given = json!({
            "id": 1,
            "method": "initialize",
            "params": {
                "processId": 1, "rootUri": "file:///", "workspaceFolders": [{ "uri": "file:///", "name": "x" }],
                "initializationOptions": { "inventory": { "snapshot": "/etc" } },
                "capabilities": { "textDocument": {} },
            },
        });
        let message = jail().admit(&given.to_string()).unwrap();
        assert_eq!(
            message["params"],
            json!({
                "processId": null, "rootUri": "file:///srv/shop%20tags",
                "workspaceFolders": [{ "uri": "file:///srv/shop%20tags", "name": "project" }],
                "capabilities": { "textDocument": {} },
            })
        );
    }

    #[test]
    fn texts_of_documents_stay_as_they_are() {
        let open = json!({
            "method": "textDocument/didOpen",
            "params": { "textDocument": { "uri": "file:///project/x.tagpol", "text": "// file:///etc/passwd" } },
        });
        let message = jail().admit(&open.to_string()).unwrap();
        assert_eq!(message["params"]["textDocument"]["text"], "// file:///etc/passwd");
    }
}
