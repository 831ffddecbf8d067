//! Requests by way of `wasi:http`.

use std::time::Duration;

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions,
    Scheme,
};
use wasip2::io::streams::StreamError;

use super::{Error, ErrorKind, Request, Response};

/// How much is read at once.
const CHUNK_BYTES: u64 = 64 << 10;

pub(super) fn send(request: Request) -> Result<Response, Error> {
    let bytes_max = request.body_bytes_max;
    let outgoing = outgoing(&request)?;
    let options = RequestOptions::new();
    if let Some(timeout) = request.timeout {
        let refused = |()| invalid("the host takes no timeout");
        options.set_connect_timeout(Some(nanos(timeout))).map_err(refused)?;
        options.set_first_byte_timeout(Some(nanos(timeout))).map_err(refused)?;
        options.set_between_bytes_timeout(Some(nanos(timeout))).map_err(refused)?;
    }
    let body = if request.body.is_empty() {
        None
    } else {
        Some(outgoing.body().map_err(|()| invalid("the host takes no body"))?)
    };
    let pending = outgoing_handler::handle(outgoing, Some(options)).map_err(|code| error(&code))?;
    if let Some(body) = body {
        // Whatever goes wrong there, the response says why.
        if write(&body, &request.body).is_ok() {
            OutgoingBody::finish(body, None).map_err(|code| error(&code))?;
        }
    }
    let response = loop {
        match pending.get() {
            Some(Ok(response)) => break response.map_err(|code| error(&code))?,
            Some(Err(())) => return Err(Error::new(ErrorKind::Broken, "the response was taken twice")),
            None => pending.subscribe().block(),
        }
    };
    Ok(Response { status: response.status(), headers: headers(&response), body: read(&response, bytes_max)? })
}

fn invalid(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, what)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, Error> {
    let Request { method, url, headers, body, .. } = request;
    let wrong = || invalid(format!("found the URL `{url}`, expected one such as `https://example.com/path`"));
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return Err(wrong()),
    };
    // What comes after a `#` is for the one who asks, not for the one who answers.
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let fields = Fields::new();
    for (name, value) in headers {
        fields
            .append(name, value.as_bytes())
            .map_err(|error| invalid(format!("the header `{name}` is not sent: {error}")))?;
    }
    if !body.is_empty() {
        fields
            .set("content-length", &[body.len().to_string().into_bytes()])
            .map_err(|error| invalid(format!("the header `content-length` is not sent: {error}")))?;
    }
    let outgoing = OutgoingRequest::new(fields);
    let method = match method.as_str() {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    };
    outgoing.set_method(&method).map_err(|()| invalid(format!("`{}` is no method", request.method)))?;
    outgoing.set_scheme(Some(&scheme)).map_err(|()| wrong())?;
    outgoing.set_authority(Some(authority)).map_err(|()| wrong())?;
    outgoing.set_path_with_query(Some(&path)).map_err(|()| wrong())?;
    Ok(outgoing)
}

fn write(body: &OutgoingBody, mut bytes: &[u8]) -> Result<(), ()> {
    let stream = body.write()?;
    while !bytes.is_empty() {
        let room = usize::try_from(stream.check_write().map_err(drop)?).unwrap_or(usize::MAX);
        if room == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = bytes.split_at(room.min(bytes.len()));
        stream.write(now).map_err(drop)?;
        bytes = later;
    }
    stream.blocking_flush().map_err(drop)
}

fn headers(response: &IncomingResponse) -> Vec<(String, Vec<u8>)> {
    let entries = response.headers().entries();
    entries.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()
}

/// Up to one chunk more than asked for.
fn read(response: &IncomingResponse, bytes_max: usize) -> Result<Vec<u8>, Error> {
    let broken = |()| Error::new(ErrorKind::Broken, "the body was taken twice");
    let body: IncomingBody = response.consume().map_err(broken)?;
    let stream = body.stream().map_err(broken)?;
    let mut content = Vec::new();
    while content.len() <= bytes_max {
        match stream.blocking_read(CHUNK_BYTES) {
            Ok(chunk) => content.extend_from_slice(&chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(cause)) => {
                return Err(match wasip2::http::types::http_error_code(&cause) {
                    Some(code) => error(&code),
                    None => Error::new(ErrorKind::Broken, cause.to_debug_string()),
                });
            }
        }
    }
    Ok(content)
}

fn error(code: &ErrorCode) -> Error {
    let kind = match code {
        ErrorCode::HttpRequestDenied => ErrorKind::NotGranted,
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationIpProhibited => ErrorKind::NoAddress,
        ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionLimitReached => ErrorKind::NotConnected,
        ErrorCode::TlsProtocolError | ErrorCode::TlsCertificateError | ErrorCode::TlsAlertReceived(_) => {
            ErrorKind::NotTrusted
        }
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => ErrorKind::TimedOut,
        ErrorCode::HttpResponseBodySize(_)
        | ErrorCode::HttpResponseHeaderSectionSize(_)
        | ErrorCode::HttpResponseHeaderSize(_) => ErrorKind::TooLarge,
        ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestUriTooLong
        | ErrorCode::HttpRequestHeaderSize(_)
        | ErrorCode::HttpRequestHeaderSectionSize(_) => ErrorKind::Invalid,
        _ => ErrorKind::Broken,
    };
    Error::new(kind, format!("no response: {code}"))
}
