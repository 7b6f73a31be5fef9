//! `trainer`: the command line.

mod commands;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // This thread is one of the pool's: it computes, and need not wait for others to wake up for each operation. The
    // pool is there already if this fails, and serves all the same.
    let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
    match commands::Arguments::read().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            trainer::note(&format!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}
