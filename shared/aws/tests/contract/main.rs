//! The contract suite of the domain, run by the adapters against the local back ends.
//!
//! With `CONTRACT_TABLE` and `CONTRACT_BUCKET` set it runs against real AWS instead, with the SDK's own settings: the
//! table has the keys `pk` and `sk`, the bucket is versioned. The suite makes its own accounts and leaves no files.

mod broken_connections;
mod oracle;

use std::path::PathBuf;
use std::sync::Arc;

use aws::{Clients, DynamoAccounts, S3Files, SesMailer, key_source};
use bytes::Bytes;
use domain::testing::contract;
use domain::{EmailAddress, Mail, MailError, Mailer as _};
use session::{SigningKeySource, SigningKeys};
use stack::backends::{Backends, Data};
use stack::environment::{self, BUCKET, CONFIGURATION_SET, SENDER, TABLE};
use stack::mailbox::Mailbox;
use stack::provision;
use web::environment::variable;
use web::{SystemClock, SystemRandom};

async fn local_back_ends(name: &str) -> Backends {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let logs = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&logs).expect("a log folder");
    let backends =
        Backends::start(&Data::Memory, &manifest.join("../../.venv"), &logs).await.expect("back ends");
    provision::provision(&backends, &["http://localhost:9000"], &SystemClock, &SystemRandom)
        .await
        .expect("provisioned");
    backends
}

/// The clients of a function on AWS, by this process's environment.
fn real_clients() -> Clients {
    Clients::load(&variable, Arc::new(SystemClock)).expect("credentials of AWS")
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamodb_keeps_the_contract_of_accounts_and_sessions() {
    if let Some(table) = variable("CONTRACT_TABLE") {
        let store = DynamoAccounts::new(&real_clients(), table);
        contract::accounts_and_sessions(&store, &SystemRandom).await;
        return contract::api_keys(&store, &SystemRandom).await;
    }
    let backends = local_back_ends("accounts").await;
    let clients = environment::clients(&backends.dynamodb_url);
    let store = DynamoAccounts::new(&clients, TABLE.to_owned());
    contract::accounts_and_sessions(&store, &SystemRandom).await;
    contract::api_keys(&store, &SystemRandom).await;
    // A second opinion: the other engine, so that nothing leans on an accident of the first.
    let backends = Backends { dynamodb_url: backends.aws_url.clone(), ..backends };
    provision::provision(&backends, &["http://localhost:9000"], &SystemClock, &SystemRandom)
        .await
        .expect("provisioned");
    let clients = environment::clients(&backends.aws_url);
    let store = DynamoAccounts::new(&clients, TABLE.to_owned());
    contract::accounts_and_sessions(&store, &SystemRandom).await;
    contract::api_keys(&store, &SystemRandom).await;
    contract::ledger(&store, &SystemRandom).await;
    contract::uploads(&store, &SystemRandom).await;
    contract::idempotency(&store, &SystemRandom).await;
    contract::an_answer_is_kept_with_the_end_of_its_operation(&store, &store, &SystemRandom).await;
    contract::throttle(&store, &SystemRandom).await;
    contract::effects(&store, &SystemRandom).await;
    contract::deletions(&store, &SystemRandom).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamodb_keeps_the_contract_of_ledgers() {
    if let Some(table) = variable("CONTRACT_TABLE") {
        return contract::ledger(&DynamoAccounts::new(&real_clients(), table), &SystemRandom).await;
    }
    let backends = local_back_ends("ledgers").await;
    let clients = environment::clients(&backends.dynamodb_url);
    let store = DynamoAccounts::new(&clients, TABLE.to_owned());
    contract::ledger(&store, &SystemRandom).await;
    contract::uploads(&store, &SystemRandom).await;
    contract::idempotency(&store, &SystemRandom).await;
    contract::an_answer_is_kept_with_the_end_of_its_operation(&store, &store, &SystemRandom).await;
    contract::throttle(&store, &SystemRandom).await;
    contract::effects(&store, &SystemRandom).await;
    contract::deletions(&store, &SystemRandom).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_keeps_the_contract_of_files() {
    if let Some(bucket) = variable("CONTRACT_BUCKET") {
        let store = S3Files::new(&real_clients(), bucket);
        contract::files(&store, &SystemRandom).await;
        contract::a_file_in_parts_appears_when_they_are_joined(&store, &SystemRandom, put).await;
        return contract::parts_can_be_dropped(&store, &SystemRandom, put).await;
    }
    let backends = local_back_ends("files").await;
    let clients = environment::clients(&backends.aws_url);
    let store = S3Files::new(&clients, BUCKET.to_owned());
    contract::files(&store, &SystemRandom).await;
    contract::a_file_in_parts_appears_when_they_are_joined(&store, &SystemRandom, put).await;
    contract::parts_can_be_dropped(&store, &SystemRandom, put).await;
}

/// Sends bytes to a URL as a client would; whether they were taken.
async fn put(url: &str, content: Bytes) -> bool {
    let answer = environment::http_client().put(url).body(content).send().await.expect("an answer");
    answer.status().is_success()
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_takes_a_mail_from_a_verified_sender_and_refuses_any_other() {
    let backends = local_back_ends("mail").await;
    let clients = environment::clients(&backends.aws_url);
    let ada = EmailAddress::parse("ada@example.org").expect("valid");
    let mail = Mail::new(ada, "Grüße", "line\nline").expect("valid");
    SesMailer::new(&clients, SENDER.to_owned(), CONFIGURATION_SET.to_owned())
        .send(&mail)
        .await
        .expect("sent");
    let refused = SesMailer::new(&clients, "nobody@example.com".to_owned(), CONFIGURATION_SET.to_owned())
        .send(&mail)
        .await;
    assert!(matches!(refused, Err(MailError::Refused(_))), "{refused:?}");
    let mails = Mailbox::new(&backends.aws_url, None).mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].subject.as_str(), mails[0].text.as_str()), ("Grüße", "line\nline"));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_keys_come_from_the_configuration_or_from_parameter_store() {
    let backends = local_back_ends("keys").await;
    let config = environment::sdk_config(&backends.aws_url).await;
    let (ssm, clients) = (aws_sdk_ssm::Client::new(&config), environment::clients(&backends.aws_url));
    let keys = SigningKeys::generate("one").expect("a key");
    let put = ssm.put_parameter().name("/users-api/keys").value(&keys);
    put.r#type(aws_sdk_ssm::types::ParameterType::SecureString).send().await.expect("stored");
    for source in [SigningKeySource::Inline(keys), SigningKeySource::Parameter("/users-api/keys".into())] {
        let keys = key_source(&clients, source).load().await.expect("readable");
        assert_eq!(format!("{keys:?}"), r#"SigningKeys["one"]"#);
    }
    let none = SigningKeySource::Parameter("/users-api/none".into());
    let error = key_source(&clients, none).load().await.unwrap_err();
    assert!(error.to_string().contains("/users-api/none"));
    assert!(key_source(&clients, SigningKeySource::Inline("secret".into())).load().await.is_err());
}
