//! The engine from outside: what comes in, under which Views, and what each reader then exports.

mod approximate;
mod bad_input;
mod callbacks;
mod chain;
mod entities;
mod exemplars;
mod faults;
mod histograms;
mod history;
mod limits;
mod oracle;
mod readers;
mod received;
mod recorded;
mod robustness;
mod rows;
mod script;
mod scripts;
mod support;
mod swap;
mod threads;
mod views;
