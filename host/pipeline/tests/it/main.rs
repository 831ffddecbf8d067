//! The pipeline from outside: an engine, real plugins, and swaps.

mod observers;
