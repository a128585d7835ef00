//! People who use the API, for stories about them.
//!
//! ```no_run
//! api::story(async |app| {
//!     let ada = app.signed_in("ada").await;
//!     ada.upload("test", &[("a.idf", b"Version,9.6;")]).await.is(200);
//!     assert_eq!(app.stored(&ada).await, ["test/a.idf"]);
//! });
//! ```
//!
//! Every story runs twice, against an API that sends REST events and one that sends HTTP events, with the real
//! function binaries over real DynamoDB and S3 semantics.

#![expect(clippy::missing_panics_doc, reason = "a harness of tests fails by panicking")]
#![expect(clippy::return_self_not_must_use, reason = "`is` and `fails` are assertions")]

pub mod answer;
pub mod app;
pub mod fault_proxy;
pub mod person;
pub mod roles;
pub mod template;
pub mod tls_front;
mod upstream;
pub mod world;
pub mod zips;

pub use answer::Answer;
pub use app::{App, story, story_with};
pub use person::Person;
pub use world::World;
