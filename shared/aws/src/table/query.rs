//! A query for the records of one partition.

use std::collections::HashMap;

use serde::Serialize;
use serde_dynamo::AttributeValue;

use crate::account_item::Item;

/// Records that share a partition, in the order of their sort keys.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Query {
    pub(super) table_name: String,
    consistent_read: bool,
    scan_index_forward: bool,
    key_condition_expression: &'static str,
    expression_attribute_values: HashMap<&'static str, AttributeValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_expression: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    projection_expression: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exclusive_start_key: Option<Item>,
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
