//! The `Content-Disposition` of one part of a form (RFC 7578 4.2).

use percent_encoding::percent_decode_str;

/// The names that a part goes by.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ContentDisposition {
    /// The form field's name.
    pub(crate) name: Option<String>,
    /// The file's name as the client knows it, possibly with a path.
    pub(crate) file_name: Option<String>,
}

impl ContentDisposition {
    /// Reads the header's value. `filename*` (RFC 5987), where it is readable, counts before `filename`.
    pub(crate) fn parse(value: &str) -> Self {
        let (mut name, mut plain, mut extended) = (None, None, None);
        for (parameter, value) in parameters(value) {
            match parameter.as_str() {
                "name" => name = name.or(Some(value)),
                "filename" => plain = plain.or(Some(value)),
                "filename*" => extended = extended.or_else(|| decode_extended(&value)),
                _ => {}
            }
        }
        Self { name, file_name: extended.or_else(|| plain.map(|name| decode_form_escapes(&name))) }
    }
}

/// The parameters after the first `;`, their names in lower case, their values without quotes.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim().trim_start_matches(';').trim().to_ascii_lowercase();
        let (value, after) = read_value(after.trim_start());
        found.push((name, value));
        rest = after.trim_start().trim_start_matches(';');
    }
    found
}

/// A quoted or bare value, and what follows it. A backslash escapes a quote and nothing else: some clients send
/// Windows paths as they are.
fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim_end().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                value.push('"');
                characters.next();
            }
            c => value.push(c),
        }
    }
    (value, "")
}

/// `utf-8'en'a%20b` as `a b` (RFC 5987 3.2); `None` when it is in another charset or malformed.
fn decode_extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let text = percent_decode_str(text).decode_utf8().ok()?;
    charset.eq_ignore_ascii_case("utf-8").then(|| text.into_owned())
}

/// The three escapes that the HTML standard lets a browser use in a file name, and most clients do.
fn decode_form_escapes(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_name(value: &str) -> Option<String> {
        let disposition = ContentDisposition::parse(value);
        assert_eq!(disposition.name.as_deref(), Some("file"), "{value}");
        disposition.file_name
    }

    #[test]
    fn a_file_name_is_read_as_every_client_writes_it() {
        let cases = [
            (r#"form-data; name="file"; filename="a b.idf""#, "a b.idf"),
            (r"form-data; name=file; filename=a.idf", "a.idf"),
            (r#"form-data; filename="a.idf"; name="file""#, "a.idf"),
            (r#"FORM-DATA;NAME="file";FileName="a.idf""#, "a.idf"),
            (r#"form-data; name="file"; filename="say \"hi\".idf""#, "say \"hi\".idf"),
            (r#"form-data; name="file"; filename="say %22hi%22.idf""#, "say \"hi\".idf"),
            (r#"form-data; name="file"; filename="C:\dir\a.idf""#, r"C:\dir\a.idf"),
            (r#"form-data; name="file"; filename="a;b=c.idf""#, "a;b=c.idf"),
            (r#"form-data; name="file"; filename="Grüße 🏠.idf""#, "Grüße 🏠.idf"),
            (
                r#"form-data; name="file"; filename="x.idf"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%22.idf"#,
                "Grüße\".idf",
            ),
            (r#"form-data; name="file"; filename*=utf-8''a.idf; filename="x.idf""#, "a.idf"),
            (r#"form-data; name="file"; filename="x.idf"; filename*=latin1''a"#, "x.idf"),
            (r#"form-data; name="file"; filename="100%.idf""#, "100%.idf"),
        ];
        for (value, expected) in cases {
            assert_eq!(file_name(value).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_part_without_a_file_name_has_none() {
        assert_eq!(file_name(r#"form-data; name="file""#), None);
        for value in ["", "form-data", "form-data; x", ";;;=", "form-data; filename=\"unclosed"] {
            assert_eq!(ContentDisposition::parse(value).name, None, "{value}");
        }
    }
}
