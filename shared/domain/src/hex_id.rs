//! Random identifiers of 128 bits, written as 32 lower-case hexadecimal digits.

/// Declares a 128-bit identifier type. Its text is the only form it is stored, signed and logged in.
macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or("a malformed identifier")
            }
        }

        impl $name {
            /// A new identifier, drawn from `random`.
            pub fn random(random: &dyn crate::ports::Random) -> Self {
                let mut bytes = [0; 16];
                random.fill(&mut bytes);
                Self(format!("{:032x}", u128::from_be_bytes(bytes)))
            }

            /// Reads an identifier; `None` unless it is exactly 32 lower-case hexadecimal digits.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let hexadecimal = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                (text.len() == 32 && hexadecimal).then(|| Self(text.to_owned()))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(crate) use hex_id;
