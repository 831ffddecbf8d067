//! How the C library's allocator shares memory out in our programs, and when it gives memory back. A program that has wasmeter in process
//! has an allocator of its own choice.

/// Bounds the allocator's pools of memory, and has each keep what requests and exports take over and over.
///
/// By default glibc makes up to eight pools for each processor, one for each thread that finds the others locked. What a request or an
/// export takes for a moment is then given back to whichever pool it came from, where only few threads find it again: what is resident
/// grows to several times of what is in use. So there are no more of them than processors, though two at least.
///
/// By default, too, a pool gives back to the system what is free at its end as soon as that is more than twice the largest block that it
/// saw freed, which of requests of a thousand points is less than what a few of them take at a time. Then the kernel clears nearly every
/// page of every request anew, which is half as much time again for histograms (`ARCHITECTURE.md`). So a pool keeps more.
///
/// Called before there are threads. Does nothing where the C library is another one, or where an operator has chosen any of this.
pub fn tune() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if !is_chosen() {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let pools = processors.max(2);
        for (parameter, value) in [
            (libc::M_ARENA_MAX, pools),
            // Fixed, since otherwise it rises to the largest block that was freed, and tables that grow leave holes in their pool.
            (libc::M_MMAP_THRESHOLD, LARGE_BYTES),
            (libc::M_TRIM_THRESHOLD, LARGE_BYTES),
        ] {
            let value = std::ffi::c_int::try_from(value).unwrap_or(std::ffi::c_int::MAX);
            // SAFETY: it takes two numbers and keeps no pointer; there are no other threads yet. Whether it took effect is of no
            // consequence but for memory and time.
            unsafe { libc::mallopt(parameter, value) };
        }
    }
}

/// Blocks from this size on are pages of their own, which grow without being copied and go back to the system at once. As much is what a
/// pool keeps: a few requests. Four times of that made nothing faster.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BYTES: usize = 4 << 20;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn is_chosen() -> bool {
    let names = ["GLIBC_TUNABLES", "MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"];
    names.iter().any(|name| std::env::var_os(name).is_some())
}
