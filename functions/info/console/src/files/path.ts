/** Paths of files and folders: names between slashes, without one at either end; the root is empty. */

export function join(folder: string, name: string): string {
  return folder ? `${folder}/${name}` : name;
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether a path is the folder or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

/** The folder and all above it, from the root on. */
export function lineage(path: string): string[] {
  const names = path.split("/").filter(Boolean);
  return ["", ...names.map((_, at) => names.slice(0, at + 1).join("/"))];
}

/** The ending of a name in lower case; empty for a folder's or a name without one. */
export function endingOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}

const MAX_NAME_BYTES = 255;

/** What is wrong with a new name; empty when nothing is. */
export function faultOf(name: string): string {
  if (name === "") return "Give it a name.";
  if (name === "." || name === "..") return "A name is more than dots.";
  if (/[/\\]/.test(name)) return "A name holds no slash.";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/.test(name)) return "A name holds no control characters.";
  return new TextEncoder().encode(name).length > MAX_NAME_BYTES ? "The name is too long." : "";
}
