//! When, with what and from where something was done.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::timestamp::{Timestamp, iso_time};

/// The circumstances of one act, by which its author recognises it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occasion {
    /// When.
    pub at: Timestamp,
    /// With what program, and from where.
    #[serde(flatten)]
    pub client: Client,
}

/// As a part of a sentence: `at 2026-03-02T09:30:14Z, with curl, from the network 203.0.113.0/24`.
impl fmt::Display for Occasion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}, with {}, from ", iso_time(self.at), self.client.program())?;
        match &self.client.network {
            Some(network) => write!(f, "the network {network}"),
            None => f.write_str("an unknown network"),
        }
    }
}
