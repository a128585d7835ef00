//! Makes what a deployment would make: table, bucket, sender, and accounts to try. All of it can be done again.

use std::path::Path;

use aws::DynamoAccounts;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TimeToLiveSpecification,
};
use aws_sdk_s3::operation::create_bucket::CreateBucketError;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CorsConfiguration, CorsRule, CreateBucketConfiguration,
    VersioningConfiguration,
};
use aws_sdk_sesv2::operation::create_email_identity::CreateEmailIdentityError;
use domain::{
    Account, AccountId, AccountStore as _, Clock, Effects, EmailAddress, Password, PasswordHasher, Profile,
    Random, Role, StoreError,
};

use crate::Error;
use crate::backends::Backends;
use crate::environment::{BUCKET, REGION, SENDER, TABLE, clients, sdk_config};

/// The accounts that every local stack has.
pub const DEMO_ACCOUNTS: [(&str, &str, Role); 3] = [
    ("demo@example.org", "demo-password-1", Role::User),
    ("pro@example.org", "pro-password-1", Role::Pro),
    ("admin@example.org", "admin-password-1", Role::Admin),
];

/// Makes everything that is not there yet. Pages of the web origins in `pages` may send and read files.
pub async fn provision(
    backends: &Backends,
    pages: &[&str],
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<(), Error> {
    let aws = sdk_config(&backends.aws_url).await;
    make_bucket(&aws_sdk_s3::Client::new(&aws), pages).await?;
    make_sender(&aws).await?;
    accounts(&backends.dynamodb_url, clock, random).await
}

/// The table and the accounts in it.
pub async fn accounts(dynamodb_url: &str, clock: &dyn Clock, random: &dyn Random) -> Result<(), Error> {
    make_table(&aws_sdk_dynamodb::Client::new(&sdk_config(dynamodb_url).await)).await?;
    let accounts = DynamoAccounts::new(&clients(dynamodb_url), TABLE.to_owned());
    for (email, password, role) in DEMO_ACCOUNTS {
        make_account(&accounts, email, password, role, clock, random).await?;
    }
    Ok(())
}

async fn make_table(client: &aws_sdk_dynamodb::Client) -> Result<(), Error> {
    let attribute = |name| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
    };
    let key = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let create = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    let create = create.attribute_definitions(attribute("pk")?).attribute_definitions(attribute("sk")?);
    let create = create.key_schema(key("pk", KeyType::Hash)?).key_schema(key("sk", KeyType::Range)?);
    match create.send().await {
        Ok(_) => {}
        Err(error)
            if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) =>
        {
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("ttl").build()?;
    client.update_time_to_live().table_name(TABLE).time_to_live_specification(ttl).send().await?;
    Ok(())
}

async fn make_bucket(client: &aws_sdk_s3::Client, pages: &[&str]) -> Result<(), Error> {
    let region =
        CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(REGION));
    let create = client.create_bucket().bucket(BUCKET).create_bucket_configuration(region.build());
    match create.send().await {
        Ok(_) => {}
        Err(error)
            if error.as_service_error().is_some_and(CreateBucketError::is_bucket_already_owned_by_you) => {}
        Err(error) => return Err(error.into()),
    }
    let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    client.put_bucket_versioning().bucket(BUCKET).versioning_configuration(versioned).send().await?;
    let texts = |list: &[&str]| Some(list.iter().map(|text| (*text).to_owned()).collect());
    let rule = CorsRule::builder()
        .set_allowed_origins(texts(pages))
        .set_allowed_methods(texts(&["GET", "HEAD", "PUT"]));
    let rule =
        rule.set_allowed_headers(texts(&["*"])).set_expose_headers(texts(&["ETag"])).max_age_seconds(3_600);
    let cors = CorsConfiguration::builder().cors_rules(rule.build()?).build()?;
    client.put_bucket_cors().bucket(BUCKET).cors_configuration(cors).send().await?;
    Ok(())
}

async fn make_sender(config: &SdkConfig) -> Result<(), Error> {
    let client = aws_sdk_sesv2::Client::new(config);
    match client.create_email_identity().email_identity(SENDER).send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(CreateEmailIdentityError::is_already_exists_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes an account; one that is there already stays as it is.
pub async fn make_account(
    accounts: &DynamoAccounts,
    email: &str,
    password: &str,
    role: Role,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<(), Error> {
    let email = EmailAddress::parse(email)?;
    if accounts.find_by_email(&email).await?.is_some() {
        return Ok(());
    }
    let name = email.as_str().split('@').next().unwrap_or_default().to_owned();
    let profile = Profile { firstname: Some(name), ..Profile::default() };
    let password_hash = PasswordHasher::new().hash(&Password::parse(password.to_owned())?, random);
    let account = Account::new(AccountId::random(random), email, password_hash, profile, clock.now());
    let account = Account { role, ..account };
    match accounts.create(&account, &Effects::none()).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The signing keys in `file`, made at the first call. Only the owner of the file can read it.
pub fn signing_keys(file: &Path) -> Result<String, Error> {
    if let Ok(keys) = std::fs::read_to_string(file) {
        return Ok(keys);
    }
    let keys = session::SigningKeys::generate("local-1").ok_or("no signing key could be made")?;
    std::fs::write(file, &keys)?;
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(keys)
}
