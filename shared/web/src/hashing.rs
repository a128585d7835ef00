//! Password hashing, off the thread that serves requests.

use std::sync::Arc;

use domain::{Password, PasswordHash, PasswordHasher, Random, Verdict};
use tokio::sync::Semaphore;

use crate::error::ApiError;
use crate::off_thread::off_thread;

/// One hash takes a whole core and 19 MiB. A process does one at a time; further ones wait here, without a thread.
const PARALLEL_HASHES: usize = 1;

/// Hashes and verifies passwords.
pub struct Hashing {
    hasher: Arc<PasswordHasher>,
    permits: Semaphore,
}

impl Default for Hashing {
    fn default() -> Self {
        Self::new()
    }
}

impl Hashing {
    /// Without any hash under way.
    #[must_use]
    pub fn new() -> Self {
        Self { hasher: Arc::new(PasswordHasher::new()), permits: Semaphore::new(PARALLEL_HASHES) }
    }

    /// Tries a password; with no stored hash the same work is done in vain.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, ApiError> {
        self.run(move |hasher| hasher.verify(&password, stored.as_ref())).await
    }

    /// Hashes a password anew.
    pub async fn hash(&self, password: Password, random: Arc<dyn Random>) -> Result<PasswordHash, ApiError> {
        self.run(move |hasher| hasher.hash(&password, &*random)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&PasswordHasher) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let _permit = self.permits.acquire().await.map_err(|error| ApiError::Internal(error.into()))?;
        let hasher = Arc::clone(&self.hasher);
        off_thread(move || work(&hasher)).await
    }
}
