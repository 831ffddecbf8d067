//! The compressions of bodies.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::GzEncoder;
use tonic::codec::CompressionEncoding;

/// How the body of a request is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// What every receiver takes.
    Gzip,
    /// Smaller and faster than gzip; the Collector takes it, and so does this receiver.
    Zstd,
}

impl Compression {
    /// Its content coding (HTTP semantics), if it is any.
    pub const fn coding(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    pub(crate) const fn grpc(self) -> Option<CompressionEncoding> {
        match self {
            Self::None => None,
            Self::Gzip => Some(CompressionEncoding::Gzip),
            Self::Zstd => Some(CompressionEncoding::Zstd),
        }
    }

    /// What is sent for `bytes`, at the default level of each. Takes milliseconds for each MiB.
    ///
    /// # Errors
    ///
    /// The compressor fails, which it does for nothing but want of memory.
    pub fn compress(self, bytes: Bytes) -> io::Result<Bytes> {
        match self {
            Self::None => Ok(bytes),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(&bytes)?;
                encoder.finish().map(Bytes::from)
            }
            Self::Zstd => zstd::bulk::compress(&bytes, zstd::DEFAULT_COMPRESSION_LEVEL).map(Bytes::from),
        }
    }
}
