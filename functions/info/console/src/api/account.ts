/** The user's own account. */
import { ask } from "./client";
import type { ApiKey, AuditEvent, LogOn, Profile, SecondFactor } from "./shapes";

/** What proves to be the owner before something that matters. */
export interface Proof {
  password: string;
  code?: string | undefined;
}

async function data<T>(method: string, path: string, body?: unknown): Promise<T> {
  return (await ask<{ data: T }>(method, path, { body })).data;
}

function status(method: string, path: string, body?: unknown): Promise<{ status: string }> {
  return ask(method, path, { body });
}

export const readProfile = () => data<Profile>("GET", "user");
export const changeProfile = (change: Partial<Profile>) => status("POST", "user", change);
export const changePassword = (proof: Proof, new_password: string) =>
  status("POST", "password", { ...proof, new_password });
export const changeEmail = (proof: Proof, email: string) => status("POST", "email", { ...proof, email });
export const deleteAccount = (proof: Proof) => status("DELETE", "user", proof);

export const readSecondFactor = () => data<SecondFactor>("GET", "totp");
export const beginSecondFactor = (proof: Proof) =>
  data<{ secret: string; uri: string }>("POST", "totp", proof);
export const confirmSecondFactor = (code: string) =>
  data<{ recovery_codes: string[] }>("POST", "totp/confirm", { code });
export const endSecondFactor = (proof: Proof) => status("DELETE", "totp", proof);

export const listLogOns = () => data<LogOn[]>("GET", "sessions");
export const endLogOn = (id: string) => status("DELETE", `sessions/${id}`);
export const endOtherLogOns = () => status("DELETE", "sessions");

export const listKeys = () => data<ApiKey[]>("GET", "keys");
export const createKey = (name: string, scope: string, expires: string | null) =>
  ask<{ key: string }>("POST", "keys", { body: { name, scope, expires } });
export const deleteKey = (id: string) => status("DELETE", `keys/${id}`);

export const readAudit = (limit: number) => data<AuditEvent[]>("GET", `audit?limit=${limit}`);

/** The service mails to the user's own address; administrators may name another one. */
export const sendMail = (mail: { title: string; message: string; email?: string }, key: string) =>
  ask<{ status: string }>("POST", "send", { body: mail, headers: { "Idempotency-Key": key } });
