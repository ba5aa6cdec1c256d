//! Any pattern is refused or searches any text within its limits, in 64 MiB of memory for all.
#![no_main]

#[global_allocator]
static MEMORY: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, 64 << 20);

libfuzzer_sys::fuzz_target!(|data: &[u8]| lariat_re::check::any(data));
