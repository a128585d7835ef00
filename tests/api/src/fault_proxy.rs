//! A back end whose calls fail where a story wants them to.
//!
//! Proxies stand between the functions and the real stand-ins. They count the calls that concern an account, to the
//! table and to the bucket together, and let one of them, or all from one on, come to harm.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse as _, Response};
use domain::AccountId;
use http::StatusCode;
use http_body_util::BodyExt as _;
use stack::runtime_api::listen;
use tokio::sync::Notify;

use crate::upstream::Upstream;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is done, but the answer is a failure; the next one is not.
    AnswerLost,
    /// It and all later ones to these are refused, until [`Faults::heal`].
    Outage(BackEnds),
    /// It is done, but the answer is a failure; all later ones to these are refused, until [`Faults::heal`].
    AnswerLostInOutage(BackEnds),
    /// It is done and never answered: see [`Faults::stuck`].
    Stuck,
}

/// What is out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackEnds {
    /// The table and the bucket.
    Both,
    /// The bucket only: calls of the table are not counted either.
    Bucket,
}

/// What is to go wrong for one account.
struct Plan {
    fault: Fault,
    at: usize,
    calls: usize,
}

impl Plan {
    fn next(&mut self, is_bucket: bool) -> Option<Fault> {
        if let Fault::Outage(BackEnds::Bucket) | Fault::AnswerLostInOutage(BackEnds::Bucket) = self.fault
            && !is_bucket
        {
            return None;
        }
        let call = self.calls;
        self.calls += 1;
        match self.fault {
            Fault::Outage(of) | Fault::AnswerLostInOutage(of) if call > self.at => Some(Fault::Outage(of)),
            fault => (call == self.at).then_some(fault),
        }
    }
}

/// The faults of all accounts.
#[derive(Default)]
pub struct Faults {
    plans: Mutex<HashMap<String, Plan>>,
    stuck: Notify,
}

impl Faults {
    /// From now on the call number `at` of the account, counted from zero, comes to harm.
    pub fn plan(&self, account: &AccountId, fault: Fault, at: usize) {
        self.plans().insert(account.to_string(), Plan { fault, at, calls: 0 });
    }

    /// From now on the calls of the bucket that concern the account are counted.
    pub fn count_calls_of_the_bucket(&self, account: &AccountId) {
        self.plan(account, Fault::Outage(BackEnds::Bucket), usize::MAX);
    }

    /// How many calls there were since then, or since a fault was planned.
    #[must_use]
    pub fn calls(&self, account: &AccountId) -> usize {
        self.plans().get(account.as_str()).map_or(0, |plan| plan.calls)
    }

    /// Nothing fails any more; whether anything has.
    pub fn heal(&self, account: &AccountId) -> bool {
        self.plans().remove(account.as_str()).is_some_and(|plan| plan.calls > plan.at)
    }

    /// Waits until a call is stuck.
    pub async fn stuck(&self) {
        self.stuck.notified().await;
    }

    fn next(&self, is_bucket: bool, what: &[&[u8]]) -> Option<Fault> {
        let mut plans = self.plans();
        let concerns = |account: &str| what.iter().any(|text| contains(text, account.as_bytes()));
        plans.iter_mut().find(|(account, _)| concerns(account)).and_then(|(_, plan)| plan.next(is_bucket))
    }

    fn plans(&self) -> std::sync::MutexGuard<'_, HashMap<String, Plan>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Proxy {
    faults: Arc<Faults>,
    upstream: Upstream,
}

/// Stands in front of the back end at `upstream`; gives the URL to use instead.
pub async fn in_front_of(upstream: &str, faults: &Arc<Faults>) -> String {
    let proxy = Arc::new(Proxy { faults: faults.clone(), upstream: Upstream::new(upstream) });
    let router = Router::new().fallback(serve).layer(DefaultBodyLimit::disable()).with_state(proxy);
    format!("http://{}", listen(router).await.expect("a port"))
}

async fn serve(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a whole request").to_bytes();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    // Every call of DynamoDB names its target in this header.
    let is_bucket = !parts.headers.contains_key("x-amz-target");
    let fault = proxy.faults.next(is_bucket, &[target.as_bytes(), &body]);
    if matches!(fault, Some(Fault::Outage(_))) {
        return failure();
    }
    let answer = proxy.upstream.ask(parts, body).await;
    match fault {
        None => answer,
        Some(Fault::Stuck) => {
            proxy.faults.stuck.notify_one();
            std::future::pending().await
        }
        Some(_) => failure(),
    }
}

/// What S3 and DynamoDB answer when something is wrong with them.
fn failure() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
