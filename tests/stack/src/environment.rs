//! What the functions are told in the local stack.

use std::sync::Arc;

use aws::Clients;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::Credentials;
use web::SystemClock;

/// The region that the stand-ins pretend to be.
pub const REGION: &str = "eu-west-2";

/// The access key of the local stand-ins, which know no other.
pub const ACCESS_KEY: &str = "test";

/// The secret that goes with [`ACCESS_KEY`].
const SECRET_KEY: &str = "test";

/// The table's name.
pub const TABLE: &str = "users";

/// The bucket's name.
pub const BUCKET: &str = "users-files";

/// Where mail comes from.
pub const SENDER: &str = "users-api@example.org";

/// The configuration set that mail is sent under.
pub const CONFIGURATION_SET: &str = "users-mail";

/// The AWS settings that lead every SDK to the stand-ins: one for DynamoDB, another for everything else.
#[must_use]
pub fn aws(aws_url: &str, dynamodb_url: &str) -> Vec<(String, String)> {
    let mut variables = aws_at(aws_url);
    variables.extend(pairs(&[
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        // Where browsers send the parts of large files.
        ("BUCKET_ORIGIN", aws_url),
    ]));
    variables
}

/// The settings `aws`, and where the API, its table and its bucket are, for programs that run beside it: a shell takes them
/// in with `set -a; . aws.env`.
#[must_use]
pub fn for_a_shell(aws: &[(String, String)], public_url: &str) -> String {
    let own = pairs(&[("PUBLIC_BASE_URL", public_url), ("TABLE_NAME", TABLE), ("BUCKET_NAME", BUCKET)]);
    let lines: Vec<_> = aws.iter().chain(&own).map(|(name, value)| format!("{name}={value}")).collect();
    lines.join("\n") + "\n"
}

/// The settings that lead to one stand-in for everything.
fn aws_at(url: &str) -> Vec<(String, String)> {
    pairs(&[
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL", url),
    ])
}

/// An SDK configuration of this process for the stand-in at `url`.
pub async fn sdk_config(url: &str) -> SdkConfig {
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "local stack");
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12()).region(Region::from_static(REGION));
    let http = aws_smithy_http_client::Builder::new().build_http();
    config.http_client(http).credentials_provider(credentials).endpoint_url(url).load().await
}

/// A client of this process for everything that speaks HTTP.
#[must_use]
pub fn http_client() -> reqwest::Client {
    // reqwest takes the provider of the process, also where all is plain; that there is one already is no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// The functions' clients, in this process, for the stand-in at `url`.
#[must_use]
pub fn clients(url: &str) -> Clients {
    let variables = aws_at(url);
    let lookup = |name: &str| Some(variables.iter().find(|(variable, _)| variable == name)?.1.clone());
    #[expect(clippy::missing_panics_doc, reason = "every variable is there")]
    Clients::load(&lookup, Arc::new(SystemClock)).expect("every variable is there")
}

/// What the template gives to every function: the settings of the allocator.
pub const GLOBALS: [(&str, &str); 2] =
    [("MALLOC_MMAP_THRESHOLD_", "33554432"), ("MALLOC_TRIM_THRESHOLD_", "33554432")];

/// The functions' own settings, of all functions together, and those that every function is given.
#[must_use]
pub fn functions(public_url: &str, signing_keys: &str) -> Vec<(String, String)> {
    let own = [
        ("TABLE_NAME", TABLE),
        ("BUCKET_NAME", BUCKET),
        ("MAIL_SENDER", SENDER),
        ("MAIL_CONFIGURATION_SET", CONFIGURATION_SET),
        ("PUBLIC_BASE_URL", public_url),
        ("SIGNING_KEYS", signing_keys),
        ("TOKEN_TTL_SECONDS", "86400"),
        ("SESSION_TTL_SECONDS", "2592000"),
    ];
    pairs(&[&own[..], &GLOBALS].concat())
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
