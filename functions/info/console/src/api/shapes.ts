/** The answers of the API, as far as the console reads them. */

export type Role = "user" | "pro" | "admin";

export interface AuthReturn {
  user: string | null;
  role: Role;
  email: string;
}

export interface FolderNode {
  fileName: string;
  fileSize: number;
  /** True for a folder. */
  open: boolean;
  /** Of a file, where it was asked for. */
  lastModified?: string;
  children: FolderNode[];
  /** Where the next page begins; null behind the last one. */
  next?: string | null;
}

export interface Usage {
  bytes_used: number;
  bytes_limit: number;
  files_used: number;
  files_limit: number;
  /** Of files that are on their way. */
  bytes_kept: number;
  files_kept: number;
}

/** A file in parts that has not ended. */
export interface OpenUpload {
  id: string;
  path: string;
  size: number;
}

export interface UploadSession {
  id: string;
  path: string;
  size: number;
  partSize: number;
  parts: { number: number; size: number; url: string }[];
  received: { number: number; size: number }[];
}

/** The fields of the account object that people change. */
export const PROFILE_FIELDS = [
  "title",
  "firstname",
  "middlename",
  "surname",
  "nickname",
  "position",
  "company",
  "tel",
  "address",
  "postcode",
  "country",
  "website",
  "twitter",
  "linkedin",
] as const;

export type ProfileField = (typeof PROFILE_FIELDS)[number];

export type Profile = Record<ProfileField, string | null> & { email: string; use_jess: boolean };

export interface LogOn {
  id: string;
  current: boolean;
  created: string;
  last_used: string;
  device: string;
  network: string | null;
}

export interface ApiKey {
  id: string;
  name: string;
  scope: string;
  created: string;
  last_used: string | null;
  expires: string;
}

export interface AuditEvent {
  at: string;
  event: string;
  detail?: string;
  by: "owner" | "administrator";
  device: string;
  network: string | null;
}

export interface SecondFactor {
  enabled: boolean;
  recovery_codes_left: number;
}

export interface AccountOfSomebody {
  id: string;
  email: string;
  user: string | null;
  role: Role;
  disabled: boolean;
  second_factor: boolean;
  mailable: boolean;
  created: string;
  quota_bytes: number | null;
  quota_files: number | null;
  bytes_limit: number;
  files_limit: number;
}
