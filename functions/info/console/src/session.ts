/** Who is logged on, from the first page to the log-off; and the log-on in between when the session has ended. */
import { signal } from "@preact/signals";
import { whenSessionEnds } from "./api/client";
import type { AuthReturn } from "./api/shapes";
import { checkIn, logOff } from "./api/sign_on";
import { go } from "./routing";
import * as unfinished from "./uploads/unfinished";

/** `undefined` until it is known. */
export const who = signal<AuthReturn | null | undefined>(undefined);

/** What is told on the page of the log-on. */
export const farewell = signal("");

/** Set while the page waits for the password of whoever was logged on. */
export const renewal = signal<{ email: string; done: () => void } | null>(null);

/** How often the token is renewed while the page is open: well within the life of the shortest one that makes sense. */
const CHECK_IN_MILLISECONDS = 10 * 60 * 1_000;

let waiting: Promise<void> | null = null;
let timer: number | undefined;

/** Finds out who is logged on. */
export async function resume(): Promise<void> {
  const found = await checkIn();
  if (found) begin(found);
  else who.value = null;
}

export function begin(account: AuthReturn): void {
  who.value = account;
  farewell.value = "";
  whenSessionEnds(renew);
  clearInterval(timer);
  timer = window.setInterval(keepAlive, CHECK_IN_MILLISECONDS);
}

/** Everybody who meets the end of the session waits for the same log-on. */
function renew(): Promise<void> {
  waiting ??= new Promise<void>((resolve) => {
    const done = () => {
      waiting = null;
      renewal.value = null;
      resolve();
    };
    renewal.value = { email: who.value?.email ?? "", done };
  });
  return waiting;
}

/** Renews the token, and learns what the account is called now. A failure is no matter: the next request finds out. */
export function keepAlive(): void {
  if (renewal.value) return;
  checkIn().then(
    (account) => {
      if (account && who.value) who.value = account;
    },
    () => {},
  );
}

/** Ends the session. It has ended as well if it had ended before. */
export async function leave(): Promise<void> {
  whenSessionEnds(null);
  try {
    await logOff();
  } finally {
    end("You are logged off.");
  }
}

/** Back to the log-on, with nothing left of whoever was here, not even the names of their files. */
export function end(text: string): void {
  unfinished.forgetAll();
  go("files");
  clearInterval(timer);
  whenSessionEnds(null);
  waiting = null;
  renewal.value = null;
  farewell.value = text;
  who.value = null;
}
