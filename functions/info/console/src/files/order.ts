/** Which entries of a folder are shown, and in which order. */
import type { Entry } from "./listing";
import { endingOf } from "./path";

export type Column = "name" | "kind" | "modified" | "size";

export interface Order {
  column: Column;
  isDescending: boolean;
}

/** As people count: `run 9` before `run 10`, without regard to case. */
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

const byName = (one: Entry, other: Entry) => collator.compare(one.name, other.name);

const COMPARE: Record<Column, (one: Entry, other: Entry) => number> = {
  name: byName,
  kind: (one, other) => collator.compare(endingOf(one.name), endingOf(other.name)) || byName(one, other),
  modified: (one, other) => collator.compare(one.modified ?? "", other.modified ?? "") || byName(one, other),
  size: (one, other) => one.size - other.size || byName(one, other),
};

/** Those whose names hold the text, folders first. */
export function arranged(entries: readonly Entry[], filter: string, order: Order): Entry[] {
  const wanted = filter.trim().toLocaleLowerCase();
  const found = entries.filter((entry) => entry.name.toLocaleLowerCase().includes(wanted));
  const sign = order.isDescending ? -1 : 1;
  const compare = COMPARE[order.column];
  return found.sort(
    (one, other) => Number(other.isFolder) - Number(one.isFolder) || sign * compare(one, other),
  );
}
