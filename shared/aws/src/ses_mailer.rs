//! Mail through SES v2.

use async_trait::async_trait;
use aws_sdk_sesv2::error::SdkError;
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use domain::{Mail, MailError, Mailer};

use crate::clients::Clients;

/// Sends mail from one verified address.
#[derive(Clone, Debug)]
pub struct SesMailer {
    client: aws_sdk_sesv2::Client,
    sender: String,
    configuration_set: String,
}

impl SesMailer {
    /// Mail from `sender`. What becomes of it goes where the configuration set says.
    #[must_use]
    pub fn new(clients: &Clients, sender: String, configuration_set: String) -> Self {
        Self { client: clients.ses(), sender, configuration_set }
    }

    /// The *Simple* form: SES writes the headers, so that nothing in a title or message can add one.
    fn content(mail: &Mail) -> Result<EmailContent, aws_sdk_sesv2::error::BuildError> {
        let utf8 = |text: &str| Content::builder().data(text).charset("UTF-8").build();
        let html = mail.html().map(utf8).transpose()?;
        let body = Body::builder().text(utf8(mail.message())?).set_html(html).build();
        let message = Message::builder().subject(utf8(mail.title())?).body(body).build();
        Ok(EmailContent::builder().simple(message).build())
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let content = Self::content(mail).map_err(|error| MailError::Refused(error.into()))?;
        let to = Destination::builder().to_addresses(mail.to().as_str()).build();
        let send = self.client.send_email().from_email_address(&self.sender).destination(to).content(content);
        let send = send.configuration_set_name(&self.configuration_set);
        send.send().await.map(drop).map_err(classify)
    }
}

/// A mail that SES itself rejects will be rejected again. Everything else may work later, also where SES takes no mail of
/// ours at the moment, whatever it is.
fn classify(error: SdkError<SendEmailError>) -> MailError {
    use SendEmailError as E;
    match error.as_service_error() {
        Some(E::BadRequestException(_) | E::MessageRejected(_)) => MailError::Refused(error.into()),
        _ => MailError::Unavailable(error.into()),
    }
}
