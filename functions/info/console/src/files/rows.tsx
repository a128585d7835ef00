/** The rows of a folder. Only those that can be seen are in the page, however many there are. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "../parts/icon";
import { size, time } from "../parts/wording";
import type { Entry } from "./listing";
import type { Column, Order } from "./order";
import { endingOf } from "./path";
import { choose, chooseAll, type Manner, rowAfter, type Selection } from "./selection";

/** As in the style sheet. */
const ROW_PIXELS = 44;

/** Rows beyond each edge of what can be seen. */
const SPARE_ROWS = 8;

interface Properties {
  label: string;
  entries: readonly Entry[];
  order: Order;
  onOrder: (order: Order) => void;
  selection: Selection;
  onSelection: (selection: Selection) => void;
  onOpen: (entry: Entry) => void;
  /** F2, Delete and the like; whether the key means something. */
  onKey: (key: string) => boolean;
}

export function Rows(properties: Properties) {
  const { label, entries, order, onOrder, selection, onSelection, onOpen, onKey } = properties;
  const grid = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const names = entries.map((entry) => entry.name);
  const active = Math.min(selection.active, Math.max(0, entries.length - 1));
  const perPage = Math.max(1, Math.floor(view.height / ROW_PIXELS) - 2);

  useLayoutEffect(() => {
    const element = grid.current;
    if (!element) return;
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  /** Brings the row that keys act on into view, below the head. */
  const reveal = (row: number) => {
    const element = grid.current;
    if (!element) return;
    const top = row * ROW_PIXELS;
    const bottom = top + 2 * ROW_PIXELS;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop + element.clientHeight)
      element.scrollTop = bottom - element.clientHeight;
  };
  const select = (row: number, manner: Manner) =>
    onSelection(choose(names, { ...selection, active }, row, manner));
  const onKeyDown = (event: KeyboardEvent) => {
    const isMeta = event.ctrlKey || event.metaKey;
    const entry = entries[active];
    const row = rowAfter(event.key, active, entries.length, perPage);
    if (event.target !== grid.current) return;
    if (row !== null && entries.length > 0) {
      if (isMeta) onSelection({ ...selection, active: row });
      else select(row, event.shiftKey ? "range" : "only");
      reveal(row);
    } else if (event.key === "Enter" && entry) onOpen(entry);
    else if (event.key === " " && entry) select(active, "toggle");
    else if (event.key === "a" && isMeta) onSelection(chooseAll(names, selection));
    else if (event.key === "Escape") onSelection({ ...selection, chosen: new Set() });
    else if (isMeta || !onKey(event.key)) return;
    event.preventDefault();
  };

  const first = Math.max(0, Math.floor(view.top / ROW_PIXELS) - SPARE_ROWS);
  const last = Math.min(entries.length, Math.ceil((view.top + view.height) / ROW_PIXELS) + SPARE_ROWS);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);
  // The row that keys act on stays in the page, because the list refers to it.
  if (entries.length > 0 && (active < first || active >= last)) shown.push(active);
  const isAllChosen = entries.length > 0 && names.every((name) => selection.chosen.has(name));
  return (
    <div
      ref={grid}
      class="rows"
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-multiselectable="true"
      aria-rowcount={entries.length + 1}
      aria-colcount={5}
      aria-activedescendant={entries.length > 0 ? `row-${active}` : undefined}
      onScroll={(event) =>
        setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
      }
      onKeyDown={onKeyDown}
    >
      <div class="row head" role="row" aria-rowindex={1}>
        <span role="columnheader" aria-colindex={1} class="cell-check">
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label="Choose all"
            checked={isAllChosen}
            onChange={() =>
              onSelection(isAllChosen ? { ...selection, chosen: new Set() } : chooseAll(names, selection))
            }
          />
        </span>
        <Head column="name" title="Name" index={2} order={order} onOrder={onOrder} />
        <Head column="kind" title="Kind" index={3} order={order} onOrder={onOrder} />
        <Head column="modified" title="Stored" index={4} order={order} onOrder={onOrder} />
        <Head column="size" title="Size" index={5} order={order} onOrder={onOrder} />
      </div>
      <div class="row-space" role="rowgroup" style={{ height: `${entries.length * ROW_PIXELS}px` }}>
        {shown.map((row) => {
          const entry = entries[row] as Entry;
          return (
            <Row
              key={entry.name}
              entry={entry}
              row={row}
              isActive={row === active}
              isChosen={selection.chosen.has(entry.name)}
              onSelect={(manner) => {
                select(row, manner);
                grid.current?.focus({ preventScroll: true });
              }}
              onOpen={() => onOpen(entry)}
            />
          );
        })}
      </div>
    </div>
  );
}

