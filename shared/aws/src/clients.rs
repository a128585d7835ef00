//! Where AWS is, who calls it, and how long it may take.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::SigningSettings;
use domain::Clock;
use http::Uri;

use crate::bucket::Bucket;
use crate::http_client::{HttpClient, http_client, roots};
use crate::service::{Caller, Patience, Service};
use crate::table::Table;

/// These leave a function, whose own limit is longer, time to answer 503: three attempts within 6 s.
const DYNAMODB_PATIENCE: Patience = patience(2, 6, 3);

/// A whole 4 MiB object moves in one attempt.
const S3_PATIENCE: Patience = patience(5, 8, 3);

/// Sending is tried once: SES has no idempotency token, and another attempt could send twice.
const SES_PATIENCE: Patience = patience(8, 8, 1);

/// Keys are read at start-up and every few minutes on the way of a request, which must not wait for long: the old ones
/// may serve on.
const SSM_PATIENCE: Patience = patience(1, 3, 3);

/// In seconds.
const fn patience(attempt: u64, operation: u64, attempts: u32) -> Patience {
    Patience { attempt: Duration::from_secs(attempt), operation: Duration::from_secs(operation), attempts }
}

/// The environment does not tell where AWS is and who asks, or tells something that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableEnvironment {
    /// Variables that AWS Lambda sets are not there.
    #[error("the environment lacks {}: AWS Lambda sets them", .0.join(", "))]
    Missing(Vec<&'static str>),
    /// An address that is neither of AWS nor of this machine, where whoever is on the way could read everything.
    #[error("{0:?} is no address for AWS: it begins with https, or with http for a stand-in on this machine")]
    Address(String),
    /// A file of certificates that holds none, or is not there.
    #[error("AWS_CA_BUNDLE is {0:?}, which is no readable file of certificates in PEM")]
    Bundle(String),
    /// A kind of address that these clients do not know.
    #[error(
        "{0} is set, and these clients know no such addresses: give them with AWS_ENDPOINT_URL_DYNAMODB and so on"
    )]
    Unsupported(&'static str),
}

/// Makes the clients that the adapters are built on.
#[derive(Clone)]
pub struct Clients {
    caller: Arc<Caller>,
    /// Where the stand-ins of single services are, by the names that the SDKs' variables give them, and of all others.
    addresses: Vec<(&'static str, String)>,
    http: HttpClient,
    clock: Arc<dyn Clock>,
}

impl Clients {
    /// Region and credentials from the variables that Lambda sets, and other addresses of AWS, if any, from those that all
    /// SDKs know (`AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_DYNAMODB` and so on); no other source is asked. `AWS_CA_BUNDLE` is a
    /// file of certificates that are trusted beside those of Amazon, for addresses that others answer for.
    ///
    /// # Errors
    ///
    /// Names what is missing or cannot be.
    pub fn load(
        lookup: &dyn Fn(&str) -> Option<String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, UnusableEnvironment> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let names = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let found = names.map(lookup);
        let [Some(region), Some(key), Some(secret)] = found.clone() else {
            let missing = names.into_iter().zip(found).filter(|(_, value)| value.is_none());
            return Err(UnusableEnvironment::Missing(missing.map(|(name, _)| name).collect()));
        };
        for kind in ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"] {
            if lookup(kind).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
                return Err(UnusableEnvironment::Unsupported(kind));
            }
        }
        let credentials = Credentials::new(key, secret, lookup("AWS_SESSION_TOKEN"), None, "environment");
        let mut addresses = Vec::new();
        for service in ["DYNAMODB", "S3", "SESV2", "SSM"] {
            let own = lookup(&format!("AWS_ENDPOINT_URL_{service}"));
            if let Some(url) = own.or_else(|| lookup("AWS_ENDPOINT_URL")) {
                addresses.push((service, address(&url)?));
            }
        }
        let bundle = lookup("AWS_CA_BUNDLE");
        let unusable = || UnusableEnvironment::Bundle(bundle.clone().unwrap_or_default());
        let certificates = bundle.as_ref().map(std::fs::read).transpose().map_err(|_| unusable())?;
        let roots = roots(certificates.as_deref()).ok_or_else(unusable)?;
        let caller = Arc::new(Caller::new(region, credentials));
        Ok(Self { caller, addresses, http: http_client(roots), clock })
    }

    /// Where `service` is, as the SDKs' variables name it; its host begins with `host`.
    fn address(&self, service: &str, host: &str) -> String {
        let region = &self.caller.region;
        let other = self.addresses.iter().find(|(name, _)| *name == service);
        let domain = match region.split('-').next() {
            Some("cn") => "amazonaws.com.cn",
            Some("eusc") => "amazonaws.eu",
            _ => "amazonaws.com",
        };
        other.map_or_else(|| format!("https://{host}.{region}.{domain}"), |(_, url)| url.clone())
    }

    fn service(&self, name: &'static str, address: String, patience: Patience) -> Service {
        Service {
            name,
            address,
            caller: self.caller.clone(),
            settings: SigningSettings::default(),
            patience,
            http: self.http.clone(),
            clock: self.clock.clone(),
        }
    }

    pub(crate) fn table(&self, name: String) -> Table {
        let address = self.address("DYNAMODB", "dynamodb");
        Table::new(self.service("dynamodb", address, DYNAMODB_PATIENCE), name)
    }

    pub(crate) fn bucket(&self, name: String) -> Bucket {
        // A name with a dot in it fits no certificate.
        let is_host = !name.contains('.') && !self.addresses.iter().any(|(service, _)| *service == "S3");
        let host = if is_host { format!("{name}.s3") } else { "s3".to_owned() };
        Bucket::new(self.service("s3", self.address("S3", &host), S3_PATIENCE), name, is_host)
    }

    pub(crate) fn mail(&self) -> Service {
        self.service("ses", self.address("SESV2", "email"), SES_PATIENCE)
    }

    pub(crate) fn parameters(&self) -> Service {
        self.service("ssm", self.address("SSM", "ssm"), SSM_PATIENCE)
    }
}

