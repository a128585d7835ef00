//! Names from all kinds of machines.

use api::story;
use domain::testing::contract::ODD_NAMES;

/// Everything but letters and digits is written as `%xx`.
fn encode(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    name.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[test]
fn every_printable_name_round_trips_through_upload_list_download_and_delete() {
    story(async |app| {
        let ada = app.signed_in("ada").await;
        let long = "x".repeat(255);
        let names = ODD_NAMES.iter().copied().chain([long.as_str(), "Case", "case", "ünï\u{2028}"]);
        for name in names {
            let folder = encode(name);
            ada.upload(&folder, &[(name, name.as_bytes())]).await.is(200);
            let tree = ada.get(&format!("files/{folder}")).await.is(200).json();
            assert_eq!(tree["fileName"], format!("/{name}"));
            assert_eq!(tree["children"][0]["fileName"], name);
            let answer = ada.get(&format!("files/{folder}/{folder}")).await.is(200);
            assert_eq!(answer.body, name.as_bytes(), "{name}");
            let answer = ada.delete(&format!("files/{folder}/{folder}")).await.is(200);
            assert_eq!(answer.json()["status"], format!("{name}/{name} has been deleted"));
        }
        assert!(
            app.stored(&ada).await.iter().all(|path| path.ends_with('/')),
            "only markers of folders are left"
        );
    });
}
