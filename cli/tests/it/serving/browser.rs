//! The plain pages, of programs without the dashboard, in a browser: sign in by the link, the list, one resource, a tag that is changed and stays.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::client::Shop;
use crate::page::chromium;

#[test]
fn a_person_signs_in_and_changes_a_tag() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../serve/http/tests/browser");
    let Some(chromium) = chromium() else { return };
    if !folder.join("node_modules/playwright-core").is_dir() {
        eprintln!("SKIPPED: run `npm ci` in {}", folder.display());
        return;
    }
    let shop = Shop::new();
    // More than a page.
    let list = shop.path().join("list.csv");
    let extra = (0..120).map(|at| format!("x-{at},extra-{at},s3:bucket,aws,222,us-1,{},USD,,,,\n", 120 - at));
    let extra: String = extra.collect();
    std::fs::write(&list, std::fs::read_to_string(&list).unwrap() + &extra).unwrap();
    let server = shop.serve();
    if server.anonymous().get("/").text.contains("csp-nonce") {
        eprintln!("SKIPPED: this program has the dashboard, which is tested by `make dashboard-test`");
        return;
    }
    let link = format!("http://{}/sign-in#{}", server.address, server.link.as_ref().unwrap());
    let output =
        Command::new("node").arg("pages.mjs").arg(&link).arg(chromium).current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    // A header and 100 resources, and the others on the next page; the secret of the link is gone from the address, and no script reads the cookie.
    let address = format!("http://{}/", server.address);
    let expected = json!({
        "rows": 101, "address": address, "value": "ann@example.com", "storage": "",
        "scrolls": [false, false, false, false], "next": 25, "errors": [],
    });
    assert_eq!(seen, expected);
    let history = shop.run(&["tags", "history", "--project", "."]);
    assert!(history.contains("ann@example.com"), "{history}");
}
