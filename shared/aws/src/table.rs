//! DynamoDB's table, in DynamoDB's own words: JSON, one operation a call
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html>).

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use domain::StoreError;
use http::{HeaderValue, Method, Request, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_dynamo::AttributeValue;

use crate::account_item::Item;
use crate::failure::{corrupt, unavailable};
use crate::service::{CallError, Service, pause};

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

/// A write of one record: on its own, or as a part of a transaction. Not printable: records hold secrets.
#[derive(Clone, Serialize)]
pub(crate) enum Write {
    /// Puts a record in the place of whatever is there.
    Put(Change),
    /// Changes a record, which is made if it is not there.
    Update(Change),
    /// Removes a record, if it is there.
    Delete(Change),
}

/// What a write does, and on which condition.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Change {
    table_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition_expression: Option<String>,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    expression_attribute_names: HashMap<Cow<'static, str>, String>,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    expression_attribute_values: HashMap<Cow<'static, str>, AttributeValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_values: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_values_on_condition_check_failure: Option<&'static str>,
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

impl Write {
    pub(crate) fn put(item: Item) -> Self {
        Self::Put(Change { item: Some(item), ..Change::default() })
    }

    /// Adds a record that is not there yet.
    pub(crate) fn put_new(item: Item) -> Self {
        Self::put(item).only_if("attribute_not_exists(pk)")
    }

    pub(crate) fn update(key: Item, expression: impl Into<String>) -> Self {
        Self::Update(Change {
            key: Some(key),
            update_expression: Some(expression.into()),
            ..Change::default()
        })
    }

    pub(crate) fn delete(key: Item) -> Self {
        Self::Delete(Change { key: Some(key), ..Change::default() })
    }

    fn change(&mut self) -> &mut Change {
        let (Self::Put(change) | Self::Update(change) | Self::Delete(change)) = self;
        change
    }

    fn with(mut self, set: impl FnOnce(&mut Change)) -> Self {
        set(self.change());
        self
    }

    /// What an update does, in the place of what it was said to.
    pub(crate) fn expression(self, expression: String) -> Self {
        self.with(|change| change.update_expression = Some(expression))
    }

    /// The condition of the write.
    pub(crate) fn only_if(self, condition: impl Into<String>) -> Self {
        self.with(|change| change.condition_expression = Some(condition.into()))
    }

    /// What `#name` in an expression stands for.
    pub(crate) fn name(self, name: impl Into<Cow<'static, str>>, attribute: impl Into<String>) -> Self {
        self.with(|change| drop(change.expression_attribute_names.insert(name.into(), attribute.into())))
    }

    /// What `:name` in an expression stands for.
    pub(crate) fn value(self, name: impl Into<Cow<'static, str>>, value: AttributeValue) -> Self {
        self.with(|change| drop(change.expression_attribute_values.insert(name.into(), value)))
    }

    /// Asks for the record as it is after an update.
    pub(crate) fn returning_new(self) -> Self {
        self.with(|change| change.return_values = Some("ALL_NEW"))
    }

    /// Asks for the record as it was before.
    pub(crate) fn returning_old(self) -> Self {
        self.with(|change| change.return_values = Some("ALL_OLD"))
    }

    /// Asks for the record whose condition did not hold.
    pub(crate) fn telling_what_is_there(self) -> Self {
        self.with(|change| change.return_values_on_condition_check_failure = Some("ALL_OLD"))
    }

    fn in_table(mut self, name: &str) -> Self {
        name.clone_into(&mut self.change().table_name);
        self
    }
}

/// Records that share a partition, in the order of their sort keys.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Query {
    table_name: String,
    consistent_read: bool,
    scan_index_forward: bool,
    key_condition_expression: &'static str,
    expression_attribute_values: HashMap<&'static str, AttributeValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_expression: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    projection_expression: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclusive_start_key: Option<Item>,
}

impl Query {
    /// All of a partition.
    pub(crate) fn partition(pk: String) -> Self {
        Self {
            table_name: String::new(),
            consistent_read: true,
            scan_index_forward: true,
            key_condition_expression: "pk = :pk",
            expression_attribute_values: HashMap::from([(":pk", AttributeValue::S(pk))]),
            filter_expression: None,
            projection_expression: None,
            limit: None,
            exclusive_start_key: None,
        }
    }

    /// Only those whose sort key begins with `prefix`.
    pub(crate) fn beginning_with(mut self, prefix: &str) -> Self {
        self.key_condition_expression = "pk = :pk AND begins_with(sk, :prefix)";
        self.expression_attribute_values.insert(":prefix", AttributeValue::S(prefix.to_owned()));
        self
    }

    /// Only those that a condition about `:name` holds for.
    pub(crate) fn only_if(
        mut self,
        condition: &'static str,
        name: &'static str,
        value: AttributeValue,
    ) -> Self {
        self.filter_expression = Some(condition);
        self.expression_attribute_values.insert(name, value);
        self
    }

    /// Only their keys.
    pub(crate) fn keys_only(self) -> Self {
        Self { projection_expression: Some("pk, sk"), ..self }
    }

    /// The last `limit` of them, the last one first.
    pub(crate) fn last(self, limit: usize) -> Self {
        Self { scan_index_forward: false, limit: Some(limit), ..self }
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
