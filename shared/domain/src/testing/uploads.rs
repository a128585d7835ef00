//! Large files on their way, in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::account::AccountId;
use crate::file_ledger::OperationId;
use crate::file_upload::{FileUpload, UploadResult};
use crate::ports::{StoreError, UploadStore};

/// An [`UploadStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryUploads(Mutex<HashMap<(AccountId, OperationId), FileUpload>>);

impl MemoryUploads {
    fn uploads(&self) -> MutexGuard<'_, HashMap<(AccountId, OperationId), FileUpload>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl UploadStore for MemoryUploads {
    async fn add(&self, upload: &FileUpload) -> Result<(), StoreError> {
        self.uploads().insert((upload.account.clone(), upload.id.clone()), upload.clone());
        Ok(())
    }

    async fn find_upload(
        &self,
        account: &AccountId,
        id: &OperationId,
    ) -> Result<Option<FileUpload>, StoreError> {
        Ok(self.uploads().get(&(account.clone(), id.clone())).cloned())
    }

    async fn list_uploads(&self, account: &AccountId) -> Result<Vec<FileUpload>, StoreError> {
        Ok(self.uploads().values().filter(|upload| upload.account == *account).cloned().collect())
    }

    async fn complete(&self, upload: &FileUpload, result: &UploadResult) -> Result<(), StoreError> {
        let mut uploads = self.uploads();
        let stored = uploads.get_mut(&(upload.account.clone(), upload.id.clone()));
        stored.ok_or(StoreError::Conflict)?.result = Some(result.clone());
        Ok(())
    }

    async fn remove(&self, account: &AccountId, id: &OperationId) -> Result<(), StoreError> {
        self.uploads().remove(&(account.clone(), id.clone()));
        Ok(())
    }
}
