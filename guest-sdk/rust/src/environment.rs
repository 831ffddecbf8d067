//! Environment variables and secrets the operator grants.
//!
//! A plugin that uses this module needs `environment` or `secrets` below `[grants]` in its `NAME.toml`; without, it is not loaded.
//! Natively, in a unit test, there are the variables that [`testing::grant_variable`](crate::testing::grant_variable) sets.
//!
//! ```
//! use wasmeter_guest::{environment, testing};
//!
//! testing::grant_variable("TOKEN", "s3cret");
//! assert_eq!(environment::variable("TOKEN").as_deref(), Some("s3cret"));
//! assert_eq!(environment::variable("HOME"), None);
//! ```

/// A variable's value; `None` if it was not granted, or is not set.
pub fn variable(name: &str) -> Option<String> {
    #[cfg(target_family = "wasm")]
    let variables = wasip2::cli::environment::get_environment();
    #[cfg(not(target_family = "wasm"))]
    let variables = native::GRANTED.with_borrow(Clone::clone);
    variables.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

#[cfg(not(target_family = "wasm"))]
pub(crate) mod native {
    //! The variables of a unit test.

    use std::cell::RefCell;

    thread_local! {
        pub(super) static GRANTED: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
    }

    /// From now on, this thread has this variable.
    pub(crate) fn grant_variable(name: &str, value: &str) {
        GRANTED.with_borrow_mut(|granted| {
            granted.retain(|(known, _)| known != name);
            granted.push((name.to_owned(), value.to_owned()));
        });
    }
}
