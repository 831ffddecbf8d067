//! Answers of a unit test.

use std::cell::RefCell;

use super::{Error, ErrorKind, Request, Response};

type Server = Box<dyn FnMut(Request) -> Result<Response, Error>>;

thread_local! {
    static SERVER: RefCell<Option<Server>> = const { RefCell::new(None) };
}

/// From now on, requests of this thread are answered by `server`.
pub(crate) fn serve(server: impl FnMut(Request) -> Result<Response, Error> + 'static) {
    SERVER.set(Some(Box::new(server)));
}

pub(super) fn send(request: Request) -> Result<Response, Error> {
    SERVER.with_borrow_mut(|server| match server {
        Some(server) => server(request),
        None => Err(Error::new(
            ErrorKind::NotGranted,
            format!(
                "nobody answers for `{}`: a unit test says what comes of it with `testing::serve_http`",
                request.url
            ),
        )),
    })
}
