//! Configuration: named settings, parsed into types, with every fault reported at once.

use std::fmt::Display;

use domain::EmailAddress;
use session::SigningKeySource;

use crate::origins::Origins;

/// Reads settings one by one and remembers what is wrong with them.
///
/// ```
/// # use web::Settings;
/// let mut settings = Settings::new(&|name| (name == "TABLE_NAME").then(|| "users".to_owned()));
/// let table = settings.text("TABLE_NAME");
/// let seconds = settings.parse("TOKEN_TTL_SECONDS", |text| text.parse::<u64>());
/// let error = settings.finish(|| Some((table?, seconds?))).unwrap_err();
/// assert_eq!(error.to_string(), "the configuration is not usable: TOKEN_TTL_SECONDS is not set");
/// ```
pub struct Settings<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<String>,
}

/// All that is wrong with a function's configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not usable: {}", faults.join("; "))]
pub struct InvalidConfig {
    faults: Vec<String>,
}

impl<'a> Settings<'a> {
    /// Settings found by `lookup`, the environment in production.
    #[must_use]
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, faults: Vec::new() }
    }

    /// A setting that may be absent.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|text| !text.is_empty())
    }

    /// A setting that must be there. The fault names the setting and what is wrong, never its value.
    pub fn parse<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Some(text) = self.optional(name) else {
            self.fault(format!("{name} is not set"));
            return None;
        };
        parse(&text).map_err(|error| self.fault(format!("{name}: {error}"))).ok()
    }

    /// A text that must be there.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.parse(name, |text| Ok::<_, InvalidConfig>(text.to_owned()))
    }

    /// A number of seconds of at least 1.
    pub fn seconds(&mut self, name: &str) -> Option<u64> {
        let positive =
            |text: &str| text.parse().ok().filter(|seconds| *seconds > 0).ok_or("not a number of seconds");
        self.parse(name, positive)
    }

    /// `PUBLIC_BASE_URL` and `ALLOWED_ORIGINS`, which every function has.
    pub fn public_url_and_origins(&mut self) -> Option<(PublicUrl, Origins)> {
        let url = self.parse("PUBLIC_BASE_URL", PublicUrl::parse)?;
        let origins = Origins::new(&url, &self.optional("ALLOWED_ORIGINS").unwrap_or_default());
        Some((url, origins.map_err(|error| self.fault(format!("ALLOWED_ORIGINS: {error}"))).ok()?))
    }

    /// What every function that knows sessions has: the settings above, `TABLE_NAME`, and the signing keys.
    pub fn session_config(&mut self) -> Option<SessionConfig> {
        let (table, edge, signing_keys) =
            (self.text("TABLE_NAME"), self.public_url_and_origins(), self.signing_keys());
        let (url, origins) = edge?;
        Some(SessionConfig { table: table?, url, origins, signing_keys: signing_keys? })
    }

    /// What every function that sends mail has: `MAIL_SENDER` and `MAIL_CONFIGURATION_SET`.
    pub fn mail_config(&mut self) -> Option<MailConfig> {
        let sender = self.parse("MAIL_SENDER", EmailAddress::parse);
        let configuration_set = self.text("MAIL_CONFIGURATION_SET");
        Some(MailConfig { sender: sender?, configuration_set: configuration_set? })
    }

    /// Exactly one of `SIGNING_KEYS` (the keys) and `SIGNING_KEYS_PARAMETER` (the parameter that holds them).
    fn signing_keys(&mut self) -> Option<SigningKeySource> {
        match (self.optional("SIGNING_KEYS"), self.optional("SIGNING_KEYS_PARAMETER")) {
            (Some(keys), None) => Some(SigningKeySource::Inline(keys)),
            (None, Some(name)) => Some(SigningKeySource::Parameter(name)),
            _ => {
                self.fault("set either SIGNING_KEYS or SIGNING_KEYS_PARAMETER".to_owned());
                None
            }
        }
    }

    /// Reports a fault that concerns several settings.
    fn fault(&mut self, fault: String) {
        self.faults.push(fault);
    }

    /// The configuration, or everything that is wrong with it.
    pub fn finish<T>(self, config: impl FnOnce() -> Option<T>) -> Result<T, InvalidConfig> {
        match config() {
            Some(config) if self.faults.is_empty() => Ok(config),
            _ => Err(InvalidConfig { faults: self.faults }),
        }
    }
}

/// What a function needs to know who its callers are.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The table of accounts and sessions.
    pub table: String,
    /// Where clients reach the service.
    pub url: PublicUrl,
    /// Which web pages may use it.
    pub origins: Origins,
    /// Where the keys of the tokens are.
    pub signing_keys: SigningKeySource,
}

/// What a function needs to send mail.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// Whom mail comes from.
    pub sender: EmailAddress,
    /// Says where it is told what has become of mail.
    pub configuration_set: String,
}

/// Where clients reach the service, `https://api.example.org/users/api` for instance: the issuer of tokens. By its
/// scheme it decides whether cookies are `Secure`; request headers never do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Reads an absolute `http` or `https` URL without query and without a slash at its end.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let valid = rest
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.ends_with('/'))
            && text.bytes().all(|b| b.is_ascii_graphic() && !b"?#@\"<>\\".contains(&b));
        valid.then(|| Self(text.to_owned())).ok_or("not a URL such as https://api.example.org/users/api")
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether clients come over HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Scheme, host and port, as browsers write them in `Origin`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.splitn(4, '/').take(3).collect::<Vec<_>>().join("/").to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_reported_at_once_and_no_value_is_shown() {
        let lookup = |name: &str| match name {
            "PUBLIC_BASE_URL" => Some("ftp://secret".to_owned()),
            "TOKEN_TTL_SECONDS" => Some("0".to_owned()),
            _ => None,
        };
        let mut settings = Settings::new(&lookup);
        let url = settings.public_url_and_origins();
        let (ttl, table) = (settings.seconds("TOKEN_TTL_SECONDS"), settings.text("TABLE_NAME"));
        let message = settings.finish(|| Some((url?, ttl?, table?))).unwrap_err().to_string();
        for part in ["PUBLIC_BASE_URL: not a URL", "TOKEN_TTL_SECONDS: not a number", "TABLE_NAME is not set"]
        {
            assert!(message.contains(part), "{message}");
        }
        assert!(!message.contains("secret"));
    }

    #[test]
    fn the_public_url_tells_origin_and_scheme() {
        let url = PublicUrl::parse("https://Api.example.org:8443/users/api").unwrap();
        assert_eq!((url.origin().as_str(), url.is_https()), ("https://api.example.org:8443", true));
        assert!(!PublicUrl::parse("http://localhost:9000/users/api").unwrap().is_https());
        for bad in
            ["", "api.example.org", "https://", "https:///x", "https://h/", "https://h/?q", "https://u@h"]
        {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
