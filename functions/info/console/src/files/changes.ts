/** What is done to files and folders, and told. */
import { Failure } from "../api/failure";
import * as api from "../api/files";
import { each, type Outcome } from "../parts/jobs";
import { tell, tellFailure } from "../parts/notices";
import { count } from "../parts/wording";
import { type Entry, noteAdded, noteRemoved, readAgain } from "./listing";
import { isWithin, join, nameOf } from "./path";
import { usageChanged } from "./usage";

export async function makeFolder(path: string): Promise<void> {
  if (await api.exists(path)) throw taken(nameOf(path));
  await api.makeFolder(path);
  noteAdded(path, true);
  tell(`The folder ${nameOf(path)} is made.`);
}

function taken(name: string): Failure {
  return new Failure(409, `There is something of the name ${name} already: choose another name.`);
}

export async function rename(folder: string, entry: Entry, name: string): Promise<void> {
  await api.transfer("move", join(folder, entry.name), join(folder, name)).catch((error: unknown) => {
    const isTaken = error instanceof Failure && error.status === 409 && error.retryAfter === undefined;
    throw isTaken ? taken(name) : error;
  });
  noteRemoved(join(folder, entry.name));
  noteAdded(join(folder, name), entry.isFolder, entry.size);
  tell(`${entry.name} is now ${name}.`);
}

/** A folder cannot hold itself. */
export function refuseInItself(folder: string, entries: readonly Entry[], target: string): void {
  const inItself = entries.find((entry) => entry.isFolder && isWithin(target, join(folder, entry.name)));
  if (inItself) throw new Failure(409, `The folder ${inItself.name} cannot be put into itself.`);
}

/** Moves or copies entries of a folder to another one. */
export async function transfer(
  kind: "move" | "copy",
  folder: string,
  entries: readonly Entry[],
  target: string,
): Promise<void> {
  const what = kind === "move" ? "Moving" : "Copying";
  const work = async (entry: Entry) => {
    const from = join(folder, entry.name);
    const to = join(target, kind === "copy" && target === folder ? nameOfCopy(entry) : entry.name);
    await api.transfer(kind, from, to);
    if (kind === "move") noteRemoved(from);
    noteAdded(to, entry.isFolder, entry.size);
  };
  const outcome = await each(what, entries, work, (entry, error) =>
    tellFailure(`${what} failed for ${entry.name}`, error),
  );
  const place = nameOf(target) || "All files";
  tellOutcome(outcome, entries, `${kind === "move" ? "moved" : "copied"} to ${place}`);
}

/** A copy beside the original has another name: `model copy.idf`. */
function nameOfCopy({ name, isFolder }: Entry): string {
  const dot = isFolder ? -1 : name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)} copy${name.slice(dot)}` : `${name} copy`;
}

export async function remove(folder: string, entries: readonly Entry[]): Promise<void> {
  const work = async (entry: Entry) => {
    const path = join(folder, entry.name);
    await api.remove(path);
    noteRemoved(path);
  };
  const outcome = await each("Deleting", entries, work, (entry, error) =>
    tellFailure(`Not deleted: ${entry.name}`, error),
  );
  tellOutcome(outcome, entries, "deleted");
}

function tellOutcome({ done, isStopped }: Outcome, entries: readonly Entry[], what: string): void {
  if (isStopped) tell(`Stopped: ${done.toLocaleString("en")} of ${count(entries.length, "item")} ${what}.`);
  else if (done > 0) tell(`${count(done, "item")} ${what}.`);
  usageChanged();
}

/** The folder with all that is in it, as a zip. */
export async function downloadAll(folder: string): Promise<void> {
  try {
    await api.download(folder, true);
  } catch (error) {
    tellFailure("The folder was not downloaded", error);
  }
}

/** Lets the browser take them one by one: it asks once whether several downloads are welcome. */
export async function download(folder: string, entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) {
    try {
      await api.download(join(folder, entry.name), entry.isFolder);
    } catch (error) {
      tellFailure(`${entry.name} was not downloaded`, error);
      if (error instanceof Failure && error.status === 404) readAgain(folder);
    }
  }
}

/** Folders without files, which an upload would not make. */
export async function makeEmptyFolders(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await api.makeFolder(path);
      noteAdded(path, true);
    } catch (error) {
      tellFailure(`The folder ${nameOf(path)} was not made`, error);
    }
  }
}
