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

/** An upload that was begun and neither completed nor given up. */
export interface Interruption {
  name: string;
  id: string;
  path: string;
}

export function interruptions(): Interruption[] {
  return Object.entries(read()).map(([name, { id }]) => ({
    name,
    id,
    // A path may hold the sign between the parts, the size and the time do not.
    path: name.split("|").slice(0, -2).join("|"),
  }));
}

export function remove({ name }: Pick<Interruption, "name">): void {
  const notes = read();
  delete notes[name];
  write(notes);
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
  remove({ name: nameOf(upload) });
}
