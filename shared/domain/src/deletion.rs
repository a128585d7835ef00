//! The end of an account.
//!
//! An account is gone at once, and with it every session and key. What it leaves, its files and records, is removed
//! afterwards, which may take a while; and once more when no request that had begun before can still be under way.

use futures_util::future::try_join_all;

use crate::account::AccountId;
use crate::file_key::FolderKey;
use crate::file_path::FolderPath;
use crate::ports::{DeletionStore, FileStore, PartStore, StoreError, UploadStore};
use crate::timestamp::Timestamp;

/// For so long a request that had begun before the deletion may still store something, in seconds: as long as a
/// function can run (AWS Lambda quotas), and a minute.
pub const STRAGGLING_SECONDS: u64 = 900 + 60;

/// An account that was deleted and has left something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The account.
    pub account: AccountId,
    /// When it was deleted.
    pub at: Timestamp,
}

impl Deletion {
    /// Removes what the account has left, all of it; whether nothing can follow any more.
    pub async fn clear(
        &self,
        records: &dyn DeletionStore,
        files: &dyn FileStore,
        uploads: &dyn UploadStore,
        parts: &dyn PartStore,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let open = uploads.list_uploads(&self.account).await?;
        let open: Vec<_> = open.iter().map(|upload| (upload.key(), &upload.store_id)).collect();
        try_join_all(open.iter().map(|(key, store_id)| parts.drop_parts(key, store_id))).await?;
        files.delete_folder(&FolderKey::new(&self.account, FolderPath::root())).await?;
        files.delete_folder(&FolderKey::staged(&self.account)).await?;
        records.remove_records(&self.account).await?;
        let is_last = self.at.plus_seconds(STRAGGLING_SECONDS) <= now;
        if is_last {
            records.finish(&self.account).await?;
        }
        Ok(is_last)
    }
}
