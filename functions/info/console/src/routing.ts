/** The place in the console, as the address tells it: `#/files/models/today`, `#/account/keys`. */
import { signal } from "@preact/signals";

export type Section = "files" | "mail" | "account" | "accounts";

export interface Place {
  section: Section;
  /** A folder, a page of the account, or nothing. */
  path: string;
}

const SECTIONS: readonly Section[] = ["files", "mail", "account", "accounts"];

export const place = signal<Place>(read());

addEventListener("hashchange", () => {
  place.value = read();
});

function read(): Place {
  const [name, ...names] = location.hash.replace(/^#\/?/, "").split("/");
  const section = SECTIONS.find((section) => section === name) ?? "files";
  return { section, path: names.filter(Boolean).map(decoded).join("/") };
}

/** Whatever somebody has typed into the address is no reason to fail. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function addressOf(section: Section, path = ""): string {
  return ["#", section, ...path.split("/").filter(Boolean).map(encodeURIComponent)].join("/");
}

export function go(section: Section, path = ""): void {
  location.hash = addressOf(section, path);
}
