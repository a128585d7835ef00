//! What is asked of every program that is compared, and what its answers must be.

use axum::http::Request;
use axum::http::request::Parts;
use serde_json::json;
use stack::Error;
use stack::event::{Format, event};
use stack::provision::DEMO_ACCOUNTS;

/// How large the files are that are moved, in bytes.
pub(crate) const FILE_BYTES: usize = 1_000_000;

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Info,
    LogOn,
    CheckIn,
    Folder(usize),
    Upload,
    Download,
}

/// All that are compared, in the order of the table.
pub(crate) const OPERATIONS: [Operation; 7] = [
    Operation::Info,
    Operation::LogOn,
    Operation::CheckIn,
    Operation::Folder(20),
    Operation::Folder(10_000),
    Operation::Upload,
    Operation::Download,
];

impl Operation {
    pub(crate) fn title(self) -> String {
        match self {
            Self::Info => "GET /info".into(),
            Self::LogOn => "log-on".into(),
            Self::CheckIn => "check-in".into(),
            Self::Folder(files) => format!("listing of a folder of {files}"),
            Self::Upload => "upload of 1 MB".into(),
            Self::Download => "download of 1 MB".into(),
        }
    }

    /// The function of ours that answers.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::LogOn | Self::CheckIn => "auth",
            Self::Folder(_) | Self::Upload | Self::Download => "files",
        }
    }

    /// How often it is called in a row: some 50 ms of work, so that the clock's grain and a stray interrupt count little.
    pub(crate) fn calls(self) -> u32 {
        match self {
            Self::Info | Self::CheckIn => 200,
            Self::LogOn => 5,
            Self::Folder(files) if files > 1_000 => 3,
            Self::Folder(_) => 100,
            Self::Upload | Self::Download => 15,
        }
    }

    /// The processor time of a call that is to be reached, in milliseconds: what a floor, a plain Rust port and the peers
    /// needed on a machine with two cores, and what between them can be had (tests/bench/README.md).
    pub(crate) fn reach_ms(self) -> f64 {
        match self {
            Self::Info => 0.085,
            Self::LogOn => 13.5,
            Self::CheckIn => 0.25,
            Self::Folder(files) if files > 1_000 => 17.0,
            Self::Folder(_) => 0.35,
            Self::Upload => 1.9,
            Self::Download => 0.75,
        }
    }

    /// The request; `token` is that of a session, for those that need one.
    pub(crate) fn request(self, token: &str) -> Result<(Parts, Vec<u8>), Error> {
        let (email, password, _) = DEMO_ACCOUNTS[0];
        let (method, path, media_type, body) = match self {
            Self::Info => ("GET", "info".to_owned(), "", Vec::new()),
            Self::LogOn => {
                let body = json!({"email": email, "password": password});
                ("POST", "auth".to_owned(), "application/json", body.to_string().into_bytes())
            }
            Self::CheckIn => ("POST", "checkin".to_owned(), "", Vec::new()),
            Self::Folder(files) => ("GET", format!("files/folder-of-{files}"), "", Vec::new()),
            Self::Upload => ("POST", "files/bench".to_owned(), FORM, form(FILE_BYTES)),
            Self::Download => ("GET", format!("files/of-{FILE_BYTES}-bytes.bin"), "", Vec::new()),
        };
        let mut request = Request::builder().method(method).uri(format!("/users/api/{path}"));
        if !media_type.is_empty() {
            request = request.header("content-type", media_type);
        }
        if !matches!(self, Self::Info | Self::LogOn) {
            request = request.header("cookie", format!("session_token={token}"));
        }
        Ok((request.body(())?.into_parts().0, body))
    }

    /// The request as API Gateway hands it to a function.
    pub(crate) fn event(self, format: Format, token: &str) -> Result<String, Error> {
        let (parts, body) = self.request(token)?;
        Ok(event(format, &parts, &body, Some("127.0.0.1")).to_string())
    }

    /// Insists on what a right answer holds.
    pub(crate) fn check(self, status: u64, body: &[u8]) -> Result<(), Error> {
        let right = status == 200
            && match self {
                Self::Folder(files) => count(body, b".eso") >= files,
                Self::Download => body.len() == FILE_BYTES,
                Self::Info => body.starts_with(b"{"),
                Self::LogOn | Self::CheckIn | Self::Upload => count(body, b"true") >= 1,
            };
        if right {
            return Ok(());
        }
        let beginning = String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
        let title = self.title();
        Err(format!("the answer to {title} is wrong: {status}, {} bytes: {beginning}", body.len()).into())
    }
}

/// The media type of [`form`].
pub(crate) const FORM: &str = "multipart/form-data; boundary=bench-7d1f0c2a9e";

/// A form with one file, whose content cannot be packed.
pub(crate) fn form(bytes: usize) -> Vec<u8> {
    let mut form =
        b"--bench-7d1f0c2a9e\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"
            .to_vec();
    form.extend_from_slice(&noise(bytes));
    form.extend_from_slice(b"\r\n--bench-7d1f0c2a9e--\r\n");
    form
}

/// Bytes that cannot be packed, the same ones each time (xorshift64).
pub(crate) fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}

/// How often a word is in a text.
pub(crate) fn count(text: &[u8], word: &[u8]) -> usize {
    text.windows(word.len()).filter(|window| *window == word).count()
}
