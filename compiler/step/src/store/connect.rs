//! Connections to object stores.
//!
//! Keys come from the environment alone, where the target's secret is bound:
//! - `s3`: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, and `AWS_SESSION_TOKEN` for keys that expire;
//! - `gcs`: `GOOGLE_SERVICE_ACCOUNT_KEY` or `GOOGLE_APPLICATION_CREDENTIALS`, the JSON of a service account's key (not
//!   the path of a file);
//! - `azure`: `AZURE_STORAGE_ACCOUNT_NAME` with `AZURE_STORAGE_ACCOUNT_KEY`, with `AZURE_STORAGE_SAS_TOKEN`, or with
//!   `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`.
//!
//! Only where none of these is set the platform's own identity counts: what the cluster injects into the pod for its
//! service account, else the metadata service of the machine. An S3 endpoint of one's own has none, and needs keys.
//!
//! TLS trusts the public authorities that are built in and those that the target adds, never what an image holds.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{BackoffConfig, Certificate, ClientOptions, ObjectStore, RetryConfig};

use super::errors::Told;
use super::open::{Argument, Kind};
use crate::failure::Failure;

/// Where the values of environment variables come from.
pub type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A connection, and what its errors tell.
pub(super) struct Link {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) told: Told,
}

/// Makes a connection; nothing is sent yet.
pub(super) fn connect(argument: &Argument, variables: &Variables<'_>) -> Result<Link, Failure> {
    // Where another part of the process chose already, that choice is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut told = Told::new(argument);
    let options = options(argument)?;
    // A variable that is set and empty is what an optional key of a secret leaves.
    let set = |name: &str| variables(name).filter(|value| !value.trim().is_empty());
    let store = match argument.kind {
        Kind::S3 => s3(argument, options, &set, &mut told),
        Kind::Gcs => gcs(argument, options, &set, &mut told),
        Kind::Azure => azure(argument, options, &set, &mut told),
    }?;
    Ok(Link { store, told })
}

fn s3(
    argument: &Argument,
    options: ClientOptions,
    set: &Variables<'_>,
    told: &mut Told,
) -> Result<Arc<dyn ObjectStore>, Failure> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&argument.bucket)
        .with_client_options(options)
        .with_retry(retries())
        .with_virtual_hosted_style_request(!argument.path_style);
    let region = argument.region.clone().or_else(|| set("AWS_REGION")).or_else(|| set("AWS_DEFAULT_REGION"));
    builder = builder.with_region(region.unwrap_or_else(|| "us-east-1".to_owned()));
    if let Some(endpoint) = &argument.endpoint {
        builder = builder.with_endpoint(s3_endpoint(argument, endpoint));
    }
    match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => {
            told.hide(&secret);
            builder = builder.with_access_key_id(id.trim()).with_secret_access_key(secret.trim());
            if let Some(token) = set("AWS_SESSION_TOKEN") {
                told.hide(&token);
                builder = builder.with_token(token.trim());
            }
        }
        (None, None) if set("AWS_SESSION_TOKEN").is_none() => {
            builder = s3_identity(builder, argument, set)?;
        }
        (id, _) => {
            let (has, lacks) = if id.is_some() {
                ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
            } else {
                ("AWS_SECRET_ACCESS_KEY or AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")
            };
            return Err(Failure::new(format!(
                "the secret of the store holds {has} and no {lacks}: both must be keys of `store.secret` in fuse.toml"
            )));
        }
    }
    Ok(Arc::new(builder.build().map_err(|error| told.unusable(&error))?))
}

/// The identity that the cluster injects.
fn s3_identity(
    mut builder: AmazonS3Builder,
    argument: &Argument,
    set: &Variables<'_>,
) -> Result<AmazonS3Builder, Failure> {
    let mut injected = false;
    for (name, key) in [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", AmazonS3ConfigKey::WebIdentityTokenFile),
        ("AWS_ROLE_ARN", AmazonS3ConfigKey::RoleArn),
        ("AWS_ROLE_SESSION_NAME", AmazonS3ConfigKey::RoleSessionName),
        ("AWS_ENDPOINT_URL_STS", AmazonS3ConfigKey::StsEndpoint),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", AmazonS3ConfigKey::ContainerCredentialsRelativeUri),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", AmazonS3ConfigKey::ContainerCredentialsFullUri),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", AmazonS3ConfigKey::ContainerAuthorizationTokenFile),
    ] {
        if let Some(value) = set(name) {
            injected = true;
            builder = builder.with_config(key, value);
        }
    }
    if injected || argument.endpoint.is_none() {
        return Ok(builder);
    }
    Err(Failure::new(
        "the store has no keys: name a secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in `store.secret` of \
         the target in fuse.toml",
    ))
}

/// The endpoint, with the bucket in its host where it does not stand in the path.
fn s3_endpoint(argument: &Argument, endpoint: &url::Url) -> String {
    let mut endpoint = endpoint.clone();
    if let (false, Some(host)) = (argument.path_style, endpoint.host_str()) {
        let host = format!("{}.{host}", argument.bucket);
        // A host that takes no name in front is an address: then only the path is left.
        let _ = endpoint.set_host(Some(&host));
    }
    endpoint.as_str().trim_end_matches('/').to_owned()
}

