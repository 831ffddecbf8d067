//! A View's answer about one instrument.

use crate::Stream;

/// What streams an instrument has.
///
/// ```
/// use wasmeter_guest::{Stream, Streams};
///
/// let both = Streams::many([Stream::keep(), Stream::keep().rename("requests.by_route").include(["http.route"])]);
/// assert_eq!(both.as_slice().unwrap().len(), 2);
/// assert_eq!(Streams::drop().as_slice(), Some(&[][..]));
/// assert_eq!(Streams::none().as_slice(), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Streams(Option<Vec<Stream>>);

impl Streams {
    /// The View has nothing to say about the instrument.
    pub const fn none() -> Self {
        Self(None)
    }

    /// The instrument is dropped: nothing of it is kept.
    pub const fn drop() -> Self {
        Self(Some(Vec::new()))
    }

    /// One stream.
    pub fn one(stream: Stream) -> Self {
        Self(Some(vec![stream]))
    }

    /// Several streams; each distinct name makes a stream of its own. To keep the instrument's own stream beside new
    /// ones, let one of them have no name.
    pub fn many(streams: impl IntoIterator<Item = Stream>) -> Self {
        Self(Some(streams.into_iter().collect()))
    }

    /// The streams; `None` if the View has nothing to say, empty if the instrument is dropped.
    pub fn as_slice(&self) -> Option<&[Stream]> {
        self.0.as_deref()
    }

    /// The streams themselves; see [`Streams::as_slice`].
    pub fn into_vec(self) -> Option<Vec<Stream>> {
        self.0
    }
}

impl From<Stream> for Streams {
    fn from(stream: Stream) -> Self {
        Self::one(stream)
    }
}
