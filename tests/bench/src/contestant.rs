//! The programs that are compared: our functions, floors that do no more than must be done, and what somebody might use instead.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use serde_json::Value;
use stack::Error;
use stack::event::Format;
use stack::runtime_api::{RuntimeApi, is_streamed};

use crate::operation::Operation;
use crate::pocketbase::PocketBase;
use crate::process::Process;
use crate::raw_argon2::RawArgon2;

/// How long a call may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// What one or more calls took, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Processor time of the whole process.
    pub(crate) cpu: f64,
    /// From handing over the event to the end of the answer.
    pub(crate) wall: f64,
}

/// One column of the table.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    kind: Kind,
}

enum Kind {
    Functions(Functions),
    PocketBase(PocketBase),
    RawArgon2(RawArgon2),
}

impl Contestant {
    pub(crate) fn functions(name: &'static str, functions: Functions) -> Self {
        Self { name, kind: Kind::Functions(functions) }
    }

    pub(crate) fn pocketbase(server: PocketBase) -> Self {
        Self { name: "PocketBase", kind: Kind::PocketBase(server) }
    }

    pub(crate) fn raw_argon2() -> Result<Self, Error> {
        Ok(Self { name: "floor", kind: Kind::RawArgon2(RawArgon2::new()?) })
    }

    pub(crate) fn can(&self, operation: Operation) -> bool {
        match &self.kind {
            Kind::Functions(functions) => functions.program(operation).is_some(),
            Kind::PocketBase(_) => true,
            Kind::RawArgon2(_) => operation == Operation::LogOn,
        }
    }

    /// Calls an operation several times in a row: processor time of one call on average, and the time of each.
    pub(crate) async fn calls(&mut self, operation: Operation, calls: u32) -> Result<(f64, Vec<f64>), Error> {
        if let Kind::RawArgon2(hasher) = &mut self.kind {
            let costs = (0..calls).map(|_| hasher.hash()).collect::<Result<Vec<_>, _>>()?;
            let cpu = costs.iter().map(|cost| cost.cpu).sum::<f64>() / f64::from(calls);
            return Ok((cpu, costs.iter().map(|cost| cost.wall).collect()));
        }
        let before = self.cpu_ms(operation)?;
        let mut walls = Vec::new();
        for _ in 0..calls {
            walls.push(self.call(operation).await?);
        }
        Ok(((self.cpu_ms(operation)? - before) / f64::from(calls), walls))
    }

    /// Calls an operation once and checks the answer: how long it took, in milliseconds.
    async fn call(&self, operation: Operation) -> Result<f64, Error> {
        match &self.kind {
            Kind::Functions(functions) => functions.call(operation).await,
            Kind::PocketBase(server) => server.call(operation).await,
            Kind::RawArgon2(_) => Err("a hash is no request".into()),
        }
    }

    fn cpu_ms(&self, operation: Operation) -> Result<f64, Error> {
        self.process(operation)?.cpu_ms()
    }

    /// What answers.
    pub(crate) fn process(&self, operation: Operation) -> Result<&Process, Error> {
        match &self.kind {
            Kind::Functions(functions) => functions.process(operation),
            Kind::PocketBase(server) => Ok(&server.process),
            Kind::RawArgon2(_) => Err("it has no process of its own".into()),
        }
    }
}

/// Programs behind the Runtime API.
pub(crate) struct Functions {
    apis: Arc<RuntimeApi>,
    format: Format,
    /// Which program answers what.
    program: fn(Operation) -> Option<&'static str>,
    processes: Arc<HashMap<&'static str, Process>>,
    token: String,
    /// Made once for each operation, so that calls are alike.
    events: HashMap<String, String>,
}

impl Functions {
    pub(crate) fn new(
        apis: Arc<RuntimeApi>,
        format: Format,
        program: fn(Operation) -> Option<&'static str>,
        processes: Arc<HashMap<&'static str, Process>>,
    ) -> Self {
        Self { apis, format, program, processes, token: String::new(), events: HashMap::new() }
    }

    /// Logs on, unless nobody has to, and keeps the events of `operations`.
    pub(crate) async fn ready(mut self, operations: &[Operation]) -> Result<Self, Error> {
        if self.program(Operation::LogOn).is_some() {
            let event = Operation::LogOn.event(self.format, "")?;
            let (_, _, text) = self.invoke(Operation::LogOn, event).await?;
            let (_, behind) = text.split_once("session_token=").ok_or("a log-on without a cookie")?;
            behind.split([';', '"']).next().unwrap_or_default().clone_into(&mut self.token);
        }
        for operation in operations {
            if self.program(*operation).is_some() {
                self.events.insert(operation.title(), operation.event(self.format, &self.token)?);
            }
        }
        Ok(self)
    }

    /// The token of its session.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn program(&self, operation: Operation) -> Option<&'static str> {
        (self.program)(operation)
    }

    pub(crate) fn process(&self, operation: Operation) -> Result<&Process, Error> {
        let program = self.program(operation).ok_or("nothing answers this")?;
        self.processes.get(program).ok_or_else(|| "the program does not run".into())
    }

    pub(crate) async fn call(&self, operation: Operation) -> Result<f64, Error> {
        let event = self.events.get(&operation.title()).ok_or("an event that was not made")?.clone();
        let begin = Instant::now();
        let (status, body, _) = self.invoke(operation, event).await?;
        let wall = begin.elapsed().as_secs_f64() * 1e3;
        operation.check(status, &body)?;
        Ok(wall)
    }

    async fn invoke(&self, operation: Operation, event: String) -> Result<(u64, Vec<u8>, String), Error> {
        let program = self.program(operation).ok_or("nothing answers this")?;
        invoke(&self.apis, program, event).await
    }
}

/// Hands an event to a program: status and body of its answer, and the JSON that they were in.
pub(crate) async fn invoke(
    apis: &RuntimeApi,
    program: &str,
    event: String,
) -> Result<(u64, Vec<u8>, String), Error> {
    let function = apis.function(program).ok_or("an unknown program")?;
    let taken = async {
        let (headers, body) =
            function.invoke(event).await.map_err(|failure| format!("{program}: {failure:?}"))?;
        Ok::<_, Error>((is_streamed(&headers), body.collect().await?.to_bytes()))
    };
    let (streamed, bytes) =
        tokio::time::timeout(PATIENCE, taken).await.map_err(|_| format!("{program} does not answer"))??;
    let end = if streamed { bytes.windows(8).position(|window| window == [0; 8]) } else { None };
    let head = &bytes[..end.unwrap_or(bytes.len())];
    let answer: Value = serde_json::from_slice(head)?;
    let body = match (end, answer["body"].as_str()) {
        (Some(end), _) => bytes[end + 8..].to_vec(),
        (None, Some(body)) if answer["isBase64Encoded"] == true => STANDARD.decode(body)?,
        (None, body) => body.unwrap_or_default().as_bytes().to_vec(),
    };
    let status = answer["statusCode"].as_u64().unwrap_or_default();
    Ok((status, body, String::from_utf8_lossy(head).into_owned()))
}
