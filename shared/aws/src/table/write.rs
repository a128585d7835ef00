//! A write of one record, and on which condition.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;
use serde_dynamo::AttributeValue;

use crate::account_item::Item;

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

    pub(super) fn change(&mut self) -> &mut Change {
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

    pub(super) fn in_table(mut self, name: &str) -> Self {
        name.clone_into(&mut self.change().table_name);
        self
    }
}
