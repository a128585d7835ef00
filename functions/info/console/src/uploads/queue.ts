/** Which file is sent when: some at once, again after a failure that passes, paused and resumed as the user says. */
import { signal } from "@preact/signals";
import { asFailure, type Failure } from "../api/failure";

export type UploadState =
  | "waiting"
  | "sending"
  /** A failure that passes: it goes on by itself. */
  | "stalled"
  | "paused"
  /** There is a file at this path already: the user decides. */
  | "exists"
  | "failed"
  | "done";

/** One file on its way. */
export interface Upload {
  readonly id: number;
  readonly file: Blob & { readonly lastModified?: number };
  readonly path: string;
  state: UploadState;
  /** Bytes that have left. */
  sent: number;
  failure: Failure | null;
  /** Whether a file that is there may be replaced. */
  replace: boolean;
  /** The id of the upload session of a large file. */
  session: string | null;
  /** The same for all tries, so that one whose answer was lost is not done twice. */
  key: string;
}

export interface Totals {
  files: number;
  done: number;
  failed: number;
  exists: number;
  paused: number;
  /** Waiting, on the way, or stalled. */
  active: number;
  stalled: number;
  bytes: number;
  sent: number;
}

export interface Sender {
  /** Sends a file; whatever has arrived before is not sent again. */
  send(upload: Upload, signal: AbortSignal, onProgress: () => void): Promise<void>;
  /** Gives up what has arrived of a file. */
  forget(upload: Upload): Promise<void>;
  /** Waits for a time, or until the network is back. */
  wait(seconds: number, signal: AbortSignal): Promise<void>;
}

/** How many failures in a row of the service a file survives. A lost network is waited for as long as it takes. */
const TRIES = 6;

const LONGEST_WAIT_SECONDS = 30;

/** How often the view may change, in milliseconds. */
const REFRESH_MILLISECONDS = 120;

const PASSING = new Set([429, 500, 502, 503, 504]);

/** How long to wait before the next try, in seconds; null when another try is no use. */
export function waitBeforeRetry(failure: Failure, failures: number): number | null {
  const backOff = Math.min(LONGEST_WAIT_SECONDS, 2 ** (failures - 1));
  if (failure.isNetwork) return backOff;
  const passes = PASSING.has(failure.status) || (failure.status === 409 && failure.retryAfter !== undefined);
  return passes && failures < TRIES ? (failure.retryAfter ?? backOff) : null;
}

