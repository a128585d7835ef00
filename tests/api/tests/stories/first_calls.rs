//! The first request of a new process finds its connections open: the handshakes, which take longer than most requests,
//! were made while the process started.

use std::sync::Arc;
use std::time::Duration;

use api::tls_front::{Handshakes, Identity, in_front_of};
use api::{World, story_with};
use serde_json::json;
use stack::gateway::Gateway;

/// The functions that call AWS, and how many of its services they call for most requests: the table, and the bucket.
const FUNCTIONS: [(&str, usize); 4] = [("auth", 1), ("account", 1), ("files", 2), ("send", 1)];

#[test]
fn the_first_request_of_a_process_waits_for_no_handshake() {
    story_with(&World::get().local().gateway.rest_url, async |app| {
        let (identity, handshakes) = (Identity::new(), Arc::new(Handshakes::default()));
        let mut variables = app.world.local().variables.clone();
        for (name, value) in &mut variables {
            if name == "AWS_ENDPOINT_URL" || name == "AWS_ENDPOINT_URL_DYNAMODB" {
                *value = in_front_of(value, &identity, &handshakes).await;
            }
        }
        let logs = app.world.local().logs.with_file_name("first-calls");
        std::fs::create_dir_all(&logs).expect("a log folder");
        let bundle = logs.join("certificate.pem");
        std::fs::write(&bundle, &identity.pem).expect("written");
        let bundle = bundle.to_str().expect("UTF-8").to_owned();
        variables.push(("AWS_CA_BUNDLE".into(), bundle));
        let processes = FUNCTIONS.map(|(name, _)| (name, 1));
        let gateway = Gateway::start_functions(processes, &app.world.local().bin_folder, &variables, &logs);
        let gateway = gateway.await.expect("a gateway");
        let opened: usize = FUNCTIONS.iter().map(|(_, services)| services).sum();
        for _ in 0..200 {
            if handshakes.made() == opened {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(handshakes.made(), opened, "each service is greeted once");
        // Calls at the same time may open further connections; none of them is waited for.
        handshakes.stall();
        let ada = app.at(&gateway.rest_url).signed_in("ada").await;
        ada.upload("test", &[("a.idf", b"Version,9.6;")]).await.is(200);
        ada.get("user").await.is(200);
        ada.post_json("send", &json!({"title": "", "message": ""})).await.fails(400);
    });
}
