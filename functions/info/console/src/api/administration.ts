/** Accounts of others, for administrators. */
import { ask } from "./client";
import type { AccountOfSomebody, AuditEvent, Role } from "./shapes";

export interface AccountChange {
  role?: Role;
  disabled?: boolean;
  quota_bytes?: number | null;
  quota_files?: number | null;
  second_factor?: false;
  mailable?: true;
}

async function data<T>(method: string, path: string, body?: unknown): Promise<T> {
  return (await ask<{ data: T }>(method, path, { body })).data;
}

export const findAccount = (email: string) =>
  data<AccountOfSomebody>("GET", `accounts?email=${encodeURIComponent(email)}`);
export const changeAccount = (id: string, change: AccountChange) =>
  data<AccountOfSomebody>("POST", `accounts/${id}`, change);
export const endSessions = (id: string) => ask<{ status: string }>("DELETE", `accounts/${id}/sessions`);
export const readAuditOf = (id: string, limit: number) =>
  data<AuditEvent[]>("GET", `accounts/${id}/audit?limit=${limit}`);
