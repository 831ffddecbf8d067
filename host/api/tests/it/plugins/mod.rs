//! A plugin directory: every kind of plugin at work in a provider, exchanged while it measures, and failing.

mod exporters;
mod observers;
mod processors;
mod support;
mod views;
