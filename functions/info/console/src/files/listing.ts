/** What is in the folders that were looked at, page by page, and what has become of it meanwhile. */
import { type Signal, signal } from "@preact/signals";
import { asFailure, type Failure } from "../api/failure";
import { listFolder } from "../api/files";
import type { FolderNode } from "../api/shapes";
import { isWithin, nameOf, parentOf } from "./path";

export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly size: number;
  /** When it was stored; unknown of a folder. */
  readonly modified: string | null;
}

/** What is told of a node. */
export function entryOf({ fileName, fileSize, open, lastModified }: FolderNode): Entry {
  return { name: fileName, isFolder: open, size: fileSize, modified: lastModified ?? null };
}

/** One folder. What was read before is shown until it is read anew. */
export class Listing {
  readonly entries: Signal<readonly Entry[]> = signal([]);
  /** False until all pages are there. */
  readonly isComplete = signal(false);
  readonly failure = signal<Failure | null>(null);
  private reading: AbortController | null = null;

  constructor(readonly path: string) {}

  /** Reads the folder from the beginning. The first pages are shown while the others are read. */
  async read(): Promise<void> {
    this.reading?.abort();
    this.reading = new AbortController();
    const { signal } = this.reading;
    const isFirstTime = !this.isComplete.value;
    this.failure.value = null;
    const read: Entry[] = [];
    try {
      let cursor: string | null = null;
      do {
        const node = await listFolder(this.path, cursor, signal);
        read.push(...node.children.map(entryOf));
        cursor = node.next ?? null;
        if (isFirstTime) this.entries.value = [...read];
      } while (cursor !== null);
      this.entries.value = read;
      this.isComplete.value = true;
    } catch (error) {
      if (!signal.aborted) this.failure.value = asFailure(error);
    }
  }

  add(entry: Entry): void {
    this.entries.value = [...this.entries.value.filter((other) => other.name !== entry.name), entry];
  }

  drop(name: string): void {
    this.entries.value = this.entries.value.filter((other) => other.name !== name);
  }
}

const listings = new Map<string, Listing>();

/** The folder at a path, which is read when nobody has looked at it yet. */
export function listingOf(path: string): Listing {
  let listing = listings.get(path);
  if (!listing) {
    listing = new Listing(path);
    listings.set(path, listing);
    void listing.read();
  }
  return listing;
}

/** Reads a folder again, if it was looked at. */
export function readAgain(path: string): void {
  void listings.get(path)?.read();
}

/** Something is at a path now; the folders above it are there too. */
export function noteAdded(path: string, isFolder: boolean, size = 0): void {
  let entry: Entry = {
    name: nameOf(path),
    isFolder,
    size,
    modified: isFolder ? null : new Date().toISOString(),
  };
  let child = path;
  for (;;) {
    const parent = parentOf(child);
    const listing = listings.get(parent);
    const known = listing?.entries.value.find((other) => other.name === entry.name);
    if (listing && (!entry.isFolder || !known)) listing.add(entry);
    if (parent === "") return;
    child = parent;
    entry = { name: nameOf(child), isFolder: true, size: 0, modified: null };
  }
}

/** Nothing is at a path any more, nor below it. */
export function noteRemoved(path: string): void {
  listings.get(parentOf(path))?.drop(nameOf(path));
  for (const other of listings.keys()) if (isWithin(other, path)) listings.delete(other);
}
