//! Files, folders, uploads in parts.

use http::Method;
use serde_json::{Value, json};

use super::operation::{Operation, id, object, schema};

/// All of them.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    // The root has no path; everything else has one.
    for (path, of, names) in [("/files", "Root", "the root"), ("/files/{path}", "", "a file or folder")] {
        let located = |operation: Operation| if of.is_empty() { in_path(operation) } else { operation };
        all.extend(reading(path, of, names).into_iter().map(located));
    }
    all.extend([in_path(put()), in_path(delete())]);
    all.extend(uploads());
    all.push(usage());
    all
}

fn in_path(operation: Operation) -> Operation {
    let text = "Names separated by slashes, each percent-encoded: a space is `%20`, `#` is `%23`, `?` is `%3F`, `%` is `%25`.";
    operation.in_path("path", json!({ "type": "string", "minLength": 1 }), text).may_fail(&[404])
}

fn operation(method: &Method, path: &str, id: &str, summary: &str, scope: &str) -> Operation {
    Operation::new(method, path, id, "files", summary).scope(scope)
}

fn tree() -> Value {
    json!({
        "name": "/", "fileName": "/", "fileSize": 0, "open": true, "nocheck": true,
        "children": [{
            "name": "model.idf (4.84 KB)", "fileName": "model.idf", "fileSize": 4837, "open": false, "nocheck": false,
            "children": [],
        }],
    })
}

fn handle(status: &str) -> Value {
    json!({ "ok": true, "status": status, "fileHandle": "test/today", "callback": "/users/api/files/test/today" })
}

const STATE: [(&str, &str); 3] = [
    ("ETag", "Of a file: changes with its content."),
    ("Last-Modified", "Of a file: when it was stored."),
    ("Accept-Ranges", "Of a file: `bytes`."),
];

fn reading(path: &str, of: &str, what: &str) -> Vec<Operation> {
    let (is_root, number) = (!of.is_empty(), json!({ "type": "integer", "minimum": 1 }));
    let read = operation(&Method::GET, path, &format!("read{of}"), &format!("Read {what}"), "files:read")
        .saying(
            "A folder is its whole tree, a file its bytes. A file of more than 200 MB, or a zip, is answered with an address in \
             the bucket that is good for five minutes.",
        )
        .query("depth", number.clone(), "Cuts the tree of a folder.")
        .query("limit", number, "Lists the folder's own entries page by page, so many at once.")
        .query("after", json!({ "type": "string", "minLength": 1 }), "The cursor `next` of the page before.")
        .query(
            "details",
            json!({ "type": "boolean", "default": false }),
            "`true` says of each file also its entity tag and when it was stored.",
        )
        .query("format", json!({ "enum": ["zip"] }), "`zip`: the folder as one zip.");
    let ranges = |operation: Operation| {
        operation
            .header("Range", json!({ "type": "string" }), "A part of a file, such as `bytes=0-99`.")
            .header(
                "If-None-Match",
                json!({ "type": "string" }),
                "Answers 304 if the file still has this entity tag.",
            )
    };
    let read = if is_root { read } else { ranges(read) };
    let content = if is_root {
        json!({ "application/json": { "schema": schema("Node"), "example": tree() }, "application/zip": {} })
    } else {
        json!({ "application/json": { "schema": {}, "example": tree() }, "*/*": {} })
    };
    let read = read
        .answers_with(200, "The tree of a folder, the bytes of a file, or a zip.", content)
        .answers_with(307, "The content lies at `Location`, for five minutes.", json!({}));
    let read = if is_root {
        read
    } else {
        read.with_headers(200, &STATE)
            .answers_with(206, "The part of the file.", json!({ "*/*": {} }))
            .answers_with(304, "The file is as it was.", json!({}))
            .may_fail(&[412, 416])
    };
    let head = operation(
        &Method::HEAD,
        path,
        &format!("head{of}"),
        &format!("What reading {what} would say"),
        "files:read",
    )
    .answers_with(200, "The headers alone.", json!({}));
    let head = if is_root {
        head
    } else {
        head.answers_with(304, "The file is as it was.", json!({})).may_fail(&[412, 416])
    };
    vec![read.may_fail(&[409, 429]), head, post(path, of, what)]
}

fn post(path: &str, of: &str, what: &str) -> Operation {
    let summary = format!("Upload to {}", if of.is_empty() { "a folder" } else { what });
    let form = object(
        &["file"],
        json!({
            "file": { "type": "array", "items": { "type": "string", "format": "binary" } },
        }),
    );
    let operation = operation(&Method::POST, path, &format!("upload{of}"), &summary, "files:write")
        .saying(
            "A form whose parts are all named `file`; folders are made as needed, and a file of the same name is replaced. \
             With `mkdir`, `move` or `copy` in the query there is no body.",
        )
        .query("unpack", json!({ "type": "boolean", "default": true }), "`false` keeps a zip as a file.")
        .query("mkdir", json!({ "enum": ["", "1", "true"] }), "Makes an empty folder instead, without a body.")
        .query("move", json!({ "type": "string" }), "Moves what is there to this path instead, where nothing is.")
        .query("copy", json!({ "type": "string" }), "Copies what is there to this path instead, where nothing is.")
        .body(json!({ "multipart/form-data": { "schema": form, "encoding": {
            "file": { "contentType": "application/octet-stream" },
        } } }));
    operation
        .idempotent()
        .answers("Where it is stored.", schema("FileHandle"), handle("File(s) uploaded successfully"))
        .may_fail(&[404, 409, 413, 415])
}

