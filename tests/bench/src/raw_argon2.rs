//! The floor of a log-on: one argon2id hash, with the parameters that accounts are stored under.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use stack::Error;

/// The parameters of `domain::password`: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;

/// The working memory, kept from hash to hash.
pub(crate) fn memory() -> Vec<Block> {
    vec![Block::new(); MEMORY_KIB as usize]
}

/// Processor time of one hash, in milliseconds.
pub(crate) fn hash(memory: &mut [Block]) -> Result<f64, Error> {
    let params = Params::new(MEMORY_KIB, 2, 1, Some(32)).map_err(|error| error.to_string())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let before = thread_cpu_ms()?;
    let mut output = [0; 32];
    argon2
        .hash_password_into_with_memory(b"demo-password-1", b"0123456789abcdef", &mut output, memory)
        .map_err(|error| error.to_string())?;
    Ok(thread_cpu_ms()? - before)
}

fn thread_cpu_ms() -> Result<f64, Error> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(statistics.split(' ').next().ok_or("no processor time")?.parse::<f64>()? / 1e6)
}
