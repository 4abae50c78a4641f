//! The binary.
#![forbid(unsafe_code)]

use std::process::ExitCode;

// Rows and states are made on one thread and dropped on another: the system's allocator is slow at that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    guardpost::commands::main()
}
