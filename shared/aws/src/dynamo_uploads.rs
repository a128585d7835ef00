//! Large files on their way, in DynamoDB.
//!
//! | pk | sk | holds |
//! |---|---|---|
//! | `USER#<id>` | `UPLOAD#<upload id>` | an upload |

use async_trait::async_trait;
use domain::{
    AccountId, FilePath, FileUpload, OperationId, Sha256Digest, StoreError, Timestamp, UploadResult,
    UploadStore,
};
use serde::{Deserialize, Serialize};

use crate::account_item::{self, key, user_pk};
use crate::dynamo_accounts::DynamoAccounts;
use crate::failure::corrupt;
use crate::table::Write;

#[derive(Serialize, Deserialize)]
struct UploadItem {
    pk: String,
    sk: String,
    path: String,
    bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256Digest>,
    unpack: bool,
    part_bytes: u64,
    store_id: String,
    expires: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<UploadResult>,
    /// When DynamoDB may remove the record. Whether an upload can be gone on with is decided by `expires`, in code.
    ttl: Timestamp,
}

const UPLOAD: &str = "UPLOAD#";

fn sort_key(id: &OperationId) -> String {
    format!("{UPLOAD}{id}")
}

impl UploadItem {
    fn into_upload(self, account: &AccountId) -> Result<FileUpload, StoreError> {
        let id = self.sk.strip_prefix(UPLOAD).and_then(OperationId::parse);
        Ok(FileUpload {
            id: id.ok_or_else(|| corrupt("upload", "its id is malformed"))?,
            account: account.clone(),
            path: FilePath::parse(&self.path).map_err(|error| corrupt("upload", error))?,
            bytes: self.bytes,
            sha256: self.sha256,
            unpack: self.unpack,
            part_bytes: self.part_bytes,
            store_id: self.store_id,
            expires: self.expires,
            result: self.result,
        })
    }
}

#[async_trait]
impl UploadStore for DynamoAccounts {
    async fn add(&self, upload: &FileUpload) -> Result<(), StoreError> {
        let item = UploadItem {
            pk: user_pk(&upload.account),
            sk: sort_key(&upload.id),
            path: upload.path.to_string(),
            bytes: upload.bytes,
            sha256: upload.sha256,
            unpack: upload.unpack,
            part_bytes: upload.part_bytes,
            store_id: upload.store_id.clone(),
            expires: upload.expires,
            result: upload.result.clone(),
            ttl: upload.expires,
        };
        self.table.apply(Write::put(account_item::to_item(&item)?)).await
    }

    async fn find_upload(
        &self,
        account: &AccountId,
        id: &OperationId,
    ) -> Result<Option<FileUpload>, StoreError> {
        let item = self.table.get(key(user_pk(account), &sort_key(id))).await?;
        item.map(|item| account_item::from_item::<UploadItem>(item)?.into_upload(account)).transpose()
    }

    async fn list_uploads(&self, account: &AccountId) -> Result<Vec<FileUpload>, StoreError> {
        let items = self.items_of(account, UPLOAD).await?.into_iter();
        items.map(|item| account_item::from_item::<UploadItem>(item)?.into_upload(account)).collect()
    }

    async fn complete(&self, upload: &FileUpload, result: &UploadResult) -> Result<(), StoreError> {
        let result = serde_dynamo::to_attribute_value(result).map_err(|error| corrupt("upload", error))?;
        let update =
            Write::update(key(user_pk(&upload.account), &sort_key(&upload.id)), "SET #result = :result")
                .only_if("attribute_exists(pk)")
                .name("#result", "result")
                .value(":result", result);
        self.table.apply(update).await
    }

    async fn remove(&self, account: &AccountId, id: &OperationId) -> Result<(), StoreError> {
        self.table.apply(Write::delete(key(user_pk(account), &sort_key(id)))).await
    }
}