fn put() -> Operation {
    operation(&Method::PUT, "/files/{path}", "put", "Store a file", "files:write")
        .saying("The body as it is, at most 4 MiB; a zip stays whole.")
        .header("If-Match", json!({ "type": "string" }), "Only if the file still has this entity tag.")
        .header("If-None-Match", json!({ "type": "string" }), "`*`: only if there is none yet.")
        .body(json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } }))
        .idempotent()
        .answers("Where it is stored.", schema("FileHandle"), json!({
            "ok": true, "status": "File stored successfully", "fileHandle": "test/model.idf",
            "callback": "/users/api/files/test/model.idf", "etag": "\"b1946ac92492d2347c6235b4d2611184\"", "fileSize": 6,
        }))
        .with_headers(200, &[("ETag", "Changes with the content.")])
        .may_fail(&[412, 413])
}

fn delete() -> Operation {
    operation(
        &Method::DELETE,
        "/files/{path}",
        "delete",
        "Delete a file, or a folder with its contents",
        "files:write",
    )
    .saying("Where nothing is, the answer is HTTP 200 with `ok` false.")
    .idempotent()
    .answers(
        "It is gone, or was not there.",
        schema("DoneOrNot"),
        json!({
            "ok": true, "status": "test/today has been deleted",
        }),
    )
    .may_fail(&[413])
}

fn uploads() -> Vec<Operation> {
    let operation = |method: &Method, path: &str, id: &str, summary: &str| {
        Operation::new(method, path, id, "uploads", summary).scope("files:write")
    };
    let upload = json!({
        "ok": true, "status": "PUT each part to its URL, then POST to complete.", "id": "3f2504e04f8911d39a0c0305e82c3301",
        "path": "results/year.eso", "size": 9_000_000, "partSize": 8_388_608, "expires": "2026-03-03T09:30:14Z",
        "parts": [{ "number": 2, "size": 611_392, "url": "https://bucket.s3.eu-west-2.amazonaws.com/…" }],
        "received": [{ "number": 1, "size": 8_388_608 }],
    });
    let wish = object(
        &["path", "size"],
        json!({
            "path": { "type": "string", "minLength": 1 },
            "size": { "type": "integer", "minimum": 1, "maximum": 5_368_709_120_u64, "description": "In bytes." },
            "sha256": { "type": ["string", "null"], "description": "Of the whole, in hexadecimal: what arrives is compared with it." },
            "unpack": { "type": "boolean", "description": "Unpacks a zip of at most 256 MiB." },
        }),
    );
    let of = |operation: Operation| operation.in_path("id", id(), "Of the upload.").may_fail(&[404]);
    let open = json!([{
        "id": "3f2504e04f8911d39a0c0305e82c3301", "path": "results/year.eso", "size": 9_000_000, "partSize": 8_388_608,
        "expires": "2026-03-03T09:30:14Z",
    }]);
    vec![
        Operation::new(&Method::GET, "/uploads", "listUploads", "uploads", "The files in parts that have not ended")
            .scope("files:read")
            .saying("Each keeps room until it is complete, ended, or a day old.")
            .answers_data("Those that can be gone on with.", schema("Uploads"), "Uploads included.", open),
        operation(&Method::POST, "/uploads", "openUpload", "Begin a file in parts")
            .saying("Keeps room for it for a day, and says where to PUT each part.")
            .json(wish, json!({ "path": "results/year.eso", "size": 9_000_000 }))
            .idempotent()
            .answers("Where to send the parts.", schema("Upload"), upload.clone())
            .may_fail(&[404, 409, 413]),
        of(operation(&Method::GET, "/uploads/{id}", "showUpload", "What has arrived of a file in parts"))
            .answers("What has arrived, and fresh addresses for what has not.", schema("Upload"), upload),
        of(operation(&Method::POST, "/uploads/{id}/complete", "completeUpload", "Put a file in parts in its place"))
            .idempotent()
            .answers("Where it is stored.", schema("FileHandle"), json!({
                "ok": true, "status": "File stored successfully", "fileHandle": "results/year.eso",
                "callback": "/users/api/files/results/year.eso", "etag": "\"9b2cf535f27731c974343645a3985328-2\"",
                "fileSize": 9_000_000,
            }))
            .may_fail(&[409, 413, 422]),
        of(operation(&Method::DELETE, "/uploads/{id}", "abortUpload", "End a file in parts"))
            .idempotent()
            .answers_done("The upload has been ended."),
    ]
}

fn usage() -> Operation {
    operation(&Method::GET, "/usage", "usage", "How much is stored, and how much may be", "files:read").answers_data(
        "The account's files.",
        schema("Usage"),
        "Usage included.",
        json!({ "bytes_used": 4837, "bytes_limit": 10_000_000_000_u64, "files_used": 1, "files_limit": 100_000,
            "bytes_kept": 0, "files_kept": 0 }),
    )
}
