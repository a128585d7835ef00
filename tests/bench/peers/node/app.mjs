// The same operations as a small function in Node.js: Hono, the AWS SDK, @node-rs/argon2 and jose, as they come.

import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { verify } from "@node-rs/argon2";
import { Hono } from "hono";
import { handle } from "hono/aws-lambda";
import { getCookie, setCookie } from "hono/cookie";
import { jwtVerify, SignJWT } from "jose";

const { BUCKET_NAME: Bucket, PEER_KEY, PEER_TABLE: TableName } = process.env;
const key = new TextEncoder().encode(PEER_KEY);
const dynamodb = new DynamoDBClient();
const s3 = new S3Client({ forcePathStyle: true });

const app = new Hono().basePath("/users/api");

async function account(email) {
  return (await dynamodb.send(new GetItemCommand({ TableName, Key: { email: { S: email } } }))).Item;
}

async function session(context, email) {
  const token = await new SignJWT({}).setProtectedHeader({ alg: "HS256" }).setSubject(email).setExpirationTime("24h").sign(key);
  setCookie(context, "session_token", token, { httpOnly: true, path: "/", sameSite: "Lax", secure: true });
  return context.json({ ok: true });
}

app.get("/info", (context) => context.json({ ok: true, version: "1" }));

app.post("/auth", async (context) => {
  const { email, password } = await context.req.json();
  const member = await account(email);
  if (!member || !(await verify(member.hash.S, password))) {
    return context.json({ ok: false, status: "Wrong address or password" }, 401);
  }
  return session(context, email);
});

app.use(async (context, next) => {
  try {
    context.set("owner", (await jwtVerify(getCookie(context, "session_token") ?? "", key)).payload.sub);
  } catch {
    return context.json({ ok: false, status: "Log on first" }, 401);
  }
  await next();
});

app.post("/checkin", async (context) => {
  const owner = context.get("owner");
  return (await account(owner)) ? session(context, owner) : context.json({ ok: false, status: "Log on first" }, 401);
});

app.get("/files/:path", async (context) => {
  const Key = `${context.get("owner")}/${context.req.param("path")}`;
  if (Key.endsWith(".bin")) {
    const object = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return context.body(await object.Body.transformToByteArray(), 200, { "content-type": "application/octet-stream" });
  }
  const files = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix: `${Key}/` })) {
    for (const { Key: path, Size: size, LastModified: modified } of page.Contents ?? []) {
      files.push({ name: path.slice(path.lastIndexOf("/") + 1), size, modified });
    }
  }
  return context.json({ ok: true, files });
});

app.post("/files/:path", async (context) => {
  const { file } = await context.req.parseBody();
  const Key = `${context.get("owner")}/${context.req.param("path")}/${file.name}`;
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: new Uint8Array(await file.arrayBuffer()) }));
  return context.json({ ok: true });
});

export const handler = handle(app);
