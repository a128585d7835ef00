//! What is known of the program and the place that somebody uses the service from.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The longest name of a program that is kept, in characters.
const MAX_DEVICE_CHARACTERS: usize = 200;

/// What a session was begun with, so that its owner recognises it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Client {
    /// What the program calls itself (`User-Agent`), printable characters only; empty when it does not say.
    pub device: String,
    /// The network that it called from; `None` when that is not known.
    pub network: Option<Network>,
}

impl Client {
    /// A program by its own words, calling from `address`.
    #[must_use]
    pub fn new(user_agent: &str, address: Option<IpAddr>) -> Self {
        let device = user_agent.chars().filter(|c| !c.is_control()).take(MAX_DEVICE_CHARACTERS).collect();
        Self { device, network: address.map(Network::of) }
    }
}

impl Client {
    /// What the program is in one word of at most 30 letters, digits and hyphens, as it can stand in a mail that anybody
    /// can cause: no address and no sentence fits.
    #[must_use]
    pub fn program(&self) -> &str {
        let name = self.device.split(['/', ' ']).next().unwrap_or_default();
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        match name {
            "Mozilla" => "a web browser",
            name if is_plain && (1..=30).contains(&name.len()) => name,
            _ => "an unknown program",
        }
    }
}

/// A part of the internet, large enough not to name a person: the first 24 bits of an IPv4 address, or the first 48 of
/// an IPv6 address, which is what one site is given (RFC 6177 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Network(String);

impl Network {
    /// The network of an address. An IPv4 address in IPv6 form counts as what it is.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}::/48")
            }
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> String {
        Network::of(address.parse().expect("an address")).to_string()
    }

    #[test]
    fn a_network_does_not_name_a_person() {
        assert_eq!(network("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
    }

    #[test]
    fn a_program_is_one_plain_word() {
        for (device, program) in [
            ("curl/8.5", "curl"),
            ("python-requests/2.34.2", "python-requests"),
            ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "a web browser"),
            ("evil.example/x", "an unknown program"),
            ("https://evil.example", "an unknown program"),
            ("", "an unknown program"),
        ] {
            assert_eq!(Client::new(device, None).program(), program);
        }
    }

    #[test]
    fn a_device_is_one_short_line() {
        let client = Client::new(&format!("curl/8.5\r\n\u{1b}[31m{}", "x".repeat(500)), None);
        assert!(client.device.starts_with("curl/8.5[31mx") && client.device.len() == MAX_DEVICE_CHARACTERS);
    }
}
