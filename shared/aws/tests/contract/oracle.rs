//! The SDKs as the oracle: what is written without them they read alike, what they write is read alike, and links are
//! what they would have signed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws::{Clients, DynamoAccounts, S3Files};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::config::{Credentials, Region, RequestChecksumCalculation, SharedCredentialsProvider};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use domain::testing::contract;
use domain::{
    AccountId, AccountStore as _, Effects, FileKey, FilePath, FileStore as _, FolderKey, FolderPath, NewFile,
    OperationId, PartStore as _,
};
use futures_util::TryStreamExt as _;
use stack::environment::{self, BUCKET, TABLE};
use web::{SystemClock, SystemRandom};

use crate::local_back_ends;

/// A name with everything that is special in a path, a query, a header or XML.
const ODD: &str = "a b/ü %2F+&=?#;'\"<~é\u{301}>*$()!@,:|[]{}^`.idf";

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_the_same_record_for_the_sdk() {
    let backends = local_back_ends("oracle-table").await;
    let sdk = aws_sdk_dynamodb::Client::new(&environment::sdk_config(&backends.dynamodb_url).await);
    let store = DynamoAccounts::new(&environment::clients(&backends.dynamodb_url), TABLE.to_owned());
    let mut account = contract::account("ada@example.org", &SystemRandom);
    account.profile.surname = Some("Löve \"& <lace>\u{1f393}".into());
    account.quota_bytes = Some(u64::MAX);
    store.create(&account, &Effects::none()).await.expect("created");
    let key = |sk: &str| {
        let text = |text: String| AttributeValue::S(text);
        Some([("pk".into(), text(format!("USER#{}", account.id))), ("sk".into(), text(sk.into()))].into())
    };
    let got = sdk.get_item().table_name(TABLE).set_key(key("PROFILE")).send().await.expect("readable");
    let mut item = got.item.expect("there");
    assert_eq!(item["surname"], AttributeValue::S("Löve \"& <lace>\u{1f393}".into()));
    assert_eq!(item["quota_bytes"], AttributeValue::N(u64::MAX.to_string()));
    assert_eq!(item["disabled"], AttributeValue::Bool(false));
    item.insert("surname".into(), AttributeValue::S("Byron".into()));
    item.insert("unknown".into(), AttributeValue::Null(true));
    sdk.put_item().table_name(TABLE).set_item(Some(item)).send().await.expect("stored");
    account.profile.surname = Some("Byron".into());
    assert_eq!(store.find_account(&account.id).await.expect("readable"), Some(account));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_any_name_is_the_same_object_for_the_sdk() {
    let backends = local_back_ends("oracle-bucket").await;
    let sdk = aws_sdk_s3::Client::new(&environment::sdk_config(&backends.aws_url).await);
    let store = S3Files::new(&environment::clients(&backends.aws_url), BUCKET.to_owned());
    let (owner, operation) = (AccountId::random(&SystemRandom), OperationId::random(&SystemRandom));
    let key = FileKey::new(&owner, FilePath::parse(ODD).expect("valid"));
    let content: Bytes = (0..=255).cycle().take(300_000).collect();
    let etag = store.put(&key, NewFile::plain(content.clone()), &operation).await.expect("stored");
    let got = sdk.get_object().bucket(BUCKET).key(key.to_string()).send().await.expect("there");
    assert_eq!(got.e_tag(), Some(etag.as_str()));
    assert_eq!(got.metadata().expect("metadata")["operation"], operation.as_str());
    assert!(got.body.collect().await.expect("whole").into_bytes() == content, "the bytes differ");
    let put = sdk.put_object().bucket(BUCKET).key(key.to_string());
    put.body(ByteStream::from_static(b"by the SDK")).send().await.expect("stored");
    let (state, read) = store.open(&key).await.expect("readable").expect("there");
    assert_eq!(read.try_collect::<Vec<_>>().await.expect("whole").concat(), b"by the SDK");
    let root = FolderKey::new(&owner, FolderPath::parse("").expect("valid"));
    let entries = store.list(&root).await.expect("listed");
    let list = sdk.list_objects_v2().bucket(BUCKET).prefix(format!("{owner}/")).send().await.expect("listed");
    let [object] = list.contents() else { panic!("{list:?}") };
    assert_eq!((entries.len(), entries[0].path.as_str(), entries[0].bytes), (1, ODD, 10));
    let modified = object.last_modified().expect("a time").secs();
    assert_eq!(i64::try_from(entries[0].modified.unix_seconds()).expect("a time"), modified);
    assert_eq!(state.modified, entries[0].modified);
}

/// A link without what differs from second to second.
fn lasting(link: &str) -> (String, BTreeMap<String, String>) {
    let (address, query) = link.split_once('?').expect("a query");
    let pairs = query.split('&').map(|pair| pair.split_once('=').expect("a pair"));
    let pairs = pairs.filter(|(name, _)| !["X-Amz-Date", "X-Amz-Signature", "x-id"].contains(name));
    (address.to_owned(), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The same clients of AWS itself, by the SDK and without: nothing is sent.
async fn on_aws(region: &'static str) -> (aws_sdk_s3::Client, Clients) {
    let lookup = |name: &str| match name {
        "AWS_REGION" => Some(region.to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        "AWS_SESSION_TOKEN" => Some("a token/+=".to_owned()),
        _ => None,
    };
    let credentials = Credentials::new("test", "test", Some("a token/+=".into()), None, "test");
    let config = environment::sdk_config("http://127.0.0.1:1").await.into_builder();
    let mut config = config.region(Region::new(region));
    config.set_endpoint_url(None);
    let config = config.credentials_provider(SharedCredentialsProvider::new(credentials)).build();
    let clients = Clients::load(&lookup, Arc::new(SystemClock)).expect("all variables are there");
    (aws_sdk_s3::Client::new(&config), clients)
}

#[tokio::test]
async fn links_are_what_the_sdk_would_have_signed_wherever_the_bucket_is() {
    let url = "http://127.0.0.1:1";
    let sdk = aws_sdk_s3::Client::new(&environment::sdk_config(url).await);
    same_links(&sdk, &environment::clients(url), BUCKET).await;
    for (region, bucket) in
        [("eu-west-2", "users-files"), ("us-east-1", "a.b"), ("cn-north-1", "users-files")]
    {
        let (sdk, clients) = on_aws(region).await;
        same_links(&sdk, &clients, bucket).await;
    }
}

async fn same_links(sdk: &aws_sdk_s3::Client, clients: &Clients, bucket: &str) {
    let store = S3Files::new(clients, bucket.to_owned());
    let owner = AccountId::random(&SystemRandom);
    let key = FileKey::new(&owner, FilePath::parse(ODD).expect("valid"));
    let expiry = || PresigningConfig::expires_in(Duration::from_mins(5)).expect("valid");
    let disposition = "attachment; filename=\"a b.idf\"; filename*=UTF-8''a%20b%C3%BC.idf";
    let get =
        sdk.get_object().bucket(bucket).key(key.to_string()).response_cache_control("private, no-cache");
    let get = get.response_content_disposition(disposition).response_content_type("application/octet-stream");
    let theirs = get.presigned(expiry()).await.expect("signed");
    let ours = store.link(&key, disposition, 300).await.expect("signed");
    assert_eq!(lasting(&ours), lasting(theirs.uri()));
    let part = sdk.upload_part().bucket(bucket).key(key.to_string()).upload_id("an id/+=").part_number(7);
    let plain = aws_sdk_s3::config::Builder::new()
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    let part = part.content_length(1_234).customize().config_override(plain);
    let theirs = part.presigned(expiry()).await.expect("signed");
    let ours = store.part_link(&key, "an id/+=", 7, 1_234, 300).await.expect("signed");
    assert_eq!(lasting(&ours), lasting(theirs.uri()));
}
