//! The local stack: what stands in for AWS on one machine.
//!
//! | file | about |
//! |---|---|
//! | [`child`] | processes that never outlive this one |
//! | [`backends`] | DynamoDB inside this process, S3 and SES beside it |
//! | [`provision`] | table, bucket, sender, signing keys, accounts |
//! | [`environment`] | what the functions are told |
//! | [`gateway`] | API Gateway and Lambda for tests: both event formats, the real binaries |
//! | [`mailbox`] | the mail that was sent, as a page and as JSON |
//!
//! `make run` serves the API with it for people, under `cargo lambda watch`, and keeps the data. Tests start it in
//! their own process, in memory, with the functions behind [`gateway`].

pub mod backends;
pub mod child;
pub mod environment;
pub mod event;
pub mod gateway;
pub mod mailbox;
pub mod provision;
pub mod runtime_api;

/// Any failure of the stack, as a sentence for the person who started it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A port of the loopback interface that is free at the moment. It lies below those that the system takes for connections
/// (from 32,768 on, ip(7)), one of which may be taken before whoever wants the port has it.
pub fn free_port() -> Result<u16, Error> {
    let random: &dyn domain::Random = &web::SystemRandom;
    for _ in 0..100 {
        let mut bytes = [0; 2];
        random.fill(&mut bytes);
        let port = 10_000 + u16::from_le_bytes(bytes) % 20_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no port is free".into())
}
