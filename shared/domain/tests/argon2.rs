//! The argon2 of the service against RFC 9106 and against another implementation of it.

use argon2_rust::params::{Memory, TagLen};
use data_encoding::{BASE64_NOPAD, HEXLOWER};
use domain::{Password, PasswordHash, PasswordHasher, Verdict};
use proptest::prelude::*;

/// The kinds, with their names in both implementations.
const KINDS: [(argon2::Algorithm, argon2_rust::Algorithm); 3] = [
    (argon2::Algorithm::Argon2d, argon2_rust::Algorithm::Argon2d),
    (argon2::Algorithm::Argon2i, argon2_rust::Algorithm::Argon2i),
    (argon2::Algorithm::Argon2id, argon2_rust::Algorithm::Argon2id),
];

/// RFC 9106 5.1, 5.2 and 5.3: 32 KiB, three passes, four lanes, with a secret and associated data.
#[test]
fn the_vectors_of_rfc_9106_come_out() {
    let tags = [
        "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb",
        "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8",
        "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659",
    ];
    let params = argon2_rust::Params::builder().memory(Memory::kib(32)).passes(3).lanes(4);
    let params = params.tag_len(TagLen::bytes(32)).build().expect("valid");
    for ((_, kind), tag) in KINDS.into_iter().zip(tags) {
        let argon2 = argon2_rust::Argon2::new(kind, argon2_rust::Version::V0x13, params);
        let output = argon2.hash_with_ad(&[1; 32], &[2; 16], &[3; 8], &[4; 12]).expect("hashed");
        assert_eq!(HEXLOWER.encode(&output), tag, "{}", kind.as_str());
    }
}

/// What the other implementation makes of a password, as it is stored.
fn stored(
    (kind, version): (argon2::Algorithm, argon2::Version),
    (memory, passes, lanes): (u32, u32, u32),
    (password, salt, bytes): (&str, &[u8], usize),
) -> PasswordHash {
    let params = argon2::Params::new(memory, passes, lanes, Some(bytes)).expect("valid");
    let mut output = vec![0; bytes];
    argon2::Argon2::new(kind, version, params)
        .hash_password_into(password.as_bytes(), salt, &mut output)
        .expect("hashed");
    let (salt, output) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(&output));
    let version = u32::from(version);
    let text = format!("${kind}$v={version}$m={memory},t={passes},p={lanes}${salt}${output}");
    PasswordHash::parse(&text).expect(&text)
}

fn password(text: &str) -> Password {
    Password::attempt(text.to_owned()).expect("not too long")
}

proptest! {
    #[test]
    fn a_password_fits_the_hash_that_another_implementation_has_made(
        kind in 0..KINDS.len(),
        version in prop_oneof![Just(argon2::Version::V0x10), Just(argon2::Version::V0x13)],
        (lanes, memory) in (1_u32..=4).prop_flat_map(|lanes| (Just(lanes), 8 * lanes..700)),
        passes in 1_u32..=4,
        text in "\\PC{1,256}",
        salt in proptest::collection::vec(any::<u8>(), 8..=48),
        bytes in 10_usize..=64,
    ) {
        let hash = stored((KINDS[kind].0, version), (memory, passes, lanes), (&text, &salt, bytes));
        let hasher = PasswordHasher::new();
        prop_assert_eq!(hasher.verify(&password(&text), Some(&hash)), Verdict::RightButOutdated);
        let wrong: String = text.chars().skip(1).collect();
        prop_assert_eq!(hasher.verify(&password(&wrong), Some(&hash)), Verdict::Wrong);
    }
}

#[test]
fn hashes_of_many_costs_share_a_working_memory_and_none_remembers_another() {
    let hasher = PasswordHasher::new();
    let today = (argon2::Algorithm::Argon2id, argon2::Version::V0x13);
    let costs = [(64, 3, 1), (40_000, 1, 2), (8, 1, 1), (19_456, 2, 1), (4_096, 3, 4)];
    let all = costs.map(|cost| stored(today, cost, ("seven grey herons", b"sixteen bytes it", 32)));
    for (number, hash) in all.iter().chain(&all).enumerate() {
        assert_ne!(hasher.verify(&password("seven grey herons"), Some(hash)), Verdict::Wrong, "{number}");
        assert_eq!(hasher.verify(&password("seven grey heron"), Some(hash)), Verdict::Wrong, "{number}");
    }
}
