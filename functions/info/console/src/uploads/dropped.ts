/** What was dropped or chosen, as files with their paths; folders with all that is in them. */

export interface Found {
  files: { file: File; path: string }[];
  /** Folders in which there is nothing. */
  emptyFolders: string[];
}

/** Reads what was dropped. The entries must be taken before the event is over. */
export async function readDropped(items: DataTransferItemList): Promise<Found> {
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const found: Found = { files: [], emptyFolders: [] };
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

/** Reads what was chosen in a dialog; a folder's files know their path in it. */
export function readChosen(list: FileList): Found {
  const files = [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  return { files, emptyFolders: [] };
}

async function walk(entry: FileSystemEntry, folder: string, found: Found): Promise<void> {
  const path = folder ? `${folder}/${entry.name}` : entry.name;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    found.files.push({ file, path });
    return;
  }
  const children = await readFolder(entry as FileSystemDirectoryEntry);
  if (children.length === 0) found.emptyFolders.push(path);
  for (const child of children) await walk(child, path, found);
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

/** A reader gives some entries at a time, and none at the end. */
async function readFolder(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}
