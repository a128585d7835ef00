//! The SDK's configuration: region, credentials and endpoints from the environment, time-outs from here.

use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::config::SharedHttpClient;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

/// The roots of Amazon Trust Services, which every AWS endpoint chains up to
/// (<https://www.amazontrust.com/repository/>). Reading the machine's own hundreds of roots instead takes several
/// milliseconds of each cold start, and trusts all of them.
const AMAZON_ROOTS: [&str; 5] = [
    include_str!("roots/amazon_root_ca_1.pem"),
    include_str!("roots/amazon_root_ca_2.pem"),
    include_str!("roots/amazon_root_ca_3.pem"),
    include_str!("roots/amazon_root_ca_4.pem"),
    include_str!("roots/starfield_services_root_g2.pem"),
];

/// The SDK has no time-out of its own for an attempt or an operation. These leave a function, whose own limit is
/// longer, time to answer 503: three attempts of DynamoDB within 6 s.
const DYNAMODB_TIMEOUTS: Timeouts = Timeouts { attempt: 2, operation: 6 };

/// A whole 4 MiB object moves in one attempt.
const S3_TIMEOUTS: Timeouts = Timeouts { attempt: 5, operation: 9 };

/// Sending is tried once: SES has no idempotency token, and a retry could send twice.
const SES_TIMEOUTS: Timeouts = Timeouts { attempt: 8, operation: 8 };

/// Keys are read at start-up and every few minutes on the way of a request, which must not wait for long: the old ones
/// may serve on.
const SSM_TIMEOUTS: Timeouts = Timeouts { attempt: 1, operation: 3 };

/// A connection within a region takes milliseconds.
const CONNECT_SECONDS: u64 = 1;

/// In seconds.
struct Timeouts {
    attempt: u64,
    operation: u64,
}

impl Timeouts {
    fn config(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS))
            .operation_attempt_timeout(Duration::from_secs(self.attempt))
            .operation_timeout(Duration::from_secs(self.operation))
            .build()
    }
}

/// Makes the clients that the adapters are built on.
#[derive(Clone, Debug)]
pub struct Clients {
    config: SdkConfig,
}

impl Clients {
    /// Region, credentials and endpoints from the environment, where Lambda puts them; no other source is asked.
    pub async fn load() -> Self {
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(EnvironmentVariableRegionProvider::new())
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .http_client(http_client());
        Self::new(config.load().await)
    }

    /// Takes a configuration as it is.
    #[must_use]
    pub fn new(config: SdkConfig) -> Self {
        Self { config }
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config);
        aws_sdk_dynamodb::Client::from_conf(config.timeout_config(DYNAMODB_TIMEOUTS.config()).build())
    }

    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config);
        aws_sdk_s3::Client::from_conf(config.timeout_config(S3_TIMEOUTS.config()).build())
    }

    pub(crate) fn ses(&self) -> aws_sdk_sesv2::Client {
        let config = aws_sdk_sesv2::config::Builder::from(&self.config)
            .timeout_config(SES_TIMEOUTS.config())
            .retry_config(aws_sdk_sesv2::config::retry::RetryConfig::disabled());
        aws_sdk_sesv2::Client::from_conf(config.build())
    }

    pub(crate) fn ssm(&self) -> aws_sdk_ssm::Client {
        let config = aws_sdk_ssm::config::Builder::from(&self.config);
        aws_sdk_ssm::Client::from_conf(config.timeout_config(SSM_TIMEOUTS.config()).build())
    }
}

/// One pool of connections for all clients.
fn http_client() -> SharedHttpClient {
    let trust =
        AMAZON_ROOTS.iter().fold(TrustStore::empty(), |store, root| store.with_pem_certificate(*root));
    // Building fails for no context; the default one trusts the machine's roots.
    let context = TlsContext::builder().with_trust_store(trust).build().unwrap_or_default();
    let client = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    client.tls_context(context).build_https()
}
