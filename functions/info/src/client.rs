//! `GET /client/<wheel>`: the Python client, as `pip install` takes it. `make wheel` has built it, `build.rs` has found it.

use http::{HeaderValue, header};
use web::route::BASE_PATH;
use web::{ApiError, Response};

include!(concat!(env!("OUT_DIR"), "/client.rs"));

/// The wheel, by the name that says its version.
pub(crate) fn wheel(name: &str) -> Result<Response, ApiError> {
    if name != WHEEL_NAME {
        return Err(ApiError::NotFound(format!(
            "There is no such client, or no longer: it is at {BASE_PATH}/client/{WHEEL_NAME}."
        )));
    }
    let mut answer = Response::new(web::Body::from(WHEEL));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_a_wheel_for_every_machine() {
        let answer = wheel(WHEEL_NAME).unwrap();
        assert!(answer.body().as_whole().unwrap().starts_with(b"PK"));
        assert!(WHEEL_NAME.starts_with("users_api_client-") && WHEEL_NAME.ends_with("-py3-none-any.whl"));
    }

    #[test]
    fn whoever_asks_for_another_version_is_told_which_there_is() {
        let error = wheel("users_api_client-0.0.1-py3-none-any.whl").unwrap_err();
        assert!(error.status() == 404 && error.to_string().contains(WHEEL_NAME), "{error}");
    }
}
