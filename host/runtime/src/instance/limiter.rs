//! What a store's guests may allocate: one sum over all memories and one over all tables.
//!
//! wasmtime's own `StoreLimits` bounds each memory alone; a component may have many.

use wasmtime::ResourceLimiter;

/// Core instances a component may consist of. Rust and C need up to five, languages that link many libraries dozens.
const INSTANCES_MAX: usize = 128;
const MEMORIES_MAX: usize = 16;
const TABLES_MAX: usize = 64;

/// The limits of one store and what is used of them.
#[derive(Debug)]
pub(super) struct Limiter {
    memory_bytes: usize,
    memory_bytes_max: usize,
    table_elements: usize,
    table_elements_max: usize,
    /// The growth last granted, in bytes: taken back if the operating system then refuses it.
    granted_bytes: usize,
    denied: Option<Denied>,
}

/// What a guest was last denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// Memories of this many bytes together.
    Memory { wanted_bytes: usize },
    /// Tables of this many elements together.
    Table { wanted: usize },
}

impl Limiter {
    pub(super) fn new(memory_bytes_max: usize, table_elements_max: usize) -> Self {
        Self {
            memory_bytes: 0,
            memory_bytes_max,
            table_elements: 0,
            table_elements_max,
            granted_bytes: 0,
            denied: None,
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    pub(super) fn memory_bytes_max(&self) -> usize {
        self.memory_bytes_max
    }

    pub(super) fn table_elements_max(&self) -> usize {
        self.table_elements_max
    }

    pub(super) fn denied(&self) -> Option<Denied> {
        self.denied
    }

    pub(super) fn forget_denials(&mut self) {
        self.denied = None;
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // Beyond its own declared maximum a memory does not grow whatever is answered here, so it must not be counted.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let wanted_bytes = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if wanted_bytes > self.memory_bytes_max {
            self.denied = Some(Denied::Memory { wanted_bytes });
            return Ok(false);
        }
        self.granted_bytes = wanted_bytes.saturating_sub(self.memory_bytes);
        self.memory_bytes = wanted_bytes;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory_bytes = self.memory_bytes.saturating_sub(std::mem::take(&mut self.granted_bytes));
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let wanted = self.table_elements.saturating_add(desired.saturating_sub(current));
        if wanted > self.table_elements_max {
            self.denied = Some(Denied::Table { wanted });
            return Ok(false);
        }
        self.table_elements = wanted;
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 64 << 10;

    #[test]
    fn memories_are_summed() {
        let mut limiter = Limiter::new(10 * PAGE, 0);
        assert!(limiter.memory_growing(0, 6 * PAGE, None).unwrap());
        assert!(!limiter.memory_growing(0, 5 * PAGE, None).unwrap());
        assert_eq!(limiter.denied(), Some(Denied::Memory { wanted_bytes: 11 * PAGE }));
        assert!(limiter.memory_growing(0, 4 * PAGE, None).unwrap());
        assert_eq!(limiter.memory_bytes(), 10 * PAGE);
    }

    #[test]
    fn growth_that_fails_for_another_reason_is_not_counted() {
        let mut limiter = Limiter::new(10 * PAGE, 0);
        assert!(!limiter.memory_growing(0, 6 * PAGE, Some(PAGE)).unwrap());
        assert_eq!((limiter.memory_bytes(), limiter.denied()), (0, None));
    }

    #[test]
    fn tables_are_summed() {
        let mut limiter = Limiter::new(0, 1000);
        assert!(limiter.table_growing(0, 1000, None).unwrap());
        assert!(!limiter.table_growing(0, 1, None).unwrap());
        assert_eq!(limiter.denied(), Some(Denied::Table { wanted: 1001 }));
    }
}
