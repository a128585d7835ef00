//! Session tokens and the one cookie that carries them.
//!
//! A token says who its bearer is and which session it belongs to; whether that session still lives is for the
//! session store to say. Tokens are compact JWTs signed with ES256, so that sibling services in any language can
//! verify them with public keys.
//!
//! | file | about |
//! |---|---|
//! | [`keys`] | the signing keys: the one in use, and those that tokens may still or already be signed with |
//! | [`token`] | issuing and verifying tokens |
//! | [`cookie`] | the `session_token` cookie: how it is set, expired and found |

pub mod cookie;
mod es256;
pub mod keys;
mod seal;
pub mod token;

pub use keys::{InvalidSigningKeys, Jwk, JwkSet, KeySource, SigningKeySource, SigningKeys};
pub use token::{Claims, InvalidToken, Token, Tokens};
