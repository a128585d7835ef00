/** The file manager: one folder, the way to it, and what can be done in it. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { confirmed } from "../parts/ask";
import { FailureNote } from "../parts/form";
import { Icon, type IconName } from "../parts/icon";
import { tellFailure } from "../parts/notices";
import { count } from "../parts/wording";
import { addressOf, go } from "../routing";
import { type Found, readChosen, readDropped } from "../uploads/dropped";
import { Interrupted } from "../uploads/interrupted";
import { queue } from "../uploads/uploads";
import { download, downloadAll, makeEmptyFolders, remove } from "./changes";
import { type DialogWish, FileDialog } from "./dialogs";
import { type Entry, listingOf } from "./listing";
import { arranged, type Order } from "./order";
import { join, lineage, nameOf, parentOf } from "./path";
import { Preview } from "./preview";
import { Rows } from "./rows";
import { Search } from "./search";
import { NOTHING } from "./selection";
import { Tree } from "./tree";
import { UsageBar } from "./usage";

export function FilesPage({ path }: { path: string }) {
  return (
    <div class="files">
      <aside class="side" aria-label="Folders and storage">
        <Tree label="Folders" current={path} />
        <UsageBar />
      </aside>
      <Folder key={path} path={path} />
    </div>
  );
}

function Folder({ path }: { path: string }) {
  const listing = listingOf(path);
  const [filter, setFilter] = useState("");
  const [order, setOrder] = useState<Order>({ column: "name", isDescending: false });
  const [selection, setSelection] = useState(NOTHING);
  const [wish, setWish] = useState<DialogWish | null>(null);
  const [isSearching, search] = useState(false);
  const [looked, lookAt] = useState<Entry | null>(null);
  const isFirst = useRef(true);
  // What others have done meanwhile is seen when somebody comes back.
  useEffect(() => {
    if (isFirst.current && listing.isComplete.value) void listing.read();
    isFirst.current = false;
  }, [listing]);
  const entries = listing.entries.value;
  const shown = useMemo(() => arranged(entries, filter, order), [entries, filter, order]);
  const chosen = shown.filter((entry) => selection.chosen.has(entry.name));

  const open = (entry: Entry) => (entry.isFolder ? go("files", join(path, entry.name)) : lookAt(entry));
  const clear = () => setSelection({ ...selection, chosen: new Set() });
  const askToDelete = async () => {
    const what = chosen.length === 1 ? chosen[0]?.name : count(chosen.length, "item");
    const folders = chosen.some((entry) => entry.isFolder) ? " Folders go with all that is in them." : "";
    const text = (
      <>
        <p>This cannot be taken back.{folders}</p>
        <ul class="names">
          {chosen.slice(0, 8).map((entry) => (
            <li key={entry.name}>{entry.name}</li>
          ))}
          {chosen.length > 8 && <li>and {count(chosen.length - 8, "other")}</li>}
        </ul>
      </>
    );
    if (!(await confirmed(`Delete ${what}?`, text, "Delete"))) return;
    clear();
    await remove(path, chosen);
  };
  const onKey = (key: string) => {
    const [one] = chosen;
    if (key === "Delete" && one) void askToDelete();
    else if (key === "F2" && one && chosen.length === 1) setWish({ kind: "rename", entry: one });
    else if (key === "Backspace" && path) go("files", parentOf(path));
    else return false;
    return true;
  };
  return (
    <main class="folder">
      <Crumbs path={path} />
      <Toolbar
        path={path}
        chosen={chosen}
        filter={filter}
        onFilter={(text) => {
          setFilter(text);
          setSelection(NOTHING);
        }}
        onWish={setWish}
        onLook={lookAt}
        onDelete={askToDelete}
        onClear={clear}
      />
      <Interrupted />
      <DropArea path={path}>
        <Rows
          label={`Files in ${nameOf(path) || "All files"}`}
          entries={shown}
          order={order}
          onOrder={setOrder}
          selection={selection}
          onSelection={setSelection}
          onOpen={open}
          onKey={onKey}
        />
        <Emptiness path={path} filter={filter} shown={shown.length} onSearch={() => search(true)} />
      </DropArea>
      <p class="folder-foot hint" role="status">
        {listing.isComplete.value
          ? `${count(shown.length, "item")}${filter ? ` of ${entries.length.toLocaleString("en")}` : ""}${chosen.length ? `, ${chosen.length} chosen` : ""}`
          : entries.length > 0
            ? `Loading: ${count(entries.length, "item")} so far`
            : listing.failure.value
              ? ""
              : "Loading…"}
        {filter && shown.length > 0 && (
          <>
            {" · "}
            <button type="button" class="link" onClick={() => search(true)}>
              Search in the folders below too
            </button>
          </>
        )}
        <span class="key-hint"> · Enter opens, Space chooses, F2 renames, Delete deletes</span>
      </p>
      {wish && <FileDialog wish={wish} folder={path} onClose={() => setWish(null)} />}
      {isSearching && <Search folder={path} wanted={filter} onClose={() => search(false)} />}
      {looked && <Preview path={join(path, looked.name)} bytes={looked.size} onClose={() => lookAt(null)} />}
    </main>
  );
}

function Crumbs({ path }: { path: string }) {
  const way = lineage(path);
  return (
    <nav class="crumbs" aria-label="Way to this folder">
      <ol>
        {way.map((folder, at) => {
          const name = nameOf(folder) || "All files";
          return (
            <li key={folder}>
              {at === way.length - 1 ? (
                <h1 aria-current="page">{name}</h1>
              ) : (
                <a href={addressOf("files", folder)}>{name}</a>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

interface ToolbarProperties {
  path: string;
  chosen: readonly Entry[];
  filter: string;
  onFilter: (text: string) => void;
  onWish: (wish: DialogWish) => void;
  onLook: (entry: Entry) => void;
  onDelete: () => void;
  onClear: () => void;
}

function Toolbar({ path, chosen, filter, onFilter, onWish, onLook, onDelete, onClear }: ToolbarProperties) {
  return (
    <div class="toolbar">
      {chosen.length === 0 ? (
        <div class="tools">
          <Picker path={path} kind="files" />
          <Picker path={path} kind="folder" />
          <Tool icon="folderNew" name="New folder" onClick={() => onWish({ kind: "new-folder" })} />
          <Tool icon="zip" name="Download all" onClick={() => void downloadAll(path)} />
        </div>
      ) : (
        <ChosenTools {...{ path, chosen, onWish, onLook, onDelete, onClear }} />
      )}
      <div class="filter">
        <Icon name="search" />
        <input
          type="search"
          aria-label="Filter this folder"
          placeholder="Filter"
          value={filter}
          onInput={(event) => onFilter(event.currentTarget.value)}
        />
      </div>
    </div>
  );
}

type ChosenProperties = Omit<ToolbarProperties, "filter" | "onFilter">;

function ChosenTools({ path, chosen, onWish, onLook, onDelete, onClear }: ChosenProperties) {
  const [one] = chosen;
  const single = chosen.length === 1 ? one : undefined;
  const isZip = single?.isFolder === true;
  return (
    <fieldset class="tools tools-chosen">
      <legend class="unseen">{count(chosen.length, "item")} chosen</legend>
      <button
        type="button"
        class="chosen-count"
        onClick={onClear}
        aria-label={`Choose nothing: ${chosen.length} chosen`}
      >
        {chosen.length} <Icon name="close" />
      </button>
      {single && !single.isFolder && <Tool icon="eye" name="Preview" onClick={() => onLook(single)} />}
      <Tool
        icon={isZip ? "zip" : "download"}
        name={isZip ? "Download as zip" : "Download"}
        onClick={() => void download(path, chosen)}
      />
      {single && (
        <Tool icon="rename" name="Rename" onClick={() => onWish({ kind: "rename", entry: single })} />
      )}
      <Tool icon="move" name="Move" onClick={() => onWish({ kind: "move", entries: chosen })} />
      <Tool icon="copy" name="Copy" onClick={() => onWish({ kind: "copy", entries: chosen })} />
      <Tool icon="delete" name="Delete" onClick={onDelete} />
    </fieldset>
  );
}

function Tool({ icon, name, onClick }: { icon: IconName; name: string; onClick: () => void }) {
  return (
    <button type="button" title={name} onClick={onClick}>
      <Icon name={icon} /> <span>{name}</span>
    </button>
  );
}

/** A button for the browser's own dialog. */
function Picker({ path, kind }: { path: string; kind: "files" | "folder" }) {
  const input = useRef<HTMLInputElement>(null);
  const isFolder = kind === "folder";
  return (
    <>
      <button type="button" class={isFolder ? "" : "primary"} onClick={() => input.current?.click()}>
        <Icon name={isFolder ? "folder" : "upload"} />{" "}
        <span>{isFolder ? "Upload folder" : "Upload files"}</span>
      </button>
      <input
        ref={input}
        type="file"
        class="unseen"
        tabIndex={-1}
        aria-hidden="true"
        multiple
        {...(isFolder ? { webkitdirectory: true } : {})}
        onChange={(event) => {
          const { files } = event.currentTarget;
          if (files) upload(path, readChosen(files));
          // The same file may be chosen again.
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

function upload(folder: string, found: Found): void {
  queue.add(found.files.map(({ file, path }) => ({ file, path: join(folder, path) })));
  void makeEmptyFolders(found.emptyFolders.map((path) => join(folder, path)));
}

/** Takes what is dropped anywhere on the folder. */
function DropArea({ path, children }: { path: string; children: ComponentChildren }) {
  const [isOver, setOver] = useState(false);
  const depth = useRef(0);
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
  const enter = (by: number) => (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth.current += by;
    setOver(depth.current > 0);
  };
  const drop = (event: DragEvent) => {
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    readDropped(event.dataTransfer.items).then(
      (found) => upload(path, found),
      (error) => tellFailure("What was dropped cannot be read", error),
    );
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons for the same are above
    <div
      class={isOver ? "drop-area over" : "drop-area"}
      onDragEnter={enter(1)}
      onDragLeave={enter(-1)}
      onDragOver={(event) => hasFiles(event) && event.preventDefault()}
      onDrop={drop}
    >
      {children}
      {isOver && (
        <p class="drop-hint">
          <Icon name="upload" /> Drop to upload to {nameOf(path) || "All files"}
        </p>
      )}
    </div>
  );
}

/** What there is to say where there are no rows. */
interface EmptinessProperties {
  path: string;
  filter: string;
  shown: number;
  onSearch: () => void;
}

function Emptiness({ path, filter, shown, onSearch }: EmptinessProperties) {
  const { isComplete, failure } = listingOf(path);
  if (failure.value) {
    return (
      <div class="empty">
        <FailureNote failure={failure.value} />
        <button type="button" onClick={() => listingOf(path).read()}>
          <Icon name="refresh" /> Load again
        </button>
      </div>
    );
  }
  if (shown > 0 || !isComplete.value) return null;
  if (filter) {
    return (
      <div class="empty">
        <p>Nothing here has “{filter}” in its name.</p>
        <button type="button" onClick={onSearch}>
          <Icon name="search" /> Search in the folders below
        </button>
      </div>
    );
  }
  return (
    <div class="empty">
      <Icon name="upload" />
      <p>
        <strong>This folder is empty.</strong>
      </p>
      <p>Drop files or folders here, or use the buttons above.</p>
    </div>
  );
}
