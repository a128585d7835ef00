/** How the API is asked: JSON in and out, failures as `Failure`, and a log-on in between when the session has ended. */
import { count, size } from "../parts/wording";
import { Failure, networkFailure } from "./failure";
import type { Usage } from "./shapes";

/** Where the API is: one folder above the console. */
export const API = new URL("../", location.href.split(/[?#]/)[0]).href;

/** Asks for the password, and comes back when they are logged on again whose page this is. */
type Renewal = (why: Failure) => Promise<void>;

let renewal: Renewal | null = null;

/** Says what happens when the session turns out to have ended. With `null` the 401 goes to whoever asked. */
export function whenSessionEnds(handler: Renewal | null): void {
  renewal = handler;
}

let expected: string | null = null;

/** Says whose page this is: the service does nothing for it in the name of somebody else, who may have logged on in another
 *  tab meanwhile. */
export function expectAccount(email: string): void {
  expected = email;
}

/** What every request of this page says. */
export function ownHeaders(): Record<string, string> {
  return expected === null ? {} : { "Expected-Account": encodeURIComponent(expected) };
}

export interface Question {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** The JSON of an answer, which is a success. */
export async function ask<T>(method: string, path: string, question: Question = {}): Promise<T> {
  const answer = await send(method, path, question);
  return (await read(answer)) as T;
}

/** The answer itself, which is a success. */
export async function send(method: string, path: string, question: Question = {}): Promise<Response> {
  const headers: Record<string, string> = { ...question.headers };
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (question.signal) init.signal = question.signal;
  if (question.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(question.body);
  }
  return renewing(async () => {
    Object.assign(headers, ownHeaders());
    const answer = await fetch(API + path, init).catch((error: unknown) => {
      throw question.signal?.aborted ? error : networkFailure();
    });
    if (!answer.ok) throw failureOf(answer.status, answer.headers, await answer.text().catch(() => ""));
    return answer;
  });
}

/** Does something, and does it again with a new session if the old one has ended. */
export async function renewing<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure) || error.status !== 401 || !renewal) throw error;
      await renewal(error);
    }
  }
}

/** The failure that an answer of the API tells of. */
export function failureOf(
  status: number,
  headers: { get(name: string): string | null },
  text: string,
): Failure {
  const wait = Number(headers.get("Retry-After") ?? "");
  const retryAfter = wait > 0 ? wait : undefined;
  try {
    const json = JSON.parse(text) as { status?: unknown; data?: unknown };
    if (isUsage(json.data)) return new Failure(status, noRoom(json.data), retryAfter, json.data);
    if (typeof json.status === "string") return new Failure(status, json.status, retryAfter);
  } catch {
    // Not an answer of the API itself.
  }
  return new Failure(status, `The service answered with the status ${status}.`, retryAfter);
}

function isUsage(data: unknown): data is Usage {
  return typeof data === "object" && data !== null && "bytes_limit" in data;
}

/** The service counts in bytes, people do not. */
function noRoom(usage: Usage): string {
  const bytes = `${size(usage.bytes_used)} of ${size(usage.bytes_limit)}`;
  const files = `${usage.files_used.toLocaleString("en")} of ${count(usage.files_limit, "file")}`;
  const kept = usage.bytes_kept
    ? `, and ${size(usage.bytes_kept)} are kept for uploads that have not ended`
    : "";
  return `There is no room for this: ${bytes} and ${files} are in use${kept}.`;
}

/** A refusal may come with the status 200. */
async function read(answer: Response): Promise<unknown> {
  const json = (await answer.json().catch(() => {
    throw networkFailure();
  })) as { ok?: boolean; status?: string };
  if (json.ok === false) throw new Failure(200, json.status ?? "The service refused.");
  return json;
}
