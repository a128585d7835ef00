"""The same operations as a small function in Python: the standard library, boto3, argon2-cffi and PyJWT, as they come."""

import base64
import email.parser
import email.policy
import json
import os
import time

import argon2
import boto3
import jwt

KEY = os.environ["PEER_KEY"]
BUCKET = os.environ["BUCKET_NAME"]
TABLE = os.environ["PEER_TABLE"]
ROOT = "/users/api/"
HOUR = 3_600

dynamodb = boto3.client("dynamodb")
s3 = boto3.client("s3")
hasher = argon2.PasswordHasher()


def answer(status, body, **headers):
    return {"statusCode": status, "multiValueHeaders": {"content-type": ["application/json"], **headers}, "body": json.dumps(body)}


def account(address):
    return dynamodb.get_item(TableName=TABLE, Key={"email": {"S": address}}).get("Item")


def session(address):
    token = jwt.encode({"sub": address, "exp": int(time.time()) + 24 * HOUR}, KEY, algorithm="HS256")
    cookie = f"session_token={token}; Path=/; HttpOnly; Secure; SameSite=Lax"
    return answer(200, {"ok": True}, **{"set-cookie": [cookie]})


def log_on(event):
    body = json.loads(content(event))
    member = account(body["email"])
    try:
        hasher.verify(member["hash"]["S"] if member else "", body["password"])
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return answer(401, {"ok": False, "status": "Wrong address or password"})
    return session(body["email"])


def content(event):
    body = event["body"] or ""
    return base64.b64decode(body) if event["isBase64Encoded"] else body.encode()


def header(event, name):
    return next((values[0] for key, values in event["multiValueHeaders"].items() if key.lower() == name), "")


def member_of(event):
    cookies = dict(cookie.strip().split("=", 1) for cookie in header(event, "cookie").split(";") if "=" in cookie)
    return jwt.decode(cookies.get("session_token", ""), KEY, algorithms=["HS256"])["sub"]


def folder(owner, path):
    files = []
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{owner}/{path}/")
    for page in pages:
        for entry in page.get("Contents", []):
            name = entry["Key"].rsplit("/", 1)[1]
            files.append({"name": name, "size": entry["Size"], "modified": entry["LastModified"].isoformat()})
    return answer(200, {"ok": True, "files": files})


def download(owner, path):
    body = s3.get_object(Bucket=BUCKET, Key=f"{owner}/{path}")["Body"].read()
    headers = {"content-type": ["application/octet-stream"]}
    return {"statusCode": 200, "multiValueHeaders": headers, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def upload(owner, path, event):
    head = f"content-type: {header(event, 'content-type')}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + content(event))
    for part in form.iter_parts():
        s3.put_object(Bucket=BUCKET, Key=f"{owner}/{path}/{part.get_filename()}", Body=part.get_payload(decode=True))
    return answer(200, {"ok": True})


def handler(event, _context):
    method, path = event["httpMethod"], event["path"].removeprefix(ROOT)
    if (method, path) == ("GET", "info"):
        return answer(200, {"ok": True, "version": "1"})
    if (method, path) == ("POST", "auth"):
        return log_on(event)
    try:
        owner = member_of(event)
    except jwt.InvalidTokenError:
        return answer(401, {"ok": False, "status": "Log on first"})
    if (method, path) == ("POST", "checkin"):
        return session(owner) if account(owner) else answer(401, {"ok": False, "status": "Log on first"})
    path = path.removeprefix("files/")
    if method == "POST":
        return upload(owner, path, event)
    return download(owner, path) if "." in path else folder(owner, path)
