//! The few pages that links in mails lead to: a sentence and at most one form. No script, no foreign origin.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use quick_xml::escape::escape;
use sha2::{Digest as _, Sha256};

use crate::response::Response;
use crate::route::BASE_PATH;

const STYLE: &str = ":root{color-scheme:light dark;--link:#0b5394}@media(prefers-color-scheme:dark){:root{--link:#7db8f0}}\
    body{font:1.05rem/1.6 system-ui,sans-serif;max-width:32rem;margin:12vh auto;padding:0 1rem;overflow-wrap:anywhere}\
    h1{font-size:1.5rem}a{color:var(--link)}\
    input{font:inherit;box-sizing:border-box;width:100%;padding:.6rem;margin:.3rem 0 1rem;border:1px solid #8a94a3;border-radius:.4rem}\
    button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#0b5394;color:#fff;cursor:pointer}";

static POLICY: LazyLock<String> = LazyLock::new(|| policy(STYLE));

/// The content security policy of a page with that style: nothing else, and forms only to where the page came from.
#[must_use]
pub fn policy(style: &str) -> String {
    let style = STANDARD.encode(Sha256::digest(style));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// A page.
pub struct Page<'a> {
    /// The heading.
    pub title: &'a str,
    /// What there is to say.
    pub text: &'a str,
    /// What can be done; where there is nothing, the page leads to the console.
    pub form: Option<Form<'a>>,
}

/// A form that is sent to the path of its page.
pub struct Form<'a> {
    /// The one-time token that is sent along.
    pub token: Option<&'a str>,
    /// What the user fills in: the label and the rest of the `input` element.
    pub field: Option<(&'a str, &'a str)>,
    /// What stands on the button.
    pub button: &'a str,
}

impl Page<'_> {
    /// The page as an answer.
    #[must_use]
    pub fn answer(&self, status: StatusCode) -> Response {
        let (title, text) = (escape(self.title), escape(self.text));
        let console = || format!("<p><a href=\"{BASE_PATH}/console/\">Go to the console to log on</a></p>");
        let form = self.form.as_ref().map_or_else(console, Form::html);
        let html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>\n"
        );
        let mut answer = Response::new(html.into_bytes().into());
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        // Without any referrer the form would come from the origin "null"; other sites still learn nothing.
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        if let Ok(policy) = HeaderValue::from_str(&POLICY) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        answer
    }
}

impl Form<'_> {
    fn html(&self) -> String {
        let token = self
            .token
            .map(|token| format!("<input type=\"hidden\" name=\"token\" value=\"{}\">", escape(token)));
        let field = self.field.map(|(label, input)| format!("<label>{label} <input {input}></label>"));
        // The path of the page, without its query: the token goes in the body, where no log sees it.
        format!(
            "<form method=\"post\" action=\"?\">{}{}<button>{}</button></form>",
            token.unwrap_or_default(),
            field.unwrap_or_default(),
            self.button
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_runs_nothing_and_sends_its_form_only_home() {
        let form = Form { token: Some("\"><script>"), field: None, button: "Go" };
        let page = Page { title: "A & B", text: "<i>", form: Some(form) };
        let answer = page.answer(StatusCode::OK);
        let html = std::str::from_utf8(answer.body().as_whole().unwrap()).unwrap();
        assert!(html.contains("A &amp; B") && html.contains("&lt;i&gt;") && !html.contains("<script"));
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-")
                && policy.contains("form-action 'self'")
        );
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"));
        assert_eq!(answer.headers()[header::REFERRER_POLICY], "same-origin");
    }
}
