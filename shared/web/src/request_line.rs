//! The line of the log that a request leaves, which is also what `CloudWatch` makes metrics of (Embedded Metric Format,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//!
//! Each route of each function has its durations, and with them its number of requests, and its faults. Everything else
//! is counted for the whole function: what `CloudWatch` asks for a metric is paid for each route anew.

use std::collections::BTreeMap;
use std::io::Write as _;

use domain::{AccountId, Clock as _, iso_time};
use serde::Serialize;

use crate::environment::SystemClock;
use crate::invocation::Invocation;
use crate::log::{Metric, RequestLog};

/// Where the metrics are found in `CloudWatch`.
const NAMESPACE: &str = "UsersApi";

/// What a line tells beside what the function noted.
pub(crate) struct Outcome<'a> {
    /// `request` or `notice`.
    pub(crate) message: &'static str,
    pub(crate) method: Option<&'a str>,
    pub(crate) status: Option<u16>,
    pub(crate) duration_ms: f64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// The chain of what went wrong, where it is the service's fault.
    pub(crate) fault: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    message: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    function: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    route: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    duration_ms: f64,
    bytes_in: u64,
    bytes_out: u64,
    cold_start: bool,
    faults: u8,
    #[serde(flatten)]
    counts: &'a BTreeMap<&'static str, u64>,
    #[serde(rename = "account.id", skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(rename = "_aws")]
    metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    /// In milliseconds since 1970.
    timestamp: u64,
    cloud_watch_metrics: [Directive; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: &'static str,
    dimensions: [&'static [&'static str]; 1],
    metrics: Vec<Definition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: &'static str,
}

/// Writes the line of a request or a notice.
pub(crate) fn write(log: &RequestLog, invocation: &Invocation, outcome: &Outcome<'_>) {
    let mut line = render(log, invocation, outcome).into_bytes();
    line.push(b'\n');
    // In one piece, so that lines of other threads do not come in between. Without a log there is nobody to tell.
    let _ = std::io::stderr().write_all(&line);
}

fn render(log: &RequestLog, invocation: &Invocation, outcome: &Outcome<'_>) -> String {
    let now = SystemClock.now();
    let mut counts: BTreeMap<_, _> =
        log.counts.iter().map(|(metric, count)| (metric.name(), *count)).collect();
    if invocation.is_cold {
        counts.insert("cold_starts", 1);
    }
    let line = Line {
        timestamp: iso_time(now),
        level: if outcome.fault.is_some() { "ERROR" } else { "INFO" },
        message: outcome.message,
        request_id: &invocation.request_id,
        trace_id: invocation.trace_id.as_deref(),
        function: &invocation.function,
        method: outcome.method,
        route: log.route.unwrap_or("none"),
        status: outcome.status,
        duration_ms: outcome.duration_ms,
        bytes_in: outcome.bytes_in,
        bytes_out: outcome.bytes_out,
        cold_start: invocation.is_cold,
        faults: outcome.fault.is_some().into(),
        counts: &counts,
        account: log.account.as_ref().map(AccountId::as_str),
        error: outcome.fault.as_deref(),
        metadata: Metadata {
            timestamp: now.unix_seconds() * 1_000,
            cloud_watch_metrics: [of_route(), of_function(&counts)],
        },
    };
    serde_json::to_string(&line).unwrap_or_default()
}

fn of_route() -> Directive {
    let metrics = vec![
        Definition { name: "duration_ms", unit: "Milliseconds" },
        Definition { name: "faults", unit: "Count" },
    ];
    Directive { namespace: NAMESPACE, dimensions: [&["function", "route"]], metrics }
}

fn of_function(counts: &BTreeMap<&'static str, u64>) -> Directive {
    let bytes = ["bytes_in", "bytes_out"].map(|name| Definition { name, unit: "Bytes" });
    let counts = counts.keys().map(|name| Definition { name, unit: "Count" });
    Directive {
        namespace: NAMESPACE,
        dimensions: [&["function"]],
        metrics: bytes.into_iter().chain(counts).collect(),
    }
}

impl Metric {
    /// The name in the log and in `CloudWatch`.
    const fn name(self) -> &'static str {
        match self {
            Self::LogOnFailures => "log_on_failures",
            Self::Throttles => "throttles",
            Self::QuotaRefusals => "quota_refusals",
            Self::MailBounces => "mail_bounces",
            Self::MailComplaints => "mail_complaints",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn line(log: &RequestLog, is_cold: bool, fault: Option<&str>) -> Value {
        let invocation = Invocation { is_cold, function: "users-api-Auth".into(), ..Invocation::default() };
        let outcome = Outcome {
            message: "request",
            method: Some("POST"),
            status: Some(200),
            duration_ms: 1.5,
            bytes_in: 7,
            bytes_out: 9,
            fault: fault.map(str::to_owned),
        };
        serde_json::from_str(&render(log, &invocation, &outcome)).expect("JSON")
    }

    #[test]
    fn a_line_holds_a_value_for_every_metric_that_it_declares() {
        let mut log = RequestLog { route: Some("log_on"), ..RequestLog::default() };
        log.count(Metric::LogOnFailures, 1);
        let line = line(&log, true, None);
        let mut names = Vec::new();
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().expect("a list") {
            assert_eq!(directive["Namespace"], "UsersApi");
            for dimension in directive["Dimensions"][0].as_array().expect("a list") {
                assert!(line[dimension.as_str().expect("a name")].is_string(), "{dimension}");
            }
            for metric in directive["Metrics"].as_array().expect("a list") {
                let name = metric["Name"].as_str().expect("a name");
                assert!(line[name].is_number(), "{name}");
                names.push(name.to_owned());
            }
        }
        assert_eq!(
            names,
            ["duration_ms", "faults", "bytes_in", "bytes_out", "cold_starts", "log_on_failures"]
        );
        assert!(line["_aws"]["Timestamp"].as_u64().is_some_and(|ms| ms > 1_700_000_000_000));
    }

    #[test]
    fn a_fault_is_an_error_with_its_causes_and_nothing_else_is() {
        let log = RequestLog::default();
        let (fine, broken) = (line(&log, false, None), line(&log, false, Some("table: no answer")));
        assert_eq!(
            (&fine["level"], &fine["faults"], &fine["route"]),
            (&json!("INFO"), &json!(0), &json!("none"))
        );
        assert_eq!((&broken["level"], &broken["faults"]), (&json!("ERROR"), &json!(1)));
        assert_eq!((&broken["error"], fine.get("error")), (&json!("table: no answer"), None));
        assert_eq!(fine["cold_start"], false);
    }
}
