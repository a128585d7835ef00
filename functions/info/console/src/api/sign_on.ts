/** Getting a session, and an account to have one of. */
import { ask, send } from "./client";
import { Failure } from "./failure";
import type { AuthReturn } from "./shapes";

export interface Credentials {
  email: string;
  password: string;
  code?: string | undefined;
}

/** Logs on. The cookie of the answer is kept by the browser, where no script can read it. */
export function logOn(credentials: Credentials): Promise<AuthReturn> {
  return ask("POST", "auth", { body: credentials });
}

/** Whether a failure asks for the code of a second factor. */
export function asksForCode(failure: Failure): boolean {
  return failure.message.startsWith("A code is needed");
}

/** Renews the token; null when nobody is logged on. */
export async function checkIn(): Promise<AuthReturn | null> {
  try {
    return await ask<AuthReturn>("POST", "checkin");
  } catch (error) {
    if (error instanceof Failure && error.status === 401) return null;
    throw error;
  }
}

export async function logOff(): Promise<void> {
  await send("POST", "logout");
}

/** Both answer with what happens next. */
export function register(wish: Record<string, string>): Promise<{ status: string }> {
  return ask("POST", "register", { body: wish });
}

export function forgotPassword(email: string): Promise<{ status: string }> {
  return ask("POST", "password/forgot", { body: { email } });
}
