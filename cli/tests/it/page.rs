//! The page that `eval -o html=…` writes: what is in it, and what a browser makes of it.
//!
//! The tests with a browser need Chromium (`$CHROMIUM`, or `chromium` on the path) and say so where
//! they skip; `.ci/run` installs it.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Folder, NOW};

const POLICIES: &str = r#"tag environment: one of [production, staging] { importance critical }
tag owner: email
tag team: text
tag cost-center: text
policy owned { severity critical  require owner  control soc2 "CC6.1" }
policy placed { severity low  require environment }
exempt placed { for resource where resource.name in ["name-02", "name-05", "name-08", "name-11"]  until 2026-11-20  because "OPS-7" }
goal owners { coverage of [owner] by cost  at least 80% }
"#;

/// Texts that would do something, were they taken for markup or script. What they would do is seen in
/// the page.
const ATTACKS: [&str; 6] = [
    "</script><script>document.documentElement.dataset.pwned = 1</script>",
    "\"><img src=x onerror=\"document.documentElement.dataset.pwned = 1\">",
    "<svg onload=document.documentElement.dataset.pwned=1>",
    "<!--<script>",
    "javascript:document.documentElement.dataset.pwned=1",
    "\u{202e}desrever",
];

fn inventory(attacks: &[&str]) -> String {
    let mut resources = Vec::new();
    for number in 0..40 {
        let environment = ["production", "staging", "qa"][number % 3];
        resources.push(json!({
            "id": format!("id-{number:02}"), "name": format!("name-{number:02}"), "type": "ec2:instance",
            "provider": "aws", "account": format!("acc-{}", number % 3), "monthly_cost": (number * 37) % 101,
            "currency": "USD",
            "tags": {"environment": environment, "team": format!("team-{}", number % 4), "cost-center": "A"},
        }));
    }
    for (number, text) in attacks.iter().enumerate() {
        resources.push(json!({
            "id": format!("{text} {number}"), "name": text, "type": text, "provider": text, "account": text,
            "region": text, "monthly_cost": 1000 + number, "currency": "USD",
            "tags": {"environment": text, "owner": text, "team": text, "cost-center": text},
        }));
    }
    resources.iter().map(|resource| format!("{resource}\n")).collect()
}

/// A folder with the page of an inventory in it.
fn page(attacks: &[&str]) -> (Folder, String) {
    let folder = Folder::with(&[("p.tagpol", POLICIES), ("i.ndjson", &inventory(attacks))]);
    folder.run(&["eval", "p.tagpol", "-i", "i.ndjson", "--now", NOW, "-o", "html=report.html"]).ends_with(1);
    let text = folder.read("report.html");
    (folder, text)
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).unwrap().1.split_once(after).unwrap().0
}

fn data(page: &str) -> Value {
    serde_json::from_str(between(page, "<script type=\"application/json\" id=\"data\">", "</script>"))
        .unwrap()
}

#[test]
fn a_browser_may_run_the_script_of_the_page_and_nothing_else() {
    let (_, page) = page(&ATTACKS);
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    let allowed = |text: &str| {
        let hash = base64::prelude::BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()));
        policy.contains(&format!("'sha256-{hash}'"))
    };
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    assert!(allowed(between(&page, "<style>", "</style>")));
    assert!(allowed(between(&page, "<script>", "</script>")));
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<svg onload") && !page.contains('\u{202e}'));
    assert!(!page.contains("src=\"") && !page.contains("href=\"http") && !page.contains("url("));
}

#[test]
fn the_data_of_the_page_adds_up() {
    let (_, page) = page(&[]);
    let data = data(&page);
    let findings = &data["findings"];
    assert_eq!(findings["check"].as_array().unwrap().len(), 40 + 13);
    let sum = |parts: &Value, field: &str| -> f64 {
        parts.as_array().unwrap().iter().map(|part| part[field].as_f64().unwrap()).sum()
    };
    let cost = data["summary"]["cost"].as_f64().unwrap();
    for tag in data["breakdown"]["coverage"].as_array().unwrap() {
        assert_eq!(sum(&tag["parts"], "resources"), 40.0, "{tag}");
        assert_eq!(sum(&tag["parts"], "cost"), cost, "{tag}");
    }
    let environment = &data["breakdown"]["environment"];
    assert_eq!(environment["tag"], "environment");
    assert_eq!(sum(&environment["groups"], "cost"), cost);
    assert_eq!(environment["others"], Value::Null);
    let cells: f64 = data["breakdown"]["matrix"]["cells"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .filter_map(|cell| cell["cost"].as_f64())
        .sum();
    assert_eq!(cells, cost);
    assert_eq!(data["waivers"][0]["findings"], 4);
    assert_eq!(data["waivers"][0]["days"], 19);
}

#[test]
fn a_long_text_is_cut_in_the_page() {
    let long = "x<".repeat(500_000);
    let (_, page) = page(&[&long]);
    assert!(page.len() < 300_000, "{}", page.len());
}

pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH")?;
    let usual = || {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        names
            .iter()
            .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
            .find(|p| p.is_file())
    };
    named.or_else(usual)
}

