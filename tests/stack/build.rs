//! Tells the crate for which platform it is built: Cargo's settings for running programs are named after it.

fn main() {
    #[expect(clippy::disallowed_methods, reason = "a build script is configured by its environment")]
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=TARGET={target}");
    println!("cargo::rerun-if-changed=build.rs");
}
