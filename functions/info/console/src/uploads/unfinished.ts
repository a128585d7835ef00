/** Uploads that are under way, noted beyond this visit: whoever chooses the same file again goes on where it stopped. */
import type { Upload } from "./queue";

const NAME = "unfinished-uploads";

/** Uploads expire after a day. */
const KEPT_MILLISECONDS = 24 * 3_600 * 1_000;

type Notes = Record<string, { id: string; at: number }>;

function read(): Notes {
  try {
    const notes = JSON.parse(localStorage.getItem(NAME) ?? "{}") as Notes;
    const oldest = Date.now() - KEPT_MILLISECONDS;
    return Object.fromEntries(Object.entries(notes).filter(([, note]) => note.at > oldest));
  } catch {
    return {};
  }
}

function write(notes: Notes): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(notes));
  } catch {
    // Without storage only this visit goes on.
  }
}

function nameOf({ path, file }: Upload): string {
  return [path, file.size, file.lastModified ?? 0].join("|");
}

/** The uploads that this browser has begun. */
export function ours(): Set<string> {
  return new Set(Object.values(read()).map(({ id }) => id));
}

/** Forgets the upload of this id. */
export function remove(id: string): void {
  write(Object.fromEntries(Object.entries(read()).filter(([, note]) => note.id !== id)));
}

export function find(upload: Upload): string | null {
  return read()[nameOf(upload)]?.id ?? null;
}

export function note(upload: Upload): void {
  if (upload.session) write({ ...read(), [nameOf(upload)]: { id: upload.session, at: Date.now() } });
}

export function forgetAll(): void {
  write({});
}

export function forget(upload: Upload): void {
  const notes = read();
  delete notes[nameOf(upload)];
  write(notes);
}
