//! The floor of a log-on: one argon2id hash, with the parameters that accounts are stored under.

use std::time::{Duration, Instant};

use argon2_rust::params::{Memory, TagLen};
use argon2_rust::{Algorithm, Argon2, Hasher, Params, Version};
use rustix::time::{ClockId, clock_gettime};
use stack::Error;

use crate::contestant::Cost;

/// The parameters of `domain::password`: 19 MiB, two passes, one lane.
const MEMORY_KIB: u64 = 19_456;

/// A hasher that keeps its working memory from hash to hash.
pub(crate) struct RawArgon2 {
    hasher: Hasher,
}

impl RawArgon2 {
    pub(crate) fn new() -> Result<Self, Error> {
        let params = Params::builder().memory(Memory::kib(MEMORY_KIB)).passes(2).lanes(1);
        let params = params.tag_len(TagLen::bytes(32)).build().map_err(|error| error.to_string())?;
        Ok(Self { hasher: Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hasher() })
    }

    /// One hash, in this thread.
    pub(crate) fn hash(&mut self) -> Result<Cost, Error> {
        let (begin, before) = (Instant::now(), thread_cpu_ms());
        let hash = self.hasher.hash(b"demo-password-1", b"0123456789abcdef");
        hash.map_err(|error| error.to_string())?;
        Ok(Cost { cpu: thread_cpu_ms() - before, wall: begin.elapsed().as_secs_f64() * 1e3 })
    }
}

/// Of a running thread `/proc` tells only what was true at the last tick of the kernel, which may be 4 ms ago.
fn thread_cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let whole = Duration::from_secs(time.tv_sec.unsigned_abs());
    (whole + Duration::from_nanos(time.tv_nsec.unsigned_abs())).as_secs_f64() * 1e3
}