/// An address without a slash at its end.
fn address(url: &str) -> Result<String, UnusableEnvironment> {
    let unusable = || UnusableEnvironment::Address(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| unusable())?;
    let is_here = matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if is_here => {}
        _ => return Err(unusable()),
    }
    Ok(url.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use domain::testing::MockClock;

    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Clients, UnusableEnvironment> {
        let lookup =
            |name: &str| Some(variables.iter().find(|(variable, _)| *variable == name)?.1.to_owned());
        Clients::load(&lookup, Arc::new(MockClock::at(Timestamp::from_unix_seconds(1_790_000_000))))
    }

    #[test]
    fn all_variables_that_are_missing_or_empty_are_named_at_once() {
        let error = load(&[("AWS_REGION", ""), ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")]).err().unwrap();
        assert_eq!(
            error.to_string(),
            "the environment lacks AWS_REGION, AWS_SECRET_ACCESS_KEY: AWS Lambda sets them"
        );
    }

    #[test]
    fn what_would_go_to_the_wrong_place_is_refused() {
        let aws = [("AWS_REGION", "eu-west-2"), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s")];
        let with = |more: (&'static str, &'static str)| load(&[&aws[..], &[more]].concat());
        for url in [
            "http://s3.example.org",
            "s3.example.org",
            "ftp://127.0.0.1",
            "http://127.0.0.1.example.org",
            "nonsense",
        ] {
            let refused = with(("AWS_ENDPOINT_URL", url)).err().map(|error| error.to_string());
            assert!(refused.is_some_and(|text| text.contains("begins with https")), "{url}");
        }
        for url in ["https://vpce-1.dynamodb.example.org", "http://127.0.0.1:1", "http://localhost:1", ""] {
            assert!(with(("AWS_ENDPOINT_URL_DYNAMODB", url)).is_ok(), "{url}");
        }
        assert!(
            with(("AWS_USE_FIPS_ENDPOINT", "true")).is_err()
                && with(("AWS_USE_FIPS_ENDPOINT", "false")).is_ok()
        );
    }

    #[test]
    fn a_bundle_of_certificates_that_is_none_is_named() {
        let aws = [("AWS_REGION", "eu-west-2"), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s")];
        for path in ["/nowhere.pem", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
            let refused = load(&[&aws[..], &[("AWS_CA_BUNDLE", path)]].concat()).err();
            assert_eq!(refused, Some(UnusableEnvironment::Bundle(path.to_owned())));
        }
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bundle.pem");
        assert!(load(&[&aws[..], &[("AWS_CA_BUNDLE", root)]].concat()).is_ok());
    }

    #[test]
    fn services_are_in_their_region_unless_a_variable_says_where() {
        let aws = [("AWS_REGION", "eu-west-2"), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s")];
        let aws = load(&aws).unwrap();
        assert_eq!(aws.address("DYNAMODB", "dynamodb"), "https://dynamodb.eu-west-2.amazonaws.com");
        assert_eq!(aws.mail().address, "https://email.eu-west-2.amazonaws.com");
        let local = [
            ("AWS_REGION", "eu-west-2"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1/"),
            ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:2"),
        ];
        let local = load(&local).unwrap();
        assert_eq!(local.address("DYNAMODB", "dynamodb"), "http://127.0.0.1:2");
        assert_eq!(local.parameters().address, "http://127.0.0.1:1");
    }
}
