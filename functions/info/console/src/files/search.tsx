/** What lies anywhere below a folder and has a text in its name. */
import { useEffect, useState } from "preact/hooks";
import { asFailure, type Failure } from "../api/failure";
import { readTree } from "../api/files";
import type { FolderNode } from "../api/shapes";
import { Dialog } from "../parts/dialog";
import { FailureNote } from "../parts/form";
import { Icon } from "../parts/icon";
import { count, size } from "../parts/wording";
import { addressOf } from "../routing";
import { type Entry, entryOf } from "./listing";
import { join, parentOf } from "./path";
import { Preview } from "./preview";

/** More nobody reads: who searches for less finds it. */
const MAX_SHOWN = 200;

interface Found {
  path: string;
  entry: Entry;
}

interface Properties {
  folder: string;
  wanted: string;
  onClose: () => void;
}

export function Search({ folder, wanted, onClose }: Properties) {
  const [found, setFound] = useState<readonly Found[] | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [looked, look] = useState<Found | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    readTree(folder, stop.signal).then(
      (tree) => setFound([...below(tree, folder, wanted.trim().toLocaleLowerCase())]),
      (error) => {
        if (!stop.signal.aborted) setFailure(asFailure(error));
      },
    );
    return () => stop.abort();
  }, [folder, wanted]);
  return (
    <Dialog title={`Names with “${wanted.trim()}”`} onClose={onClose} wide>
      <FailureNote failure={failure} />
      <p role="status" class="hint">
        {found ? `${count(found.length, "place")} in all folders below` : failure ? "" : "Searching…"}
      </p>
      <ul class="found">
        {found?.slice(0, MAX_SHOWN).map(({ path, entry }) => (
          <li key={path}>
            <Icon name={entry.isFolder ? "folder" : "file"} />
            <a href={addressOf("files", entry.isFolder ? path : parentOf(path))} onClick={onClose}>
              {path}
            </a>
            {!entry.isFolder && (
              <>
                <span class="hint">{size(entry.size)}</span>
                <button
                  type="button"
                  class="quiet square"
                  aria-label={`Preview ${path}`}
                  onClick={() => look({ path, entry })}
                >
                  <Icon name="eye" />
                </button>
              </>
            )}
          </li>
        ))}
      </ul>
      {found && found.length > MAX_SHOWN && (
        <p class="hint">These are the first {MAX_SHOWN}: search for more of the name.</p>
      )}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      {looked && <Preview path={looked.path} bytes={looked.entry.size} onClose={() => look(null)} />}
    </Dialog>
  );
}

function* below(node: FolderNode, folder: string, wanted: string): Generator<Found> {
  for (const child of node.children) {
    const path = join(folder, child.fileName);
    if (child.fileName.toLocaleLowerCase().includes(wanted)) yield { path, entry: entryOf(child) };
    yield* below(child, path, wanted);
  }
}
