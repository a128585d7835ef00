//! The floor of a log-on: one argon2id hash, with the parameters that accounts are stored under.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use rustix::time::{ClockId, clock_gettime};
use stack::Error;

use crate::contestant::Cost;

/// The parameters of `domain::password`: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;

/// A hasher that keeps its working memory from hash to hash.
pub(crate) struct RawArgon2 {
    memory: Vec<Block>,
}

impl RawArgon2 {
    pub(crate) fn new() -> Self {
        Self { memory: vec![Block::new(); MEMORY_KIB as usize] }
    }

    /// One hash, in this thread.
    pub(crate) fn hash(&mut self) -> Result<Cost, Error> {
        let params = Params::new(MEMORY_KIB, 2, 1, Some(32)).map_err(|error| error.to_string())?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let (begin, before) = (Instant::now(), thread_cpu_ms());
        let mut output = [0; 32];
        argon2
            .hash_password_into_with_memory(
                b"demo-password-1",
                b"0123456789abcdef",
                &mut output,
                &mut self.memory,
            )
            .map_err(|error| error.to_string())?;
        Ok(Cost { cpu: thread_cpu_ms() - before, wall: begin.elapsed().as_secs_f64() * 1e3 })
    }
}

/// Of a running thread `/proc` tells only what was true at the last tick of the kernel, which may be 4 ms ago.
fn thread_cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let whole = Duration::from_secs(time.tv_sec.unsigned_abs());
    (whole + Duration::from_nanos(time.tv_nsec.unsigned_abs())).as_secs_f64() * 1e3
}
