//! What several test modules need.

pub(crate) mod batch_rows;
pub(crate) mod grpc;
pub(crate) mod messages;
pub(crate) mod rows;
pub(crate) mod server;
pub(crate) mod strategies;
