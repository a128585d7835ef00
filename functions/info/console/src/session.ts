/** Who is logged on, from the first page to the log-off; and the log-on in between when the session has ended. */
import { signal } from "@preact/signals";
import { expectAccount, whenSessionEnds } from "./api/client";
import { asFailure, type Failure } from "./api/failure";
import type { AuthReturn } from "./api/shapes";
import { checkIn, logOff } from "./api/sign_on";
import { addressOf } from "./routing";
import * as unfinished from "./uploads/unfinished";

/** Where a word is kept over a reload of the page. */
const FAREWELL = "farewell";

/** `undefined` until it is known. */
export const who = signal<AuthReturn | null | undefined>(undefined);

/** What is told on the page of the log-on. */
export const farewell = signal(takeFarewell());

/** Set while the page waits for the password of whoever was logged on. */
export const renewal = signal<{ email: string; isOther: boolean; done: () => void } | null>(null);

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
  expectAccount(account.email);
  whenSessionEnds(renew);
  clearInterval(timer);
  timer = window.setInterval(keepAlive, CHECK_IN_MILLISECONDS);
}

/** Everybody who meets the end of the session waits for the same log-on. */
function renew(why: Failure): Promise<void> {
  waiting ??= new Promise<void>((resolve) => {
    const done = () => {
      waiting = null;
      renewal.value = null;
      resolve();
    };
    const isOther = why.message.startsWith("Somebody else");
    renewal.value = { email: who.value?.email ?? "", isOther, done };
  });
  return waiting;
}

/** Renews the token, and learns what the account is called now. A failure is no matter: the next request finds out. */
export function keepAlive(): void {
  if (renewal.value) return;
  checkIn().then(
    (account) => {
      if (!account || !who.value) return;
      who.value = account;
      expectAccount(account.email);
    },
    () => {},
  );
}

/** Ends the session. It has ended as well if it had ended before, and goes on if the service cannot be reached. */
export async function leave(): Promise<void> {
  whenSessionEnds(null);
  try {
    await logOff();
  } catch (error) {
    if (asFailure(error).status !== 401) {
      whenSessionEnds(renew);
      throw error;
    }
  }
  end("You are logged off.");
}

/** Back to the log-on, with nothing left of whoever was here, not even the names of their files. The page begins anew, so that
 *  nothing that was under way goes on for the next one. */
export function end(text: string): void {
  unfinished.forgetAll();
  whenSessionEnds(null);
  who.value = null;
  history.replaceState(null, "", addressOf("files"));
  try {
    sessionStorage.setItem(FAREWELL, text);
  } catch {
    // Without storage it is not told.
  }
  location.reload();
}

function takeFarewell(): string {
  try {
    const text = sessionStorage.getItem(FAREWELL) ?? "";
    sessionStorage.removeItem(FAREWELL);
    return text;
  } catch {
    return "";
  }
}

/** Whoever comes back to a page is told at once when the session has ended meanwhile, or is somebody else's. */
document.addEventListener("visibilitychange", () => {
  if (who.value && document.visibilityState === "visible") keepAlive();
});
