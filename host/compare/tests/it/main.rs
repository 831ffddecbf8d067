//! Both engines side by side.

mod defects;
mod record;
