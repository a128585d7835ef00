/** What is being uploaded: all of it together, and file by file. */
import { useEffect, useState } from "preact/hooks";
import { advice } from "../api/failure";
import { nameOf, parentOf } from "../files/path";
import { Icon, type IconName } from "../parts/icon";
import { count, size } from "../parts/wording";
import type { Totals, Upload, UploadState } from "./queue";
import { queue } from "./uploads";

/** More lines nobody reads. */
const MAX_LINES = 60;

/** A list of what has gone well closes by itself. */
const CLOSES_AFTER_MILLISECONDS = 10_000;

/** What needs somebody comes first. */
const SHOWN: readonly UploadState[] = ["exists", "failed", "stalled", "sending", "paused", "waiting", "done"];

export function UploadPanel() {
  const [isOpen, setOpen] = useState(true);
  // Renders again with each change of the queue.
  void queue.version.value;
  const totals = queue.totals();
  const { done, files } = totals;
  // What is finished is not in the way of the page below it.
  const isFinished = files > 0 && done === files;
  useEffect(() => {
    setOpen(!isFinished);
    if (!isFinished) return;
    const timer = setTimeout(() => queue.cancelAll(), CLOSES_AFTER_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [isFinished]);
  if (queue.all.length === 0) return null;
  const lines = [...queue.all].sort((one, other) => SHOWN.indexOf(one.state) - SHOWN.indexOf(other.state));
  const share = totals.bytes > 0 ? totals.sent / totals.bytes : 1;
  return (
    <section class="uploads" aria-label="Uploads">
      <header>
        <h2 class="unseen">Uploads</h2>
        <p role="status">{summary(totals)}</p>
        <button
          type="button"
          class="quiet square"
          aria-expanded={isOpen}
          aria-label="Single files"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? "down" : "right"} />
        </button>
        {totals.active === 0 && totals.paused === 0 && totals.exists === 0 && (
          <button
            type="button"
            class="quiet square"
            aria-label="Close the list of uploads"
            onClick={() => queue.cancelAll()}
          >
            <Icon name="close" />
          </button>
        )}
      </header>
      <Progress label="All uploads" share={share} />
      <p class="hint">
        {size(totals.sent)} of {size(totals.bytes)}
      </p>
      <Decisions totals={totals} />
      {isOpen && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long list is scrolled by keys too
        <ul class="upload-lines" tabIndex={0} aria-label="Files">
          {lines.slice(0, MAX_LINES).map((upload) => (
            <Line key={upload.id} upload={upload} />
          ))}
          {lines.length > MAX_LINES && <li class="hint">and {count(lines.length - MAX_LINES, "other")}</li>}
        </ul>
      )}
    </section>
  );
}

function summary(totals: Totals): string {
  if (totals.stalled > 0 && totals.stalled === totals.active) return "Waiting for the network or the service";
  if (totals.active > 0) return `Uploading ${totals.done + 1} of ${totals.files}`;
  if (totals.exists > 0) return `${count(totals.exists, "file")} there already`;
  if (totals.failed > 0) return `${count(totals.failed, "file")} not uploaded`;
  if (totals.paused > 0) return "Uploads are paused";
  return `${count(totals.done, "file")} uploaded`;
}

function Decisions({ totals }: { totals: Totals }) {
  return (
    <div class="buttons start">
      {totals.exists > 0 && (
        <>
          <button
            type="button"
            class="primary"
            onClick={() => queue.each(["exists"], (it) => queue.replace(it))}
          >
            {totals.exists === 1 ? "Replace it" : `Replace all ${totals.exists}`}
          </button>
          <button type="button" onClick={() => queue.each(["exists"], (it) => queue.cancel(it))}>
            Keep what is there
          </button>
        </>
      )}
      {totals.active > 0 && (
        <button type="button" onClick={() => queue.pauseAll()}>
          <Icon name="pause" /> Pause all
        </button>
      )}
      {totals.active === 0 && totals.paused + totals.failed > 0 && (
        <button type="button" onClick={() => queue.resumeAll()}>
          <Icon name="play" /> {totals.paused > 0 ? "Resume all" : "Try again"}
        </button>
      )}
      {totals.active + totals.paused > 0 && (
        <button type="button" onClick={() => queue.cancelAll()}>
          Cancel all
        </button>
      )}
    </div>
  );
}

const WORDS: Record<UploadState, string> = {
  waiting: "Waiting",
  sending: "",
  stalled: "It goes on by itself.",
  paused: "Paused",
  exists: "There is a file of this name already.",
  failed: "Not uploaded",
  done: "Uploaded",
};

function Line({ upload }: { upload: Upload }) {
  const { path, state, failure, file, sent } = upload;
  const name = nameOf(path);
  const folder = parentOf(path);
  const trouble = (state === "failed" || state === "stalled") && failure;
  return (
    <li class={`upload ${state}`}>
      <div class="upload-name">
        <span title={path}>{name}</span>
        <small class="hint">
          {state === "sending" || state === "paused" || state === "stalled"
            ? `${size(sent)} of ${size(file.size)}`
            : size(file.size)}
          {folder && ` · ${folder}`}
        </small>
        {state !== "sending" && (
          <small class={state === "done" ? "unseen" : "upload-state"}>
            {trouble
              ? `${trouble.message} ${state === "failed" ? advice(trouble) : WORDS.stalled}`
              : WORDS[state]}
          </small>
        )}
      </div>
      <div class="upload-actions">
        {(state === "sending" || state === "waiting" || state === "stalled") && (
          <Act icon="pause" label={`Pause ${name}`} onClick={() => queue.pause(upload)} />
        )}
        {(state === "paused" || state === "failed") && (
          <Act icon="play" label={`Resume ${name}`} onClick={() => queue.resume(upload)} />
        )}
        {state === "exists" && (
          <Act icon="refresh" label={`Replace ${name}`} onClick={() => queue.replace(upload)} />
        )}
        {state === "done" ? (
          <Icon name="check" />
        ) : (
          <Act icon="close" label={`Cancel ${name}`} onClick={() => queue.cancel(upload)} />
        )}
      </div>
      {(state === "sending" || state === "stalled" || state === "paused") && (
        <Progress label={name} share={file.size > 0 ? sent / file.size : 0} />
      )}
    </li>
  );
}

function Act({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" class="quiet square" aria-label={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

function Progress({ label, share }: { label: string; share: number }) {
  const percent = Math.round(Math.min(1, share) * 100);
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <div class="bar-fill" style={{ width: `${percent}%` }} />
    </div>
  );
}
