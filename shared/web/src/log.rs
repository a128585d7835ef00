//! The log: one JSON object a line on standard error, one line a request. It holds no body, no header, no token.

use domain::AccountId;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// What is known about a request when its line is written.
#[derive(Debug, Default)]
pub struct RequestLog {
    /// The endpoint, by name.
    pub route: Option<&'static str>,
    /// Who asked.
    pub account: Option<AccountId>,
    pub(crate) counts: Vec<(Metric, u64)>,
}

impl RequestLog {
    /// Counts what an alarm or a graph is made of.
    pub fn count(&mut self, metric: Metric, count: u64) {
        self.counts.push((metric, count));
    }
}

/// What is counted beside requests and faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Log-ons with a wrong password or code.
    LogOnFailures,
    /// Requests that were told to wait.
    Throttles,
    /// Files that an account had no room for.
    QuotaRefusals,
    /// Mails that were refused for good.
    MailBounces,
    /// Mails that somebody complained about.
    MailComplaints,
}

/// Starts the log. To be called first, so that a faulty configuration is reported in the log's form too.
pub fn start() {
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let lines = lines.with_target(false).with_writer(std::io::stderr);
    // A second call, in tests, leaves the first log as it is.
    let _ = tracing_subscriber::registry().with(lines.with_filter(LevelFilter::INFO)).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        // The message may quote the request; the place is enough to find the defect.
        tracing::error!(panic.location = location, "panic");
    }));
}
