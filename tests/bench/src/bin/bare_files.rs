//! The least that a function which moves files can be: it writes what it gets to a socket and hands on what it reads from
//! one, without a signature, a check, or a look at either.

use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use http_body::Frame;
use http_body_util::StreamBody;
use lambda_http::http::Method;
use lambda_http::{Body, Error, Request, Response, service_fn};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use web::environment::variable;

type Pieces = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Error>>>;

/// How much is read at a time, in bytes.
const PIECE: usize = 64 << 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let bucket = variable("BARE_BUCKET").ok_or("BARE_BUCKET is not set")?;
    let socket = Mutex::new(TcpStream::connect(&bucket).await?);
    let socket = &*Box::leak(Box::new(socket));
    lambda_http::run_with_streaming_response(service_fn(async |request: Request| {
        if request.method() == Method::GET {
            let name = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
            return get(socket, &name).await;
        }
        put(socket, request.into_body()).await
    }))
    .await
}

async fn put(socket: &Mutex<TcpStream>, body: Body) -> Result<Response<Pieces>, Error> {
    let body = match body {
        Body::Binary(body) => body,
        Body::Text(text) => text.into_bytes(),
        _ => Vec::new(),
    };
    let mut socket = socket.lock().await;
    let head =
        format!("PUT /bare/put.bin HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len());
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(&body).await?;
    head_of(&mut socket, &mut BytesMut::with_capacity(PIECE)).await?;
    let answer = Bytes::from_static(br#"{"ok":true}"#);
    Ok(Response::new(StreamBody::new(stream::iter([Ok(Frame::data(answer))]).boxed())))
}

async fn get(socket: &'static Mutex<TcpStream>, name: &str) -> Result<Response<Pieces>, Error> {
    let mut socket = socket.lock().await;
    let head = format!("GET /bare/{name} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    socket.write_all(head.as_bytes()).await?;
    let mut buffer = BytesMut::with_capacity(PIECE);
    let left = head_of(&mut socket, &mut buffer).await?;
    let read = stream::try_unfold((socket, buffer, left), |(mut socket, mut buffer, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        if buffer.is_empty() {
            buffer.reserve(PIECE);
            socket.read_buf(&mut buffer).await?;
        }
        let piece = buffer.split().freeze();
        let left = left - piece.len();
        Ok::<_, Error>(Some((piece, (socket, buffer, left))))
    });
    Ok(Response::new(StreamBody::new(read.map_ok(Frame::data).boxed())))
}

/// Reads the head of an answer; gives the length of the body, whose beginning may be in the buffer already.
async fn head_of(socket: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<usize> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = buffer.split_to(end + 4);
            let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            return Ok(length.and_then(|length| length.trim().parse().ok()).unwrap_or_default());
        }
        if socket.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
