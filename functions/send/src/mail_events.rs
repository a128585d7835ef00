//! What becomes of mail that was sent: SES tells it through a topic.

use domain::{EmailAddress, Outbox, StoreError, Timestamp};
use serde::Deserialize;
use web::{Metric, RequestLog};

/// An event as SES publishes it
/// (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>); of the many fields only
/// those that tell whom not to mail again.
#[derive(Deserialize)]
#[serde(tag = "eventType")]
enum MailEvent {
    Bounce {
        bounce: Bounce,
    },
    Complaint {
        complaint: Complaint,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

/// After so long an address that refused a mail is tried again, in seconds: 90 days. A mailbox may be opened anew.
const BOUNCED_SECONDS: u64 = 90 * 86_400;

/// So long an address is not mailed whose owner complained, in seconds: two years.
const COMPLAINED_SECONDS: u64 = 730 * 86_400;

/// Notes the addresses that refuse our mail for good, and those whose owners complained. What passes, such as a full
/// mailbox, is left to SES, which tries again by itself.
pub(crate) async fn note(
    outbox: &dyn Outbox,
    message: &str,
    now: Timestamp,
    log: &mut RequestLog,
) -> Result<(), StoreError> {
    let (recipients, seconds) = match serde_json::from_str(message) {
        Ok(MailEvent::Bounce { bounce }) if bounce.bounce_type == "Permanent" => {
            log.count(Metric::MailBounces, 1);
            (bounce.bounced_recipients, BOUNCED_SECONDS)
        }
        Ok(MailEvent::Complaint { complaint }) => {
            log.count(Metric::MailComplaints, 1);
            (complaint.complained_recipients, COMPLAINED_SECONDS)
        }
        Ok(MailEvent::Bounce { .. } | MailEvent::Other) => (Vec::new(), 0),
        Err(error) => {
            // Asked again, it would be as unreadable; what it holds may be somebody's address.
            tracing::error!(line = error.line(), column = error.column(), "a mail event cannot be read");
            (Vec::new(), 0)
        }
    };
    for Recipient { email_address } in recipients {
        if let Ok(address) = EmailAddress::parse(&email_address) {
            outbox.note_undeliverable(&address, now.plus_seconds(seconds)).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::testing::MemoryAccounts;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn who_bounces_for_good_or_complains_is_not_mailed_again() {
        let (outbox, mut log) = (MemoryAccounts::default(), RequestLog::default());
        let now = Timestamp::from_unix_seconds(1_790_000_000);
        let bounce = |kind: &str, to: &str| {
            json!({"eventType": "Bounce", "mail": {"messageId": "1"}, "bounce": {"bounceType": kind,
                "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": to, "action": "failed"}]}})
        };
        let complaint = json!({"eventType": "Complaint", "mail": {}, "complaint": {"feedbackId": "1",
            "complainedRecipients": [{"emailAddress": "Cross@Example.org"}]}});
        for event in [
            bounce("Permanent", "gone@example.org"),
            bounce("Transient", "full@example.org"),
            complaint,
            json!({"eventType": "Delivery", "delivery": {}}),
            json!({"something": "else"}),
        ] {
            note(&outbox, &event.to_string(), now, &mut log).await.unwrap();
        }
        note(&outbox, "not JSON", now, &mut log).await.unwrap();
        for (address, bounced, later) in [
            ("gone@example.org", true, false),
            ("full@example.org", false, false),
            ("cross@example.org", true, true),
        ] {
            let address = EmailAddress::parse(address).unwrap();
            let is_marked = async |now| outbox.is_undeliverable(&address, now).await.unwrap();
            assert_eq!(is_marked(now).await, bounced, "{address}");
            assert_eq!(is_marked(now.plus_seconds(BOUNCED_SECONDS)).await, later, "{address}");
        }
    }
}
