//! Mail through SES v2.

use async_trait::async_trait;
use bytes::Bytes;
use domain::{Mail, MailError, Mailer};
use http::{Request, header};
use serde_json::json;

use crate::clients::Clients;
use crate::service::{CallError, Service};

/// Sends mail from one verified address.
#[derive(Clone, Debug)]
pub struct SesMailer {
    service: Service,
    sender: String,
    configuration_set: String,
}

impl SesMailer {
    /// Mail from `sender`. What becomes of it goes where the configuration set says.
    #[must_use]
    pub fn new(clients: &Clients, sender: String, configuration_set: String) -> Self {
        Self { service: clients.mail(), sender, configuration_set }
    }

    /// `SendEmail` in its *Simple* form: SES writes the headers, so that nothing in a title or message can add one.
    fn request(&self, mail: &Mail) -> Result<Request<Bytes>, http::Error> {
        let utf8 = |text: &str| json!({"Data": text, "Charset": "UTF-8"});
        let mut body = json!({"Text": utf8(mail.message())});
        if let Some(html) = mail.html() {
            body["Html"] = utf8(html);
        }
        let send = json!({
            "FromEmailAddress": self.sender,
            "Destination": {"ToAddresses": [mail.to().as_str()]},
            "Content": {"Simple": {"Subject": utf8(mail.title()), "Body": body}},
            "ConfigurationSetName": self.configuration_set,
        });
        Request::post("/v2/email/outbound-emails")
            .header(header::CONTENT_TYPE, "application/json")
            .body(send.to_string().into())
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let request = self.request(mail).map_err(|error| MailError::Refused(error.into()))?;
        self.service.call(&request).await.map(drop).map_err(classify)
    }
}

/// A mail that SES itself rejects will be rejected again. Everything else may work later, also where SES takes no mail of
/// ours at the moment, whatever it is.
fn classify(error: CallError) -> MailError {
    match error.code() {
        Some("BadRequestException" | "MessageRejected") => MailError::Refused(error.into()),
        _ => MailError::Unavailable(error.into()),
    }
}