interface HeadProperties {
  column: Column;
  title: string;
  index: number;
  order: Order;
  onOrder: (order: Order) => void;
}

function Head({ column, title, index, order, onOrder }: HeadProperties) {
  const isOrder = order.column === column;
  const sort = order.isDescending ? "descending" : "ascending";
  const turn = () => onOrder({ column, isDescending: isOrder && !order.isDescending });
  return (
    <span
      role="columnheader"
      class={`cell-${column}`}
      aria-colindex={index}
      aria-sort={isOrder ? sort : "none"}
    >
      <button type="button" class="sort" onClick={turn}>
        {title} {isOrder && <Icon name={order.isDescending ? "sortDown" : "sortUp"} />}
      </button>
    </span>
  );
}

interface RowProperties {
  entry: Entry;
  row: number;
  isActive: boolean;
  isChosen: boolean;
  onSelect: (manner: Manner) => void;
  onOpen: () => void;
}

function Row({ entry, row, isActive, isChosen, onSelect, onOpen }: RowProperties) {
  const onClick = (event: MouseEvent) => {
    if (event.shiftKey) onSelect("range");
    else onSelect(event.ctrlKey || event.metaKey ? "toggle" : "only");
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the list's
    <div
      id={`row-${row}`}
      class={`row${isActive ? " active" : ""}${isChosen ? " chosen" : ""}`}
      role="row"
      aria-rowindex={row + 2}
      aria-selected={isChosen}
      style={{ transform: `translateY(${row * ROW_PIXELS}px)` }}
      onClick={onClick}
      onDblClick={onOpen}
    >
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: only keeps the click of the box from the row */}
      <span role="gridcell" aria-colindex={1} class="cell-check" onClick={(event) => event.stopPropagation()}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Choose ${entry.name}`}
          checked={isChosen}
          onChange={() => onSelect("toggle")}
        />
      </span>
      <span role="gridcell" aria-colindex={2} class="cell-name">
        <Icon name={iconOf(entry)} />
        <button
          type="button"
          class="name"
          tabIndex={-1}
          title={entry.name}
          onClick={(event) => {
            if (event.shiftKey || event.ctrlKey || event.metaKey) return;
            event.stopPropagation();
            // The second click of a double one may hit what the first has opened.
            if (event.detail < 2) onOpen();
          }}
        >
          {entry.name}
        </button>
      </span>
      <span role="gridcell" aria-colindex={3} class="cell-kind">
        {kindOf(entry)}
      </span>
      <span role="gridcell" aria-colindex={4} class="cell-modified">
        {entry.modified && time(entry.modified)}
      </span>
      <span role="gridcell" aria-colindex={5} class="cell-size">
        {entry.isFolder ? "" : size(entry.size)}
      </span>
    </div>
  );
}

/** What the files of the trade are called. */
const KINDS: Record<string, string> = {
  csv: "Table",
  epw: "Weather",
  err: "Messages",
  eso: "Results",
  gbxml: "Geometry",
  htm: "Report",
  html: "Report",
  idd: "Dictionary",
  idf: "Model",
  ifc: "Geometry",
  imf: "Model",
  json: "Data",
  md: "Text",
  osm: "Model",
  osw: "Workflow",
  pdf: "Document",
  rvi: "Report wish",
  sql: "Results",
  tsv: "Table",
  txt: "Text",
  zip: "Archive",
};

function kindOf({ name, isFolder }: Entry): string {
  if (isFolder) return "Folder";
  const ending = endingOf(name);
  return KINDS[ending] ?? (ending ? ending.toUpperCase() : "File");
}

function iconOf({ name, isFolder }: Entry): IconName {
  if (isFolder) return "folder";
  const ending = endingOf(name);
  if (["csv", "tsv", "eso", "sql"].includes(ending)) return "table";
  if (ending === "zip") return "zip";
  return ["idf", "txt", "md", "epw", "err", "json", "idd", "osm", "imf"].includes(ending) ? "text" : "file";
}
