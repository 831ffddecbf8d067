//! How the C library's allocator shares memory out.

/// Has the allocator keep no more pools of memory than there are processors, though two at least.
///
/// By default glibc makes up to eight for each processor, one for each thread that finds the others locked. What a request or an export
/// takes for a moment is then given back to whichever pool it came from, where only few threads find it again: what is resident grows to
/// several times of what is in use. Called before there are threads. Does nothing where the C library is another one.
pub(crate) fn bound_pools() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let processors = std::thread::available_parallelism().map_or(2, |processors| processors.get().max(2));
        let pools = std::ffi::c_int::try_from(processors).unwrap_or(std::ffi::c_int::MAX);
        // An operator who has chosen a number otherwise is not overruled.
        let is_chosen =
            ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES"].iter().any(|name| std::env::var_os(name).is_some());
        if !is_chosen {
            // SAFETY: it takes two numbers and keeps no pointer; there are no other threads yet. Whether it took effect is of no
            // consequence but for memory.
            unsafe { libc::mallopt(libc::M_ARENA_MAX, pools) };
        }
    }
}
