//! What is counted, in the text format of Prometheus.

use std::time::Duration;

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

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    queues: Family<QueueLabels, Gauge>,
    waiting: Family<WaitingLabels, Gauge>,
    evaluations: Histogram,
    failed_evaluations: Counter,
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
        Self { registry, requests, durations, queues, waiting, evaluations, failed_evaluations }
    }
}

impl Metrics {
    /// Counts a request. `route` is the path with names for its parts, of which there are few.
    pub(crate) fn count_request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&RouteLabels { route: route.to_owned() }).observe(took.as_secs_f64());
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

    /// Returns all of it as a text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // A text in memory can always be written.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}
