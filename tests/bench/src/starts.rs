//! What a new process needs: up to its first poll, for the connections over TLS, and with its first log-on.

use std::sync::Arc;

use api::tls_front::{Handshakes, Identity, in_front_of};
use stack::Error;
use stack::event::Format;

use crate::contestant::invoke;
use crate::operation::Operation;
use crate::pocketbase::PocketBase;
use crate::report::{Peer, Row};
use crate::setup::{FUNCTIONS, PEERS, Setup};

/// Starts of each program of ours and of each floor.
const STARTS: usize = 21;

/// Starts of each peer, which take longer.
const PEER_STARTS: usize = 7;

/// Settings of a peer.
pub(crate) type Settings = Vec<(String, String)>;

/// All rows about starts; peers with their settings, none without peers.
pub(crate) async fn rows(setup: &Setup, peers: Option<&Settings>) -> Result<Vec<Row>, Error> {
    let mut rows = first_polls(setup, peers).await?;
    rows.push(connections(setup).await?);
    rows.push(first_log_on(setup, peers).await?);
    Ok(rows)
}

/// Processor time of a new process up to its first poll, in milliseconds.
async fn start(setup: &Setup, name: &str, settings: &[(String, String)]) -> Result<f64, Error> {
    let process = setup.spawn(name, settings).await?;
    setup.last_cpu_ms(name, process).await
}

/// That of every function.
async fn first_polls(setup: &Setup, peers: Option<&Settings>) -> Result<Vec<Row>, Error> {
    let mut floor = Vec::new();
    let mut ours = FUNCTIONS.map(|name| (name, Vec::new()));
    for _ in 0..STARTS {
        floor.push(start(setup, "hello", &[]).await?);
        for (name, times) in &mut ours {
            times.push(start(setup, name, &[]).await?);
        }
    }
    let mut rows = Vec::new();
    for (name, times) in ours {
        let mut row =
            Row::new(format!("start to first poll, {name}"), "ms", times, 3.7).over(&floor, f64::MAX);
        if let (Some(settings), "auth") = (peers, name) {
            row.peers = peer_starts(setup, settings).await?;
        }
        rows.push(row);
    }
    Ok(rows)
}

async fn peer_starts(setup: &Setup, settings: &Settings) -> Result<Vec<Peer>, Error> {
    let mut peers = Vec::new();
    for (name, title) in PEERS {
        let mut times = Vec::new();
        for _ in 0..PEER_STARTS {
            times.push(start(setup, name, settings).await?);
        }
        peers.push(Peer::new(title, times));
    }
    let (program, data) = (setup.pocketbase_program(), setup.pocketbase_data()?);
    peers.push(Peer::new("PocketBase", PocketBase::starts(&program, &data, setup.port, PEER_STARTS).await?));
    Ok(peers)
}

/// What the first connections over TLS add to a start, where no request waits for them.
async fn connections(setup: &Setup) -> Result<Row, Error> {
    let (identity, handshakes) = (Identity::new(), Arc::new(Handshakes::default()));
    let certificate = setup.folders.scratch.join("certificate.pem");
    std::fs::write(&certificate, &identity.pem)?;
    let url = in_front_of(&setup.dynamodb_url, &identity, &handshakes).await;
    let over_tls = [
        ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), url),
        ("AWS_CA_BUNDLE".to_owned(), certificate.display().to_string()),
    ];
    let (mut plain, mut measured) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        plain.push(start(setup, "auth", &[]).await?);
        let before = handshakes.made();
        measured.push(start(setup, "auth", &over_tls).await?);
        if handshakes.made() == before {
            return Err("auth opened no connection over TLS while it started".into());
        }
    }
    let added = measured.iter().zip(&plain).map(|(measured, plain)| measured - plain).collect();
    Ok(Row::new("connection over TLS, opened while it starts".into(), "ms", added, 2.0))
}

/// Processor time of a new process up to the answer to its first log-on.
async fn first_log_on(setup: &Setup, peers: Option<&Settings>) -> Result<Row, Error> {
    let ours = first_log_ons(setup, "auth", &[], STARTS).await?;
    let mut row = Row::new("first log-on of a new process, its start included".into(), "ms", ours, 25.0);
    if let Some(settings) = peers {
        for (name, title) in PEERS {
            row.peers.push(Peer::new(title, first_log_ons(setup, name, settings, PEER_STARTS).await?));
        }
    }
    Ok(row)
}

async fn first_log_ons(
    setup: &Setup,
    name: &str,
    settings: &[(String, String)],
    starts: usize,
) -> Result<Vec<f64>, Error> {
    let event = Operation::LogOn.event(Format::Rest, "")?;
    let mut times = Vec::new();
    for _ in 0..starts {
        let process = setup.spawn(name, settings).await?;
        let (status, body, _) = invoke(&setup.apis, name, event.clone()).await?;
        Operation::LogOn.check(status, &body)?;
        times.push(setup.last_cpu_ms(name, process).await?);
    }
    Ok(times)
}
