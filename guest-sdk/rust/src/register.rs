//! What makes a plugin of a type, whatever its world.

use std::cell::RefCell;

use serde::de::DeserializeOwned;

use crate::PluginInfo;

/// A type that [`register_view!`](crate::register_view), [`register_observer!`](crate::register_observer) or
/// [`register_processor!`](crate::register_processor) has made a plugin of; not implemented by hand.
pub trait Registered: DeserializeOwned + 'static {
    /// Who the plugin is.
    const INFO: PluginInfo;

    /// The place of the one configured plugin of an instance.
    #[doc(hidden)]
    fn with_slot<R>(work: impl FnOnce(&RefCell<Option<Self>>) -> R) -> R;
}

/// What the registering macros have in common; not for use by hand.
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($plugin:ty, $schema:expr) => {
        const _: () = {
            impl $crate::Registered for $plugin {
                const INFO: $crate::PluginInfo = $crate::PluginInfo {
                    name: env!("CARGO_PKG_NAME"),
                    version: env!("CARGO_PKG_VERSION"),
                    description: env!("CARGO_PKG_DESCRIPTION"),
                    config_schema: $schema,
                };

                fn with_slot<R>(work: impl FnOnce(&::std::cell::RefCell<Option<Self>>) -> R) -> R {
                    ::std::thread_local! {
                        static PLUGIN: ::std::cell::RefCell<Option<$plugin>> =
                            const { ::std::cell::RefCell::new(None) };
                    }
                    PLUGIN.with(work)
                }
            }
        };

        #[cfg(target_family = "wasm")]
        const _: () = {
            type Lifecycle = $crate::__private::LifecycleComponent<$plugin>;
            $crate::__private::export_lifecycle!(Lifecycle with_types_in $crate::__private::bindings::lifecycle);
        };
    };
}