fn gcs(
    argument: &Argument,
    options: ClientOptions,
    set: &Variables<'_>,
    told: &mut Told,
) -> Result<Arc<dyn ObjectStore>, Failure> {
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(&argument.bucket)
        .with_client_options(options)
        .with_retry(retries());
    if let Some(endpoint) = &argument.endpoint {
        builder = builder.with_base_url(endpoint.as_str().trim_end_matches('/'));
    }
    let key = ["GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_APPLICATION_CREDENTIALS"]
        .into_iter()
        .find_map(|name| set(name).map(|value| (name, value)));
    if let Some((name, key)) = key {
        let json = serde_json::from_str::<serde_json::Value>(&key).ok();
        let Some(private) = json.as_ref().and_then(|json| json.get("private_key")?.as_str()) else {
            return Err(Failure::new(format!(
                "{name} is not the JSON of a service account's key: the key of the secret must hold the content of the \
                 key file, with its `private_key`, not its path"
            )));
        };
        told.hide(private);
        told.hide(&key);
        builder = builder.with_service_account_key(key);
    }
    Ok(Arc::new(builder.build().map_err(|error| told.unusable(&error))?))
}

fn azure(
    argument: &Argument,
    options: ClientOptions,
    set: &Variables<'_>,
    told: &mut Told,
) -> Result<Arc<dyn ObjectStore>, Failure> {
    let account = set("AZURE_STORAGE_ACCOUNT_NAME").or_else(|| azure_account(argument)).ok_or_else(|| {
        Failure::new(
            "the name of the storage account is not known: make AZURE_STORAGE_ACCOUNT_NAME a key of `store.secret` \
             in fuse.toml, or set `endpoint = \"https://<account>.blob.core.windows.net\"`",
        )
    })?;
    let mut builder = MicrosoftAzureBuilder::new()
        .with_account(account.trim())
        .with_container_name(&argument.bucket)
        .with_client_options(options)
        .with_retry(retries());
    if let Some(endpoint) = &argument.endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/').to_owned());
    }
    if let Some(key) = set("AZURE_STORAGE_ACCOUNT_KEY") {
        told.hide(&key);
        builder = builder.with_access_key(key.trim());
    } else if let Some(token) = set("AZURE_STORAGE_SAS_TOKEN") {
        told.hide(&token);
        builder = builder.with_config(AzureConfigKey::SasKey, token.trim());
    } else {
        for (name, key) in [
            ("AZURE_TENANT_ID", AzureConfigKey::AuthorityId),
            ("AZURE_CLIENT_ID", AzureConfigKey::ClientId),
            ("AZURE_CLIENT_SECRET", AzureConfigKey::ClientSecret),
            ("AZURE_FEDERATED_TOKEN_FILE", AzureConfigKey::FederatedTokenFile),
            ("AZURE_AUTHORITY_HOST", AzureConfigKey::AuthorityHost),
        ] {
            if let Some(value) = set(name) {
                if name == "AZURE_CLIENT_SECRET" {
                    told.hide(&value);
                }
                builder = builder.with_config(key, value.trim());
            }
        }
    }
    Ok(Arc::new(builder.build().map_err(|error| told.unusable(&error))?))
}

/// The account in an endpoint of Azure's own.
fn azure_account(argument: &Argument) -> Option<String> {
    let host = argument.endpoint.as_ref()?.host_str()?;
    let (account, rest) = host.split_once('.')?;
    rest.starts_with("blob.").then(|| account.to_owned())
}

/// A request is tried at most six times within three minutes.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(15),
            base: 2.0,
        },
        max_retries: 5,
        retry_timeout: Duration::from_secs(180),
    }
}

fn options(argument: &Argument) -> Result<ClientOptions, Failure> {
    let plain = argument.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
    let mut options = ClientOptions::new()
        .with_allow_http(plain)
        .with_connect_timeout(Duration::from_secs(10))
        // Not the whole request, which takes what a large file takes: a pause in it.
        .with_timeout_disabled()
        .with_read_timeout(Duration::from_secs(120))
        .with_no_system_certificates(true);
    for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        if let Ok(certificate) = Certificate::from_der(root) {
            options = options.with_root_certificate(certificate);
        }
    }
    for certificate in added(argument)? {
        options = options.with_root_certificate(certificate);
    }
    Ok(options)
}

/// The certificates that the target adds.
fn added(argument: &Argument) -> Result<Vec<Certificate>, Failure> {
    let Some(ca) = &argument.ca else { return Ok(Vec::new()) };
    let pem = if ca.contains("-----BEGIN") {
        ca.clone()
    } else {
        let path = std::path::Path::new(ca);
        std::fs::read_to_string(path)
            .map_err(|error| Failure::io("read the store's certificates", path, &error))?
    };
    let certificates = Certificate::from_pem_bundle(pem.as_bytes()).unwrap_or_default();
    if certificates.is_empty() {
        return Err(Failure::new(
            "the store's `ca` holds no certificate: it must be PEM, -----BEGIN CERTIFICATE-----",
        ));
    }
    Ok(certificates)
}
