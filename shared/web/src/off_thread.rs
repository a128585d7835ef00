//! Work for the processor, off the threads that serve requests.

use crate::error::ApiError;

/// Runs `work`, which takes milliseconds or longer, on a thread of its own. A panic in it is a defect like any other.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    // The failure repeats what a panic said, and that may be a secret: it stays out of the log.
    let failed = |_| ApiError::Internal("a panic in a thread of its own, logged where it happened".into());
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::chain;

    #[tokio::test]
    async fn a_panic_is_an_error_that_repeats_nothing() {
        assert_eq!(off_thread(|| 1).await.unwrap(), 1);
        let error = off_thread(|| assert!(std::hint::black_box(false), "the password")).await.unwrap_err();
        assert_eq!(error.status(), 500);
        assert!(!chain(&error).contains("the password"));
    }
}
