//! `GET /.well-known/jwks.json`: the public keys that verify the tokens (RFC 7517).

use http::{HeaderValue, StatusCode, header};
use web::{Response, response};

use crate::App;

/// As long as every process may keep the keys that it has read: a key that is new or gone is seen everywhere after that.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(crate) fn jwks(app: &App) -> Response {
    let mut answer = response::json(StatusCode::OK, &app.authenticator.tokens.public_keys());
    answer.headers_mut().insert(header::CACHE_CONTROL, CACHED);
    answer
}

#[cfg(test)]
mod tests {
    use http::header;
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};
    use serde_json::Value;

    use crate::testing::{World, body};

    #[tokio::test]
    async fn a_sibling_service_verifies_a_token_with_the_public_key_that_its_kid_names() {
        let world = World::new().await;
        let token = world.log_on("ada@example.org", "demo-password-1").await;
        let cookie = token.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        let token = cookie.split(['=', ';']).nth(1).unwrap();
        let answer = world.page(".well-known/jwks.json").await;
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "public, max-age=300");
        let keys: JwkSet = serde_json::from_str(&body(&answer)).unwrap();
        let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&["users-api"]);
        validation.validate_exp = false;
        assert!(jsonwebtoken::decode::<Value>(token, &key, &validation).is_ok());
        assert!(!body(&answer).contains("\"d\""), "the private half is nobody's");
    }
}
