//! One call of the function by its runtime.

use std::time::Duration;

use domain::Clock as _;
use lambda_runtime::Context;

use crate::environment::SystemClock;

/// The longest that a function may take (AWS Lambda quotas).
pub(crate) const MAX_DURATION: Duration = Duration::from_mins(15);

/// Kept back from a function's time for the answer that says that it ran out.
const RESERVE: Duration = Duration::from_secs(1);

/// What the runtime says about a call.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Names it in all logs.
    pub request_id: String,
    /// Names what it belongs to, across services (AWS X-Ray).
    pub trace_id: Option<String>,
    /// The function's name.
    pub function: String,
    /// Whether it is the first of its process.
    pub is_cold: bool,
    /// After so long it is given up.
    pub time: Duration,
}

/// Without a runtime: nameless, and with all the time that there can be.
impl Default for Invocation {
    fn default() -> Self {
        let (request_id, function) = (String::new(), String::new());
        Self { request_id, trace_id: None, function, is_cold: false, time: MAX_DURATION }
    }
}

impl Invocation {
    pub(crate) fn new(context: &Context, is_cold: bool) -> Self {
        Self {
            request_id: context.request_id.clone(),
            trace_id: context.xray_trace_id.clone(),
            function: context.env_config.function_name.clone(),
            is_cold,
            time: time_until(context.deadline),
        }
    }
}

/// How long a request may take so that its answer still goes out before the function is killed, which is at `deadline`
/// (Unix time in milliseconds). The local emulator sends one long past, which stands for none.
fn time_until(deadline: u64) -> Duration {
    let now_ms = SystemClock.now().unix_seconds().saturating_mul(1_000);
    let left = deadline.checked_sub(now_ms).map(Duration::from_millis);
    left.map_or(MAX_DURATION, |left| left.saturating_sub(RESERVE).min(MAX_DURATION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_for_a_request_ends_before_the_function_is_killed() {
        let now_ms = SystemClock.now().unix_seconds() * 1_000;
        let time = time_until(now_ms + 15_000);
        assert!(time > Duration::from_secs(12) && time <= Duration::from_secs(14), "{time:?}");
        for none in [0, 600_000, u64::MAX] {
            assert_eq!(time_until(none), MAX_DURATION);
        }
    }
}
