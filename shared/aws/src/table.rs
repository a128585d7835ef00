//! DynamoDB's table, in DynamoDB's own words: JSON, one operation a call
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html>).

mod query;
mod write;

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use domain::StoreError;
use http::{HeaderValue, Method, Request, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::account_item::Item;
use crate::failure::{corrupt, unavailable};
use crate::service::{CallError, Service, pause};

pub(crate) use query::Query;
pub(crate) use write::Write;

/// How often records are asked for that a read has left out.
const READ_ATTEMPTS: u32 = 3;

/// Before what others were in the way of is tried again, for the first time.
const PAUSE: Duration = Duration::from_millis(50);

/// How often a transaction that met another one on the same items is tried.
const TRANSACTION_ATTEMPTS: u32 = 4;

/// One table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) service: Service,
    name: String,
}

/// Why a write did not happen.
pub(crate) enum WriteError {
    /// Its condition does not hold: the record as it is, if the write asked for it and it is there.
    Condition(Item),
    /// It is not known whether it happened.
    Failed(StoreError),
}

impl From<WriteError> for StoreError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Condition(_) => Self::Conflict,
            WriteError::Failed(error) => error,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetItem<'a> {
    table_name: &'a str,
    key: Item,
    consistent_read: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GotItem {
    #[serde(default)]
    item: Option<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BatchGetItem<'a> {
    request_items: HashMap<&'a str, Keys>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    keys: Vec<Item>,
    consistent_read: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GotItems {
    #[serde(default)]
    responses: HashMap<String, Vec<Item>>,
    #[serde(default)]
    unprocessed_keys: HashMap<String, Unprocessed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Unprocessed {
    keys: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    last_evaluated_key: Option<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    #[serde(default)]
    attributes: Item,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TransactWriteItems<'a> {
    transact_items: &'a [Write],
    /// By it DynamoDB knows a transaction again whose answer was lost, for 10 minutes.
    client_request_token: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Canceled {
    #[serde(default)]
    cancellation_reasons: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reason {
    #[serde(default)]
    code: String,
}

/// What is wrong with an answer is not said: it may hold a piece of a secret.
fn unreadable(operation: &str) -> StoreError {
    corrupt(operation, "the answer cannot be read")
}

impl Table {
    pub(crate) fn new(service: Service, name: String) -> Self {
        Self { service, name }
    }

    /// A record, strongly consistent.
    pub(crate) async fn get(&self, key: Item) -> Result<Option<Item>, StoreError> {
        let request = GetItem { table_name: &self.name, key, consistent_read: true };
        Ok(self.read::<GotItem>("GetItem", &request).await?.item)
    }

    /// All of these records that exist, in no order, each strongly consistent.
    pub(crate) async fn get_all(&self, mut keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for made in 1..=READ_ATTEMPTS {
            let wanted = Keys { keys, consistent_read: true };
            let request = BatchGetItem { request_items: HashMap::from([(self.name.as_str(), wanted)]) };
            let mut got: GotItems = self.read("BatchGetItem", &request).await?;
            items.append(&mut got.responses.remove(&self.name).unwrap_or_default());
            keys = got.unprocessed_keys.remove(&self.name).map(|rest| rest.keys).unwrap_or_default();
            if keys.is_empty() {
                return Ok(items);
            }
            pause(PAUSE * made).await;
        }
        Err(StoreError::Unavailable("the table throttles reads".into()))
    }

    /// All records of a query, or as many as it asks for.
    pub(crate) async fn query(&self, mut query: Query) -> Result<Vec<Item>, StoreError> {
        self.name.clone_into(&mut query.table_name);
        let wanted = query.limit.unwrap_or(usize::MAX);
        let mut items = Vec::new();
        loop {
            let mut page: Found = self.read("Query", &query).await?;
            items.append(&mut page.items);
            query.exclusive_start_key = page.last_evaluated_key;
            if items.len() >= wanted || query.exclusive_start_key.is_none() {
                items.truncate(wanted);
                return Ok(items);
            }
        }
    }

    /// Makes a write: the record after or before it, if it asked for either.
    pub(crate) async fn write(&self, write: Write) -> Result<Item, WriteError> {
        let operation = match &write {
            Write::Put(_) => "PutItem",
            Write::Update(_) => "UpdateItem",
            Write::Delete(_) => "DeleteItem",
        };
        match self.call(operation, write.in_table(&self.name).change()).await {
            Ok(body) => {
                let written: Written =
                    serde_json::from_slice(&body).map_err(|_| WriteError::Failed(unreadable(operation)))?;
                Ok(written.attributes)
            }
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
                let body = error.refusal().map(|refusal| &refusal.body[..]).unwrap_or_default();
                let there: GotItem =
                    serde_json::from_slice(body).map_err(|_| WriteError::Failed(unreadable(operation)))?;
                Err(WriteError::Condition(there.item.unwrap_or_default()))
            }
            Err(error) => Err(WriteError::Failed(unavailable(error))),
        }
    }

    /// Makes a write of which nothing is to be heard; [`StoreError::Conflict`] when its condition does not hold.
    pub(crate) async fn apply(&self, write: Write) -> Result<(), StoreError> {
        Ok(self.write(write).await.map(drop)?)
    }

    /// Makes a write whose condition may not hold; whether it did.
    pub(crate) async fn apply_if(&self, write: Write) -> Result<bool, StoreError> {
        match self.write(write).await {
            Ok(_) => Ok(true),
            Err(WriteError::Condition(_)) => Ok(false),
            Err(WriteError::Failed(error)) => Err(error),
        }
    }

    /// Makes all writes or none; [`StoreError::Conflict`] when a condition does not hold.
    pub(crate) async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let writes: Vec<_> = writes.into_iter().map(|write| write.in_table(&self.name)).collect();
        let mut attempt = 1;
        loop {
            // Only has to differ from the others of the same account within minutes, and is no secret.
            let client_request_token = format!("{:032x}", fastrand::u128(..));
            let request = TransactWriteItems { transact_items: &writes, client_request_token };
            let Err(error) = self.call("TransactWriteItems", &request).await else { return Ok(()) };
            let canceled = error.refusal().map(|refusal| serde_json::from_slice::<Canceled>(&refusal.body));
            let reasons = canceled.and_then(Result::ok).unwrap_or_default().cancellation_reasons;
            let is_for = |code| reasons.iter().any(|reason| reason.code == code);
            if is_for("ConditionalCheckFailed") {
                return Err(StoreError::Conflict);
            }
            if !is_for("TransactionConflict") || attempt == TRANSACTION_ATTEMPTS {
                return Err(unavailable(error));
            }
            pause(PAUSE * attempt).await;
            attempt += 1;
        }
    }

    async fn read<T: DeserializeOwned>(
        &self,
        operation: &str,
        request: &impl Serialize,
    ) -> Result<T, StoreError> {
        let body = self.call(operation, request).await.map_err(unavailable)?;
        serde_json::from_slice(&body).map_err(|_| unreadable(operation))
    }

    async fn call(&self, operation: &str, request: &impl Serialize) -> Result<Bytes, CallError> {
        let body = serde_json::to_vec(request).map_err(CallError::unmade)?;
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
        let target = format!("DynamoDB_20120810.{operation}");
        headers.insert("x-amz-target", HeaderValue::try_from(target).map_err(CallError::unmade)?);
        Ok(self.service.call(&request).await?.into_body())
    }
}