export class UploadQueue {
  /** Changes with whatever there is to see, at most some times a second. */
  readonly version = signal(0);
  private uploads: Upload[] = [];
  private readonly running = new Map<Upload, AbortController>();
  private nextId = 1;
  private refresh: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly sender: Sender,
    private readonly whenDone: (upload: Upload) => void = () => {},
    private readonly atOnce = 4,
  ) {}

  get all(): readonly Upload[] {
    return this.uploads;
  }

  add(files: readonly { file: Upload["file"]; path: string }[]): void {
    for (const { file, path } of files) {
      const known = this.uploads.find((upload) => upload.path === path && upload.state !== "done");
      if (known) this.cancel(known);
      this.uploads.push({
        id: this.nextId++,
        file,
        path,
        state: "waiting",
        sent: 0,
        failure: null,
        replace: false,
        session: null,
        key: crypto.randomUUID(),
      });
    }
    this.startNext();
  }

  pause(upload: Upload): void {
    if (!isActive(upload)) return;
    upload.state = "paused";
    this.stop(upload);
  }

  /** Goes on with a file that is paused or has failed; what has arrived is not sent again. */
  resume(upload: Upload): void {
    if (upload.state === "failed") upload.key = crypto.randomUUID();
    if (upload.state !== "paused" && upload.state !== "failed") return;
    this.wait(upload);
  }

  replace(upload: Upload): void {
    if (upload.state !== "exists") return;
    upload.replace = true;
    upload.key = crypto.randomUUID();
    this.wait(upload);
  }

  cancel(upload: Upload): void {
    this.stop(upload);
    if (upload.state !== "done") void this.sender.forget(upload);
    this.uploads = this.uploads.filter((other) => other !== upload);
    this.startNext();
  }

  each(states: readonly UploadState[], act: (upload: Upload) => void): void {
    for (const upload of this.uploads.filter((upload) => states.includes(upload.state))) act(upload);
  }

  pauseAll(): void {
    this.each(["waiting", "sending", "stalled"], (upload) => this.pause(upload));
  }

  resumeAll(): void {
    this.each(["paused", "failed"], (upload) => this.resume(upload));
  }

  /** Gives all of them up; over when the service has given their room back. */
  async cancelAll(): Promise<void> {
    const left = this.uploads;
    this.uploads = [];
    for (const upload of left) this.stop(upload);
    this.changed();
    await Promise.all(left.map((upload) => upload.state !== "done" && this.sender.forget(upload)));
  }

  /** Takes what needs nobody's attention off the list. */
  clearDone(): void {
    this.uploads = this.uploads.filter((upload) => upload.state !== "done");
    this.changed();
  }

  totals(): Totals {
    const totals = {
      files: this.uploads.length,
      done: 0,
      failed: 0,
      exists: 0,
      paused: 0,
      active: 0,
      stalled: 0,
      bytes: 0,
      sent: 0,
    };
    for (const upload of this.uploads) {
      if (isActive(upload)) totals.active += 1;
      else totals[upload.state as "done" | "failed" | "exists" | "paused"] += 1;
      if (upload.state === "stalled") totals.stalled += 1;
      totals.bytes += upload.file.size;
      totals.sent += Math.min(upload.sent, upload.file.size);
    }
    return totals;
  }

  private wait(upload: Upload): void {
    upload.state = "waiting";
    upload.failure = null;
    this.startNext();
  }

  private stop(upload: Upload): void {
    this.running.get(upload)?.abort();
    this.running.delete(upload);
    this.startNext();
  }

  private startNext(): void {
    for (const upload of this.uploads) {
      if (this.running.size >= this.atOnce) break;
      if (upload.state === "waiting" && !this.running.has(upload)) void this.run(upload);
    }
    this.changed();
  }

  private async run(upload: Upload): Promise<void> {
    const controller = new AbortController();
    this.running.set(upload, controller);
    for (let failures = 0, best = 0; ; ) {
      upload.state = "sending";
      try {
        await this.sender.send(upload, controller.signal, () => this.changed());
        if (controller.signal.aborted) return;
        upload.state = "done";
        upload.sent = upload.file.size;
        this.whenDone(upload);
        break;
      } catch (error) {
        // Whoever stopped it has said what becomes of it.
        if (controller.signal.aborted) return;
        failures = upload.sent > best ? 1 : failures + 1;
        best = Math.max(best, upload.sent);
        if (!(await this.survives(upload, asFailure(error), failures, controller.signal))) break;
        if (controller.signal.aborted) return;
      }
    }
    this.running.delete(upload);
    this.startNext();
  }

  /** Waits for the next try, if there is one. */
  private async survives(
    upload: Upload,
    failure: Failure,
    failures: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const seconds = waitBeforeRetry(failure, failures);
    upload.failure = failure;
    if (seconds !== null) {
      upload.state = "stalled";
      this.changed();
      await this.sender.wait(seconds, signal);
      return true;
    }
    upload.state = failure.status === 412 ? "exists" : "failed";
    if (!upload.session) upload.sent = 0;
    if (upload.state === "failed" && failure.status === 413) {
      // Whatever waits would be refused for the same reason.
      this.each(["waiting"], (other) => {
        other.state = "paused";
      });
    }
    return false;
  }

  private changed(): void {
    this.refresh ??= setTimeout(() => {
      this.refresh = null;
      this.version.value += 1;
    }, REFRESH_MILLISECONDS);
  }
}

function isActive(upload: Upload): boolean {
  return upload.state === "waiting" || upload.state === "sending" || upload.state === "stalled";
}
