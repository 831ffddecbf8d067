//! One attempt over OTLP/HTTP.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use prost::Message;
use reqwest::{Client, Url, redirect};
use serde::Deserialize;
use tonic_types::pb;

use super::config::{ConfigError, ExportConfig, parse_endpoint};
use super::error::{AttemptError, Exported, cut, with_causes};
use super::{RESPONSE_BYTES_MAX, USER_AGENT};
use crate::messages::ExportMetricsServiceResponse;
use crate::{Compression, JSON, PROTOBUF};

#[derive(Debug)]
pub(super) struct HttpTransport {
    client: Client,
    url: Url,
    json: bool,
    compression: Compression,
}

impl HttpTransport {
    pub(super) fn new(config: &ExportConfig) -> Result<Self, ConfigError> {
        let uri = parse_endpoint(&config.endpoint)?.to_string();
        let url = Url::parse(&uri)
            .map_err(|error| ConfigError::Endpoint { found: uri, reason: error.to_string() })?;
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(headers(&config.headers)?)
            // A redirect would send the headers, which may hold credentials, to somewhere nobody configured.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| ConfigError::Client(with_causes(&error.without_url())))?;
        Ok(Self { client, url, json: config.json, compression: config.compression })
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// The body that is sent for an encoded request.
    pub(super) fn body(&self, bytes: Bytes) -> io::Result<Bytes> {
        self.compression.compress(bytes)
    }

    pub(super) async fn send(&self, body: Bytes) -> Result<Exported, AttemptError> {
        let media_type = if self.json { JSON } else { PROTOBUF };
        let mut request = self.client.post(self.url.clone()).header(CONTENT_TYPE, media_type).body(body);
        if let Some(coding) = self.compression.coding() {
            request = request.header(CONTENT_ENCODING, coding);
        }
        let mut response = request.send().await.map_err(broken)?;
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let json = is_json(response.headers());
        // The status has said it already; without the body only the message is lost.
        let content = read(&mut response).await.ok();
        if status.is_success() {
            return Ok(success(content.as_deref(), json));
        }
        let content = content.unwrap_or_default();
        let message = cut(&format!("{status}: {}", failure_message(&content, json)));
        Err(match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => AttemptError::Transient { message, retry_after },
            _ => AttemptError::Permanent { message },
        })
    }
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let unusable = |reason| ConfigError::Header { name: name.clone(), reason };
        let key =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| unusable("not the name of a header"))?;
        if [CONTENT_TYPE, CONTENT_ENCODING].contains(&key) {
            return Err(unusable("the exporter sets it itself"));
        }
        let mut value =
            HeaderValue::from_str(value).map_err(|_| unusable("its value has characters headers cannot"))?;
        value.set_sensitive(true);
        headers.append(key, value);
    }
    Ok(headers)
}

/// The connection could not be made or broke, which another attempt may mend.
fn broken(error: reqwest::Error) -> AttemptError {
    let permanent = error.is_builder();
    let message = with_causes(&error.without_url());
    match permanent {
        true => AttemptError::Permanent { message },
        false => AttemptError::Transient { message, retry_after: None },
    }
}

/// Reads the body, up to the limit; the rest is of no use.
async fn read(response: &mut reqwest::Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut content = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        content.extend_from_slice(&chunk);
        if content.len() > RESPONSE_BYTES_MAX {
            content.truncate(RESPONSE_BYTES_MAX);
            break;
        }
    }
    Ok(content)
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JSON)
}

/// A success stays one even if its body cannot be read: sending again would double the points.
fn success(content: Option<&[u8]>, json: bool) -> Exported {
    let response = content.and_then(|content| match json {
        true => crate::json::read::<ExportMetricsServiceResponse>(content).ok(),
        false => ExportMetricsServiceResponse::decode(content).ok(),
    });
    match response {
        Some(response) => response.into(),
        None if content.is_some_and(<[u8]>::is_empty) => Exported::default(),
        None => Exported { rejected: 0, message: "the receiver's answer is unreadable".to_owned() },
    }
}

/// The message of a `google.rpc.Status`, or the body as text.
fn failure_message(content: &[u8], json: bool) -> String {
    #[derive(Deserialize)]
    struct Status {
        message: String,
    }
    let status = match json {
        true => serde_json::from_slice::<Status>(content).ok().map(|status| status.message),
        false => pb::Status::decode(content).ok().map(|status| status.message),
    };
    match status {
        Some(message) if !message.is_empty() => message,
        _ => String::from_utf8_lossy(content.get(..1024).unwrap_or(content)).trim().to_owned(),
    }
}

/// The wait a `Retry-After` asks for: seconds, or a date. A date is measured from the response's own `Date`, so that it means
/// the same wait whatever this machine's clock says.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(secs) = text.parse() {
        return Some(Duration::from_secs(secs));
    }
    let sent = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(httpdate::parse_http_date(text).ok()?.duration_since(sent).unwrap_or_default())
}

impl From<ExportMetricsServiceResponse> for Exported {
    fn from(response: ExportMetricsServiceResponse) -> Self {
        let partial = response.partial_success.unwrap_or_default();
        Self {
            rejected: u64::try_from(partial.rejected_data_points).unwrap_or_default(),
            message: cut(&partial.error_message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let wait = |text| {
            let date = (DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
            let headers = HeaderMap::from_iter([date, (RETRY_AFTER, HeaderValue::from_static(text))]);
            retry_after(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("7"), Some(7));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "a date that has passed");
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-1"), None);
    }
}
