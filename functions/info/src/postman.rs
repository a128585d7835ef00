//! `GET /postman.json`: the collection for Postman, which says where the service is.

use http::{HeaderValue, header};
use web::{Body, PublicUrl, Response};

const COLLECTION: &str = include_str!("../../../clients/postman/users-api.postman_collection.json");

/// Where the collection as it is committed looks for the service.
const LOCAL_API: &str = "http://localhost:9000/users/api";

/// The collection of the service at `url`, as a download.
pub(crate) fn collection(url: &PublicUrl) -> Response {
    let mut answer = Response::new(Body::from(COLLECTION.replace(LOCAL_API, url.as_str()).into_bytes()));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    let name = HeaderValue::from_static("attachment; filename=\"users-api.postman_collection.json\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_collection_asks_the_service_that_it_comes_from() {
        let answer = collection(&PublicUrl::parse("https://api.example.org/users/api").unwrap());
        let json: serde_json::Value = serde_json::from_slice(answer.body().as_whole().unwrap()).unwrap();
        let variables = json["variable"].as_array().unwrap();
        let api = variables.iter().find(|variable| variable["key"] == "api").unwrap();
        assert_eq!(api["value"], "https://api.example.org/users/api");
    }
}
