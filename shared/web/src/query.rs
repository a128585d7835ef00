//! The query of a request: `?move=a%2Fb&unpack=false`.

use percent_encoding::percent_decode_str;

use crate::error::ApiError;

/// The parameters of a query, decoded exactly once; a plus stands for a space, as in forms and at API Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the text behind the question mark. A parameter without `=` has an empty value.
    pub fn decode(raw: &str) -> Result<Self, ApiError> {
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            let decoded = percent_decode_str(&spaced).decode_utf8().map(String::from);
            decoded.map_err(|_| ApiError::BadRequest("The query is not UTF-8 in percent-encoding.".into()))
        };
        let parameters = raw.split('&').filter(|parameter| !parameter.is_empty()).map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            Ok((decode(name)?, decode(value)?))
        });
        parameters.collect::<Result<_, _>>().map(Self)
    }

    /// The value of a parameter; a parameter that stands there twice is a 400.
    pub fn get(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(ApiError::BadRequest(format!("The query parameter {name} stands there twice."))),
        }
    }
}

impl Query {
    /// All parameters, in an order that does not depend on how they were sent.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&str, &str)> {
        let mut parameters: Vec<_> =
            self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        parameters.sort_unstable();
        parameters
    }
}

impl FromIterator<(String, String)> for Query {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(parameters: I) -> Self {
        Self(parameters.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_once() {
        let query = Query::decode("move=a%2Fb%2520c+d&mkdir&&x=1=2").unwrap();
        assert_eq!(query.get("move").unwrap(), Some("a/b%20c d"));
        assert_eq!(query.get("mkdir").unwrap(), Some(""));
        assert_eq!(query.get("x").unwrap(), Some("1=2"));
        assert_eq!(query.get("copy").unwrap(), None);
        assert_eq!(Query::decode("").unwrap(), Query::default());
    }

    #[test]
    fn what_is_twice_or_not_utf_8_is_a_400() {
        assert_eq!(Query::decode("a=1&a=2").unwrap().get("a").unwrap_err().status(), 400);
        assert_eq!(Query::decode("a=%ff").unwrap_err().status(), 400);
    }
}