/// Returns what a browser has made of the page, or None if there is no browser.
fn shown(folder: &Folder, fragment: &str) -> Option<String> {
    let chromium = chromium()?;
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--window-size=1400,1000", "--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}/report.html#{fragment}", folder.path().display()))
        .output()
        .unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    let console: Vec<&str> = messages.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert_eq!(console, Vec::<&str>::new(), "no error, and nothing that the policy forbids");
    let dom = String::from_utf8(output.stdout).unwrap();
    assert!(dom.contains("data-ready=\"true\""), "{messages}\n{dom}");
    Some(dom)
}

/// The names of the resources in the rows of the table, in their order.
fn rows(dom: &str) -> Vec<String> {
    let row = regex::Regex::new(r#"class="cell resource"><bdi>([^<]*)</bdi>"#).unwrap();
    row.captures_iter(dom).map(|found| found[1].to_owned()).collect()
}

#[test]
fn a_browser_draws_filters_and_sorts() {
    let (folder, _) = page(&[]);
    let Some(dom) = shown(&folder, "") else {
        return println!("skipped: there is no Chromium to look at the page with");
    };
    assert!(
        dom.contains("aria-label=\"Score 7.0 of 100\""),
        "{}",
        between(&dom, "id=\"overview\"", "</section>")
    );
    for title in [
        "By policy",
        "Coverage by tag",
        "Cost by environment",
        "Top cost-center by cost",
        "team × environment",
        "Goals",
        "Controls",
        "Waivers",
    ] {
        assert!(dom.contains(&format!("<h2>{title}</h2>")), "no {title}");
    }
    assert!(dom.contains(">49 of 53 findings"), "{}", between(&dom, "id=\"count\"", "</p>"));
    let all = rows(&dom);
    assert!(all.len() < 49, "only the rows in sight are in the page");
    // Names from `name-00` on, whose costs are 37 times their number modulo 101.
    let by_cost = rows(&shown(&folder, "sort=-cost&severity=critical").unwrap());
    assert_eq!(by_cost[..3], ["name-30", "name-19", "name-08"]);
    let by_name = rows(&shown(&folder, "sort=resource&severity=critical&account=acc-2").unwrap());
    assert_eq!(by_name[..3], ["name-02", "name-05", "name-08"]);
    let found = shown(&folder, "q=name-3+placed&state=open,exempt").unwrap();
    assert_eq!(rows(&found), ["name-38", "name-35", "name-32"]);
    assert!(found.contains(">3 of 53 findings"));
}

#[test]
fn nothing_of_an_inventory_runs_in_a_browser() {
    let (folder, _) = page(&ATTACKS);
    let Some(dom) = shown(&folder, "sort=-cost") else {
        return println!("skipped: there is no Chromium to look at the page with");
    };
    let parts = dom.split("<script type=\"application/json\"").next().unwrap();
    assert!(!dom.contains("data-pwned"));
    assert!(!parts.contains("<img") && !parts.contains("<svg onload"));
    assert!(parts.contains("&lt;/script&gt;&lt;script&gt;document"), "the texts are shown as they are");
    assert!(!parts.contains('\u{202e}'));
}

/// A page in a frame as narrow as a phone, since the windows of a headless browser are at least 500 pixels wide, and
/// a script that writes the width that the content of the page takes.
const PHONE: &str = r#"<!doctype html><body><iframe src="report.html" width="390" height="844"></iframe><script>
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument.documentElement;
  document.body.append(`ready=${page.dataset.ready} width=${page.scrollWidth} of ${page.clientWidth}`);
});
</script></body>"#;

