/** Files and folders. Paths have no slash at their ends; the root is the empty path. */
import { API, ask, ownHeaders, renewing, send } from "./client";
import { Failure } from "./failure";
import { put } from "./sending";
import type { FolderNode, OpenUpload, UploadSession, Usage } from "./shapes";

/** The most that goes in one request, in bytes. */
export const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/** The most entries of one page. */
const PAGE = 1_000;

/** The path below the API, percent-encoded. */
export function filesPath(path: string): string {
  return path ? `files/${path.split("/").map(encodeURIComponent).join("/")}` : "files";
}

/** A page of a folder's own entries. */
export function listFolder(path: string, after: string | null, signal: AbortSignal): Promise<FolderNode> {
  const cursor = after ? `&after=${encodeURIComponent(after)}` : "";
  return ask("GET", `${filesPath(path)}?details=true&limit=${PAGE}${cursor}`, { signal });
}

/** Everything below a folder. */
export function readTree(path: string, signal: AbortSignal): Promise<FolderNode> {
  return ask("GET", `${filesPath(path)}?details=true`, { signal });
}

export async function readUsage(): Promise<Usage> {
  return (await ask<{ data: Usage }>("GET", "usage")).data;
}

/** The answer to a change is kept under its key, so that a try after a lost answer does nothing twice. */
function once(): Record<string, string> {
  return { "Idempotency-Key": crypto.randomUUID() };
}

export function makeFolder(path: string): Promise<unknown> {
  return ask("POST", `${filesPath(path)}?mkdir`, { headers: once() });
}

export function transfer(kind: "move" | "copy", from: string, to: string): Promise<unknown> {
  return ask("POST", `${filesPath(from)}?${kind}=${encodeURIComponent(to)}`, { headers: once() });
}

export function remove(path: string): Promise<unknown> {
  return ask("DELETE", filesPath(path), { headers: once() });
}

/** Whether there is a file or folder at a path. */
export async function exists(path: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await send("HEAD", filesPath(path), { signal });
    return true;
  } catch (error) {
    if (error instanceof Failure && error.status === 404) return false;
    throw error;
  }
}

/** The first bytes of a file. */
export async function readStart(path: string, bytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const headers = { Range: `bytes=0-${bytes - 1}` };
  const answer = await send("GET", filesPath(path), { headers, signal });
  return new Uint8Array(await answer.arrayBuffer());
}

/** Lets the browser download a file, or a folder as a zip. The session is looked at first: a page could be asked for the
 *  password, a download could not. */
export async function download(path: string, isFolder: boolean): Promise<void> {
  await send("HEAD", filesPath(path));
  follow(`${API}${filesPath(path)}${isFolder ? "?format=zip" : ""}`);
}

/** Everything that is held on the user, as a zip. */
export async function downloadExport(): Promise<void> {
  await readUsage();
  follow(`${API}user/export`);
}

function follow(address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}

export interface Put {
  key: string;
  replace: boolean;
  signal: AbortSignal;
  onProgress: (bytes: number) => void;
}

/** Stores a small file in one request. */
export function putFile(path: string, file: Blob, { key, replace, signal, onProgress }: Put): Promise<void> {
  // What browsers make of an ending says nothing about the bytes: a text may be in any encoding.
  const headers: Record<string, string> = {
    "Content-Type": "application/octet-stream",
    "Idempotency-Key": key,
  };
  if (!replace) headers["If-None-Match"] = "*";
  return renewing(() =>
    put(API + filesPath(path), file, { headers: { ...headers, ...ownHeaders() }, signal, onProgress }),
  );
}

/** Begins an upload in parts. */
export function openUpload(
  path: string,
  size: number,
  key: string,
  signal: AbortSignal,
): Promise<UploadSession> {
  return ask("POST", "uploads", { body: { path, size }, headers: { "Idempotency-Key": key }, signal });
}

export function showUpload(id: string, signal: AbortSignal): Promise<UploadSession> {
  return ask("GET", `uploads/${id}`, { signal });
}

export function completeUpload(id: string, signal: AbortSignal): Promise<unknown> {
  return ask("POST", `uploads/${id}/complete`, { signal });
}

export async function listUploads(): Promise<OpenUpload[]> {
  return (await ask<{ data: OpenUpload[] }>("GET", "uploads")).data;
}

export function abortUpload(id: string): Promise<unknown> {
  return ask("DELETE", `uploads/${id}`);
}
