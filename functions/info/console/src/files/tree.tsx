/** The folders as a tree, of which as much is read as is opened. */
import { useState } from "preact/hooks";
import { Icon } from "../parts/icon";
import { addressOf } from "../routing";
import { listingOf } from "./listing";
import { arranged } from "./order";
import { isWithin, join, nameOf } from "./path";

interface Properties {
  /** The folder that is looked at. */
  current: string;
  /** Chooses a folder without going there. */
  onChoose?: (path: string) => void;
  label: string;
}

export function Tree({ current, onChoose, label }: Properties) {
  const list = (
    <ul>
      <Branch path="" current={current} onChoose={onChoose} />
    </ul>
  );
  return onChoose ? (
    <fieldset class="tree">
      <legend>{label}</legend>
      {list}
    </fieldset>
  ) : (
    <nav class="tree" aria-label={label}>
      {list}
    </nav>
  );
}

interface BranchProperties {
  path: string;
  current: string;
  onChoose: ((path: string) => void) | undefined;
}

function Branch({ path, current, onChoose }: BranchProperties) {
  // The way to the folder that is looked at is open, until somebody closes it.
  const [choice, setChoice] = useState<boolean | null>(null);
  const isOpen = choice ?? (path === "" || (current !== path && isWithin(current, path)));
  const name = path === "" ? "All files" : nameOf(path);
  const isCurrent = current === path;
  return (
    <li>
      <div class={isCurrent ? "branch current" : "branch"}>
        <button
          type="button"
          class="quiet twist"
          aria-expanded={isOpen}
          aria-label={`Folders in ${name}`}
          onClick={() => setChoice(!isOpen)}
        >
          <Icon name={isOpen ? "down" : "right"} />
        </button>
        {onChoose ? (
          <button type="button" class="branch-name" aria-pressed={isCurrent} onClick={() => onChoose(path)}>
            <Icon name="folder" /> <span>{name}</span>
          </button>
        ) : (
          <a
            class="branch-name"
            href={addressOf("files", path)}
            aria-current={isCurrent ? "page" : undefined}
          >
            <Icon name="folder" /> <span>{name}</span>
          </a>
        )}
      </div>
      {isOpen && <Children path={path} current={current} onChoose={onChoose} />}
    </li>
  );
}

function Children({ path, current, onChoose }: BranchProperties) {
  const { entries, isComplete } = listingOf(path);
  const folders = arranged(
    entries.value.filter((entry) => entry.isFolder),
    "",
    { column: "name", isDescending: false },
  );
  if (folders.length === 0)
    return isComplete.value && path ? <p class="hint tree-empty">No folders</p> : null;
  return (
    <ul>
      {folders.map(({ name }) => (
        <Branch key={name} path={join(path, name)} current={current} onChoose={onChoose} />
      ))}
    </ul>
  );
}
