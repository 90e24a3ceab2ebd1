//! Storage that speaks S3, as the place of files.

use std::fmt;
use std::time::Duration;

use object_store::RetryConfig;
use object_store::aws::{AmazonS3, AmazonS3Builder};

use super::connection::Connector;

/// Tries after the first one, of a call that another try may help.
const RETRIES_MAX: usize = 3;

/// How long tries go on: somebody waits for the outcome.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(10);

/// A bucket, and who we are there.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Config {
    /// The server, such as `http://127.0.0.1:9000`; absent means Amazon's in the region.
    pub endpoint: Option<String>,
    /// The bucket, which has nothing else in it.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// Who we are.
    pub access_key_id: String,
    /// That it is us.
    pub secret_access_key: String,
    /// Whether the bucket's name stands in the server's name, instead of in the path.
    pub bucket_in_host: bool,
}

impl fmt::Debug for S3Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("S3Config")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &"…")
            .field("bucket_in_host", &self.bucket_in_host)
            .finish()
    }
}

impl fmt::Display for S3Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bucket, region) = (&self.bucket, &self.region);
        match &self.endpoint {
            Some(endpoint) => write!(formatter, "the bucket {bucket} at {endpoint}"),
            None => write!(formatter, "the bucket {bucket} of Amazon in {region}"),
        }
    }
}

impl S3Config {
    /// The store; nothing is asked of the server yet.
    pub(super) fn store(&self) -> object_store::Result<AmazonS3> {
        let retry = RetryConfig {
            max_retries: RETRIES_MAX,
            retry_timeout: RETRY_WAIT_MAX,
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::new()
            .with_http_connector(Connector)
            .with_retry(retry)
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_access_key_id(&self.access_key_id)
            .with_secret_access_key(&self.secret_access_key)
            .with_virtual_hosted_style_request(self.bucket_in_host)
            .with_allow_http(true);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(match self.bucket_in_host {
                true => in_host(endpoint, &self.bucket),
                false => endpoint.clone(),
            });
        }
        builder.build()
    }
}

/// The server's name with the bucket before it.
fn in_host(endpoint: &str, bucket: &str) -> String {
    match endpoint.split_once("://") {
        Some((scheme, host)) => format!("{scheme}://{bucket}.{host}"),
        None => format!("{bucket}.{endpoint}"),
    }
}

/// What an S3 server said: its code and its sentence out of the XML that it answers with, or all of it where there is none.
pub(super) fn words(error: &object_store::Error) -> String {
    let text = error.to_string();
    let part = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (part, _) = rest.split_once(&format!("</{name}>"))?;
        Some(part)
    };
    match (part("Code"), part("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{S3Config, in_host};

    #[test]
    fn a_secret_is_never_shown() {
        let config = S3Config {
            endpoint: None,
            bucket: "files".to_owned(),
            region: "eu-west-1".to_owned(),
            access_key_id: "ours".to_owned(),
            secret_access_key: "hush".to_owned(),
            bucket_in_host: false,
        };
        let shown = format!("{config:?} {config}");
        assert!(shown.contains("ours") && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn a_bucket_stands_before_the_name_of_its_server() {
        let endpoint = "https://oss-cn-hangzhou.aliyuncs.com";
        let with_bucket = "https://files.oss-cn-hangzhou.aliyuncs.com";
        assert_eq!(in_host(endpoint, "files"), with_bucket);
    }
}