#[test]
fn a_page_fits_a_phone() {
    let (folder, _) = page(&["a-name-that-has-no-place-to-break-and-is-longer-than-the-screen-of-any-phone"]);
    folder.write("phone.html", PHONE);
    let width = || {
        let profile = tempfile::tempdir().unwrap();
        let output = Command::new(chromium()?)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args([
                "--disable-dev-shm-usage",
                "--allow-file-access-from-files",
                "--hide-scrollbars",
                "--dump-dom",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("file://{}/phone.html", folder.path().display()))
            .output()
            .unwrap();
        let dom = String::from_utf8(output.stdout).unwrap();
        let found = regex::Regex::new("ready=([a-z]+) width=([0-9]+) of ([0-9]+)").unwrap();
        let found = found.captures(&dom).unwrap_or_else(|| panic!("nothing was measured: {dom}"));
        Some([1, 2, 3].map(|at| found[at].to_owned()))
    };
    let Some(report) = width() else {
        return println!("skipped: there is no Chromium to look at the page with");
    };
    assert_eq!(report, ["true", "390", "390"], "the report does not scroll sideways");
    let args = [
        "cost",
        "p.tagpol",
        "-i",
        "i.ndjson",
        "--by",
        "team,cost-center,environment",
        "-o",
        "html=report.html",
    ];
    folder.run(&args).ends_with(0);
    assert_eq!(width().unwrap()[1..], ["390", "390"], "nor do the costs");
}

#[test]
fn a_page_shows_no_absolute_path() {
    let folder = Folder::with(&[("p.tagpol", POLICIES), ("i.ndjson", &inventory(&[]))]);
    let plan = json!({
        "format_version": "1.2", "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [{
            "address": "aws_instance.web", "mode": "managed", "type": "aws_instance", "name": "web",
            "provider_name": "registry.terraform.io/hashicorp/aws", "values": {"tags": {}},
        }]}},
    });
    folder.write("plan.json", plan.to_string());
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (flag, name) in [("-i", "i.ndjson"), ("--terraform", "plan.json")] {
        folder
            .run(&["eval", &at("p.tagpol"), flag, &at(name), "--now", NOW, "-o", "html=report.html"])
            .ends_with(1);
        let page = folder.read("report.html");
        let folder_name = folder.path().file_name().unwrap().to_str().unwrap();
        assert!(!page.contains(folder_name), "{flag}");
        assert_eq!(data(&page)["snapshot"]["sources"], json!([name]));
    }
}

#[test]
fn the_page_of_a_first_run_shows_what_is_pending() {
    let policies = "tag owner: text\npolicy owned { severity high  for resource where resource.account == \"1\"  require owner  grace 14 days }\n";
    let files =
        [("tagpol.toml", ""), ("p.tagpol", policies), ("i.csv", "id,account,tag:owner\na,1,\nb,1,x\nc,2,\n")];
    let folder = Folder::with(&files);
    let eval = ["eval", "-i", "i.csv", "--now", NOW, "--no-record", "-o", "html=report.html"];
    folder.run(&eval).ends_with(0);
    let summary = data(&folder.read("report.html"))["summary"].clone();
    let numbers = ["resources", "in_scope", "passing", "pending"].map(|name| summary[name].as_u64().unwrap());
    assert_eq!(numbers, [3, 2, 1, 1]);
    let note = "1 finding, counted as failing; grace ends 2026-11-15; first seen in this run";
    assert_eq!(summary["pending_note"], note);
    let Some(dom) = shown(&folder, "") else {
        return println!("skipped: there is no Chromium to look at the page with");
    };
    for text in [
        "aria-label=\"Score 50.0 of 100\"",
        "1 of 2 in scope; 1 is not in the scope of any policy",
        "100.0 without pending findings",
        note,
        "No finding is open; 1 is pending.",
        ">1 of 1 finding",
    ] {
        assert!(dom.contains(text), "no {text}: {}", between(&dom, "id=\"overview\"", "</section>"));
    }
    let policies = between(&dom, "<h2>By policy</h2>", "</article>");
    assert!(policies.contains("1 pending") && !policies.contains('✓'), "{policies}");
    folder.write("i.csv", "id,account\nc,2\n");
    folder.run(&eval).ends_with(0);
    let dom = shown(&folder, "").unwrap();
    assert!(dom.contains("aria-label=\"Score n/a: nothing is in scope\""));
    assert!(dom.contains("No policy applies to any resource."));
}
