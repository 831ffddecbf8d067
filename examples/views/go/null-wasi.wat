;; An adapter for `wasi_snapshot_preview1` that asks nothing of the host, for programs whose runtime imports WASI without a
;; View needing it: no arguments, no environment, no files, what is printed is lost. The clock advances by a microsecond per
;; reading and the random numbers are the same in every instance: use neither for what they say.
;;
;; wasm-tools component new routes.core.wasm --adapt wasi_snapshot_preview1=null-wasi.wat -o routes.wasm
(module
  (import "env" "memory" (memory 0))
  ;; Nanoseconds.
  (global $now (mut i64) (i64.const 1000000000))
  (global $random (mut i64) (i64.const 0x9E3779B97F4A7C15))

  ;; Stores two zeroes, which is how many there are and how long they are.
  (func $none (param $first i32) (param $second i32) (result i32)
    (i32.store (local.get $first) (i32.const 0))
    (i32.store (local.get $second) (i32.const 0))
    i32.const 0)
  (export "args_sizes_get" (func $none))
  (export "environ_sizes_get" (func $none))
  (func (export "args_get") (param i32 i32) (result i32) i32.const 0)
  (func (export "environ_get") (param i32 i32) (result i32) i32.const 0)

  (func (export "clock_time_get") (param $clock i32) (param $precision i64) (param $time i32) (result i32)
    (global.set $now (i64.add (global.get $now) (i64.const 1000)))
    (i64.store (local.get $time) (global.get $now))
    i32.const 0)
  (func (export "clock_res_get") (param $clock i32) (param $resolution i32) (result i32)
    (i64.store (local.get $resolution) (i64.const 1000))
    i32.const 0)
  ;; The runtime of the bindings holds the clock while it allocates; this one asks nobody.
  (func (export "adapter_monotonic_clock_set_paused") (param i32))

  ;; Xorshift, a byte at a time.
  (func (export "random_get") (param $at i32) (param $len i32) (result i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $len)))
        (global.set $random
          (i64.xor (global.get $random) (i64.shl (global.get $random) (i64.const 13))))
        (global.set $random
          (i64.xor (global.get $random) (i64.shr_u (global.get $random) (i64.const 7))))
        (global.set $random
          (i64.xor (global.get $random) (i64.shl (global.get $random) (i64.const 17))))
        (i32.store8 (local.get $at) (i32.wrap_i64 (i64.shr_u (global.get $random) (i64.const 32))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $len (i32.sub (local.get $len) (i32.const 1)))
        (br $next)))
    i32.const 0)

  ;; Says that all of it was written.
  (func (export "fd_write") (param $fd i32) (param $buffers i32) (param $count i32) (param $written i32) (result i32)
    (local $sum i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $buffers))))
        (local.set $buffers (i32.add (local.get $buffers) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $sum))
    i32.const 0)
  ;; The end of the file.
  (func (export "fd_read") (param $fd i32) (param $buffers i32) (param $count i32) (param $read i32) (result i32)
    (i32.store (local.get $read) (i32.const 0))
    i32.const 0)
  ;; Whatever was waited for has happened.
  (func (export "poll_oneoff") (param $in i32) (param $out i32) (param $count i32) (param $events i32) (result i32)
    (i32.store (local.get $events) (local.get $count))
    i32.const 0)
  (func (export "sched_yield") (result i32) i32.const 0)
  (func (export "proc_exit") (param i32) unreachable)

  ;; 8: no such descriptor.
  (func (export "fd_close") (param i32) (result i32) i32.const 8)
  (func (export "fd_fdstat_get") (param i32 i32) (result i32) i32.const 8)
  (func (export "fd_fdstat_set_flags") (param i32 i32) (result i32) i32.const 8)
  (func (export "fd_filestat_get") (param i32 i32) (result i32) i32.const 8)
  (func (export "fd_prestat_get") (param i32 i32) (result i32) i32.const 8)
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) i32.const 8)
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32) i32.const 8)
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) i32.const 8)
  (func (export "fd_sync") (param i32) (result i32) i32.const 8)
  (func (export "fd_tell") (param i32 i32) (result i32) i32.const 8)
  ;; 52: not supported.
  (func (export "path_create_directory") (param i32 i32 i32) (result i32) i32.const 52)
  (func (export "path_filestat_get") (param i32 i32 i32 i32 i32) (result i32) i32.const 52)
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) i32.const 52)
  (func (export "path_readlink") (param i32 i32 i32 i32 i32 i32) (result i32) i32.const 52)
  (func (export "path_remove_directory") (param i32 i32 i32) (result i32) i32.const 52)
  (func (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) i32.const 52)
  (func (export "path_unlink_file") (param i32 i32 i32) (result i32) i32.const 52))
