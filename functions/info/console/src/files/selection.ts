/** Which rows of a list are chosen, by pointer and by key, as desktop file managers do it. */

export interface Selection {
  /** The row that keys act on. */
  readonly active: number;
  /** Where a range begins. */
  readonly anchor: number;
  readonly chosen: ReadonlySet<string>;
}

export const NOTHING: Selection = { active: 0, anchor: 0, chosen: new Set() };

/** How a row is chosen: alone, beside those that are, or with all between it and the anchor. */
export type Manner = "only" | "toggle" | "range";

export function choose(names: readonly string[], before: Selection, row: number, manner: Manner): Selection {
  const name = names[row];
  if (name === undefined) return before;
  switch (manner) {
    case "only":
      return { active: row, anchor: row, chosen: new Set([name]) };
    case "toggle": {
      const chosen = new Set(before.chosen);
      if (!chosen.delete(name)) chosen.add(name);
      return { active: row, anchor: row, chosen };
    }
    case "range": {
      const [from, to] = [Math.min(before.anchor, row), Math.max(before.anchor, row)];
      return { ...before, active: row, chosen: new Set(names.slice(from, to + 1)) };
    }
  }
}

export function chooseAll(names: readonly string[], before: Selection): Selection {
  return { ...before, chosen: new Set(names) };
}

/** Where a key leads from a row; null for a key that leads nowhere. */
export function rowAfter(key: string, row: number, rows: number, rowsPerPage: number): number | null {
  const last = Math.max(0, rows - 1);
  const within = (row: number) => Math.min(last, Math.max(0, row));
  switch (key) {
    case "ArrowDown":
      return within(row + 1);
    case "ArrowUp":
      return within(row - 1);
    case "PageDown":
      return within(row + rowsPerPage);
    case "PageUp":
      return within(row - rowsPerPage);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}
