//! What Prometheus reads, and the alert rules about it.

use std::path::Path;
use std::process::Command;

use regex::Regex;
use serde_json::json;

use super::client::Shop;

const RULES: &str = "../serve/alerts/tagpol.rules.yml";

fn rules() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(RULES)
}

#[test]
fn the_metrics_have_what_alert_rules_ask_for() {
    let shop = Shop::new();
    let server = shop.serve();
    let admin = server.administrator();
    assert_eq!(admin.get("/api/v1/suggestions").status, 200);
    let text = server.anonymous().get("/metrics").text;
    assert!(text.contains("ml_inference_duration_seconds_count 1\n"), "{text}");
    assert!(text.contains("process_resident_memory_bytes ") && text.ends_with("# EOF\n"), "{text}");
    let written = std::fs::read_to_string(rules()).unwrap();
    let name = Regex::new("[a-z]+(?:_[a-z]+)*").unwrap();
    let texts = Regex::new("\"[^\"]*\"|\\[[^]]*\\]").unwrap();
    let functions =
        ["sum", "by", "rate", "histogram_quantile", "instance", "le", "queue", "status", "virtual", "m"];
    for expr in written.lines().filter_map(|line| line.trim().strip_prefix("expr: ")) {
        let without_texts = texts.replace_all(expr, "");
        let names = name.find_iter(&without_texts).map(|found| found.as_str());
        let names: Vec<&str> = names.filter(|name| !functions.contains(name)).collect();
        assert_eq!(names.len(), 1, "{expr}: {names:?}");
        let family = names[0].trim_end_matches("_total").trim_end_matches("_bucket");
        assert!(text.contains(&format!("# TYPE {family} ")), "{family} is not among: {text}");
    }
}

#[test]
fn figures_of_a_project_are_for_those_who_may_read_them() {
    let shop = Shop::new();
    let server = shop.serve();
    let admin = server.administrator();
    let token = admin.post("/api/v1/tokens", &json!({ "name": "prometheus", "role": "viewer" })).json();
    let prometheus = server.anonymous().with_bearer(token["secret"].as_str().unwrap());
    let text = prometheus.get("/metrics").text;
    for line in [
        "resources{project=\"shop\"} 4\n",
        "tag_coverage_ratio{project=\"shop\",tag=\"environment\"} 0.75\n",
        "compliance_score_ratio{project=\"shop\"} 0.5\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert_eq!(text.matches("# EOF").count(), 1);
    let public = server.anonymous().get("/metrics").text;
    assert!(!public.contains("shop") && !public.contains("environment"), "{public}");
}

#[test]
fn promtool_accepts_the_alert_rules() {
    let Ok(output) = Command::new("promtool").args(["check", "rules"]).arg(rules()).output() else {
        eprintln!("SKIPPED: promtool is not installed");
        return;
    };
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("5 rules found"), "{text}");
}
