/** A look into a file: the beginning of a text, the first rows of a table, a picture. */
import { useEffect, useState } from "preact/hooks";
import { asFailure, type Failure } from "../api/failure";
import { download, readStart } from "../api/files";
import { Dialog } from "../parts/dialog";
import { FailureNote } from "../parts/form";
import { Icon } from "../parts/icon";
import { tellFailure } from "../parts/notices";
import { count, size } from "../parts/wording";
import { parseCsv } from "./csv";
import { endingOf, nameOf } from "./path";

/** How much is read of a text. */
const TEXT_BYTES = 256 * 1024;

/** Larger pictures are for the programs that made them. */
const PICTURE_BYTES = 8 * 1024 * 1024;

const MAX_ROWS = 200;
const MAX_COLUMNS = 60;

const PICTURES: Record<string, string> = {
  gif: "image/gif",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
};

type Content =
  | { kind: "text"; text: string; isWhole: boolean }
  | { kind: "table"; rows: string[][]; isWhole: boolean }
  | { kind: "picture"; address: string }
  | { kind: "none"; why: string };

interface Properties {
  path: string;
  bytes: number;
  onClose: () => void;
}

export function Preview({ path, bytes, onClose }: Properties) {
  const [content, setContent] = useState<Content | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    read(path, bytes, stop.signal).then(setContent, (error) => {
      if (!stop.signal.aborted) setFailure(asFailure(error));
    });
    return () => stop.abort();
  }, [path, bytes]);
  useEffect(() => {
    return () => {
      if (content?.kind === "picture") URL.revokeObjectURL(content.address);
    };
  }, [content]);
  return (
    <Dialog title={nameOf(path)} onClose={onClose} wide>
      <div class="preview" aria-busy={!content && !failure}>
        <FailureNote failure={failure} />
        {content ? (
          <Shown content={content} name={nameOf(path)} />
        ) : (
          !failure && <p class="loading">Loading…</p>
        )}
      </div>
      <div class="buttons">
        <span class="hint grow">{size(bytes)}</span>
        <button
          type="button"
          onClick={() =>
            download(path, false).catch((error) => tellFailure("The download did not begin", error))
          }
        >
          <Icon name="download" /> Download
        </button>
      </div>
    </Dialog>
  );
}

async function read(path: string, bytes: number, signal: AbortSignal): Promise<Content> {
  if (bytes === 0) return { kind: "none", why: "The file is empty." };
  const ending = endingOf(path);
  const picture = PICTURES[ending];
  if (picture) {
    if (bytes > PICTURE_BYTES) return { kind: "none", why: "The picture is too large to be shown here." };
    const content = await readStart(path, bytes, signal);
    return {
      kind: "picture",
      address: URL.createObjectURL(new Blob([content as BlobPart], { type: picture })),
    };
  }
  const start = await readStart(path, TEXT_BYTES, signal);
  if (start.includes(0)) return { kind: "none", why: "This is no text: download it to look at it." };
  const isWhole = bytes <= TEXT_BYTES;
  const text = decoded(start);
  // The last line of a part is cut somewhere.
  const lines = isWhole ? text : text.slice(0, text.lastIndexOf("\n") + 1) || text;
  if (ending !== "csv" && ending !== "tsv") return { kind: "text", text: lines, isWhole };
  const rows = parseCsv(lines, MAX_ROWS + 1);
  return { kind: "table", rows: rows.slice(0, MAX_ROWS), isWhole: isWhole && rows.length <= MAX_ROWS };
}

/** Older programs of the trade write Latin-1. */
function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function Shown({ content, name }: { content: Content; name: string }) {
  switch (content.kind) {
    case "none":
      return <p class="empty">{content.why}</p>;
    case "picture":
      return <img src={content.address} alt={name} />;
    case "text":
      return (
        <>
          {!content.isWhole && <p class="note">This is the beginning of the file.</p>}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by keys too */}
          <pre tabIndex={0}>{content.text}</pre>
        </>
      );
    case "table":
      return (
        <>
          {!content.isWhole && <p class="note">These are the first {count(content.rows.length, "row")}.</p>}
          <Table rows={content.rows} name={name} />
        </>
      );
  }
}

function Table({ rows, name }: { rows: string[][]; name: string }) {
  const [head = [], ...body] = rows.map((row) => row.slice(0, MAX_COLUMNS));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a large table is scrolled by keys too
    <section class="table-frame" tabIndex={0} aria-label={`Table of ${name}`}>
      <table>
        <thead>
          <tr>
            {head.map((text, column) => (
              <th key={column} scope="col">
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, at) => (
            <tr key={at}>
              {row.map((text, column) => (
                <td key={column} class={isNumber(text) ? "number" : ""}>
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && !Number.isNaN(Number(text));
}
