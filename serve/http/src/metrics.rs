//! What is counted, in the text format of Prometheus.

use std::time::Duration;

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabels {
    queue: String,
    status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WaitingLabels {
    queue: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndedLabels {
    queue: String,
    outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProjectLabels {
    project: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TagLabels {
    project: String,
    tag: String,
}

/// What an evaluation found, for those who may see it.
pub(crate) struct ProjectFigures {
    /// The project.
    pub(crate) project: String,
    /// The share of passing checks, 0 to 1. None: nothing is checked.
    pub(crate) score: Option<f64>,
    /// Resources.
    pub(crate) resources: u64,
    /// Tags, and the resources that have each.
    pub(crate) tags: Vec<(String, u64)>,
}

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    queues: Family<QueueLabels, Gauge>,
    waiting: Family<WaitingLabels, Gauge>,
    evaluations: Histogram,
    failed_evaluations: Counter,
    inference: Histogram,
    ended: Family<EndedLabels, Counter>,
    memory: Gauge,
}

/// The route whose time is that of the model.
const SUGGESTIONS: &str = "/api/v1/suggestions";

/// Returns the figures of projects, in a registry of their own: not everybody may see them.
fn figures(projects: &[ProjectFigures]) -> Registry {
    let mut registry = Registry::default();
    let scores = Family::<ProjectLabels, Gauge<f64, AtomicU64>>::default();
    registry.register(
        "compliance_score_ratio",
        "Share of passing checks, weighted by severity",
        scores.clone(),
    );
    let resources = Family::<ProjectLabels, Gauge>::default();
    registry.register("resources", "Resources of the last evaluation", resources.clone());
    let coverage = Family::<TagLabels, Gauge<f64, AtomicU64>>::default();
    registry.register("tag_coverage_ratio", "Share of resources that have the tag", coverage.clone());
    for figures in projects {
        let project = ProjectLabels { project: figures.project.clone() };
        if let Some(score) = figures.score {
            scores.get_or_create(&project).set(score);
        }
        resources.get_or_create(&project).set(i64::try_from(figures.resources).unwrap_or(i64::MAX));
        for (tag, count) in figures.tags.iter().filter(|_| figures.resources > 0) {
            let labels = TagLabels { project: figures.project.clone(), tag: tag.clone() };
            coverage.get_or_create(&labels).set(*count as f64 / figures.resources as f64);
        }
    }
    registry
}

/// Returns the memory of this process in bytes, where the system reports it in `/proc`.
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

fn histogram() -> Histogram {
    Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0])
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let requests = Family::default();
        registry.register("http_requests", "Requests by route and status", requests.clone());
        let durations = Family::new_with_constructor(histogram as fn() -> Histogram);
        registry.register(
            "http_request_duration_seconds",
            "Time from a request to its response",
            durations.clone(),
        );
        let queues = Family::default();
        registry.register("jobs", "Jobs by queue and state", queues.clone());
        let waiting = Family::default();
        // The name that alert rules of message queues use.
        registry.register("rabbitmq_queue_messages", "Jobs that wait, by queue", waiting.clone());
        let evaluations = Histogram::new([0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0]);
        let help = "Time of an evaluation of the inventory";
        registry.register("compliance_check_duration_seconds", help, evaluations.clone());
        let failed_evaluations = Counter::default();
        let help = "Evaluations of the inventory that failed";
        registry.register("compliance_check_failures", help, failed_evaluations.clone());
        let inference = histogram();
        let help = "Time until the suggestions of the model are returned";
        registry.register("ml_inference_duration_seconds", help, inference.clone());
        let ended = Family::default();
        registry.register("jobs_ended", "Attempts at jobs by queue and outcome", ended.clone());
        let memory = Gauge::default();
        registry.register("process_resident_memory_bytes", "Memory of the process", memory.clone());
        Self {
            registry,
            requests,
            durations,
            queues,
            waiting,
            evaluations,
            failed_evaluations,
            inference,
            ended,
            memory,
        }
    }
}

impl Metrics {
    /// Counts a request. `route` is the path with names for its parts, of which there are few.
    pub(crate) fn count_request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&RouteLabels { route: route.to_owned() }).observe(took.as_secs_f64());
        if route == SUGGESTIONS && status < 400 {
            self.inference.observe(took.as_secs_f64());
        }
    }

    /// Counts an attempt at a job that has ended.
    pub(crate) fn count_ended(&self, queue: &str, outcome: &str) {
        let labels = EndedLabels { queue: queue.to_owned(), outcome: outcome.to_owned() };
        self.ended.get_or_create(&labels).inc();
    }

    /// Sets the number of jobs of a queue in a state.
    pub(crate) fn set_queue(&self, queue: &str, status: &str, jobs: i64) {
        let labels = QueueLabels { queue: queue.to_owned(), status: status.to_owned() };
        self.queues.get_or_create(&labels).set(jobs);
    }

    /// Sets the number of jobs of a queue that wait.
    pub(crate) fn set_waiting(&self, queue: &str, jobs: i64) {
        self.waiting.get_or_create(&WaitingLabels { queue: queue.to_owned() }).set(jobs);
    }

    /// Counts an evaluation of an inventory.
    pub(crate) fn count_evaluation(&self, took: Duration, failed: bool) {
        self.evaluations.observe(took.as_secs_f64());
        if failed {
            self.failed_evaluations.inc();
        }
    }

    /// Returns all of it as a text, with what evaluations found.
    pub(crate) fn text(&self, projects: &[ProjectFigures]) -> String {
        if let Some(bytes) = resident_memory() {
            self.memory.set(bytes);
        }
        let mut text = String::new();
        // A text in memory can always be written.
        let _ = text::encode_registry(&mut text, &self.registry);
        let _ = text::encode_registry(&mut text, &figures(projects));
        let _ = text::encode_eof(&mut text);
        text
    }
}
