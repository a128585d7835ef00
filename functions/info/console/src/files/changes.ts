/** What is done to files and folders, and told. */
import { Failure } from "../api/failure";
import * as api from "../api/files";
import { tell, tellFailure } from "../parts/notices";
import { count } from "../parts/wording";
import { type Entry, noteAdded, noteRemoved, readAgain } from "./listing";
import { isWithin, join, nameOf } from "./path";
import { usageChanged } from "./usage";

/** How many requests are under way at once. */
const AT_ONCE = 4;

/** More than that are not done in a moment. */
const MANY = 20;

export async function makeFolder(path: string): Promise<void> {
  if (await api.exists(path))
    throw new Failure(409, `There is something of the name ${nameOf(path)} already.`);
  await api.makeFolder(path);
  noteAdded(path, true);
  tell(`The folder ${nameOf(path)} is made.`);
}

export async function rename(folder: string, entry: Entry, name: string): Promise<void> {
  await api.transfer("move", join(folder, entry.name), join(folder, name));
  noteRemoved(join(folder, entry.name));
  noteAdded(join(folder, name), entry.isFolder, entry.size);
  tell(`${entry.name} is now ${name}.`);
}

/** Moves or copies entries of a folder to another one. */
export async function transfer(
  kind: "move" | "copy",
  folder: string,
  entries: readonly Entry[],
  target: string,
): Promise<void> {
  const inItself = entries.find((entry) => entry.isFolder && isWithin(target, join(folder, entry.name)));
  if (inItself) throw new Failure(409, `The folder ${inItself.name} cannot be put into itself.`);
  tellMany(kind === "move" ? "Moving" : "Copying", entries);
  const done = await each(entries, `${kind === "move" ? "Moving" : "Copying"} failed for`, async (entry) => {
    const from = join(folder, entry.name);
    const to = join(target, kind === "copy" && target === folder ? nameOfCopy(entry) : entry.name);
    await api.transfer(kind, from, to);
    if (kind === "move") noteRemoved(from);
    noteAdded(to, entry.isFolder, entry.size);
  });
  if (done > 0)
    tell(
      `${count(done, "item")} ${kind === "move" ? "moved" : "copied"} to ${nameOf(target) || "All files"}.`,
    );
  usageChanged();
}

/** A copy beside the original has another name: `model copy.idf`. */
function nameOfCopy({ name, isFolder }: Entry): string {
  const dot = isFolder ? -1 : name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)} copy${name.slice(dot)}` : `${name} copy`;
}

export async function remove(folder: string, entries: readonly Entry[]): Promise<void> {
  tellMany("Deleting", entries);
  const done = await each(entries, "Not deleted:", async (entry) => {
    const path = join(folder, entry.name);
    await api.remove(path);
    noteRemoved(path);
  });
  if (done > 0) tell(`${count(done, "item")} deleted.`);
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

/** What takes a while is told at its beginning too. */
function tellMany(what: string, entries: readonly Entry[]): void {
  if (entries.length > MANY) tell(`${what} ${count(entries.length, "item")}…`);
}

/** Does the same with all, some at once. Each failure is told; how many went well. */
async function each(
  entries: readonly Entry[],
  complaint: string,
  work: (entry: Entry) => Promise<void>,
): Promise<number> {
  const left = [...entries];
  let done = 0;
  const worker = async () => {
    for (let entry = left.shift(); entry; entry = left.shift()) {
      try {
        await work(entry);
        done += 1;
      } catch (error) {
        tellFailure(`${complaint} ${entry.name}`, error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return done;
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
