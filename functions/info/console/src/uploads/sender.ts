/** How one file is sent: a small one in one request, a large one in parts straight to the bucket. */
import { Failure } from "../api/failure";
import {
  abortUpload,
  completeUpload,
  exists,
  MAX_REQUEST_BYTES,
  openUpload,
  putFile,
  showUpload,
} from "../api/files";
import { put } from "../api/sending";
import type { UploadSession } from "../api/shapes";
import type { Sender, Upload } from "./queue";
import * as unfinished from "./unfinished";

/** How many parts of one file are on their way at once. */
const PARTS_AT_ONCE = 3;

export const sender: Sender = {
  send(upload, signal, onProgress) {
    return upload.file.size <= MAX_REQUEST_BYTES
      ? sendWhole(upload, signal, onProgress)
      : sendInParts(upload, signal, onProgress);
  },
  async forget(upload) {
    unfinished.forget(upload);
    // An upload that nobody ends expires by itself.
    if (upload.session) await abortUpload(upload.session).catch(() => {});
  },
  wait(seconds, signal) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        window.removeEventListener("online", end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, seconds * 1_000);
      window.addEventListener("online", end);
      signal.addEventListener("abort", end);
    });
  },
};

function sendWhole(upload: Upload, signal: AbortSignal, onProgress: () => void): Promise<void> {
  const { key, replace } = upload;
  const progress = (bytes: number) => {
    upload.sent = bytes;
    onProgress();
  };
  return putFile(upload.path, upload.file, { key, replace, signal, onProgress: progress });
}

async function sendInParts(upload: Upload, signal: AbortSignal, onProgress: () => void): Promise<void> {
  const session = await begunOrNew(upload, signal);
  const progress = new Map(session.received.map(({ number, size }) => [number, size]));
  const tell = (number: number, bytes: number) => {
    progress.set(number, bytes);
    upload.sent = [...progress.values()].reduce((sum, part) => sum + part, 0);
    onProgress();
  };
  upload.sent = session.received.reduce((sum, part) => sum + part.size, 0);
  const parts = [...session.parts];
  // The first part that fails stops the others of this try.
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const worker = async () => {
    for (let part = parts.shift(); part; part = parts.shift()) {
      const { number, size, url } = part;
      const begin = (number - 1) * session.partSize;
      const content = upload.file.slice(begin, begin + size);
      await put(url, content, { signal: either, onProgress: (bytes) => tell(number, bytes) });
      tell(number, size);
    }
  };
  try {
    await Promise.all(Array.from({ length: PARTS_AT_ONCE }, worker));
  } catch (error) {
    stop.abort();
    throw refusedByBucket(error);
  }
  await completeUpload(session.id, signal);
  unfinished.forget(upload);
}

/** An address that has expired is good again once it is asked for anew, like a service that does not answer. */
function refusedByBucket(error: unknown): unknown {
  const isRefusal = error instanceof Failure && error.status >= 400 && error.status < 500;
  return isRefusal ? new Failure(503, "The store did not take a part of the file.", 1) : error;
}

/** What was begun before, now or at another visit, or a new upload. */
async function begunOrNew(upload: Upload, signal: AbortSignal): Promise<UploadSession> {
  const begun = upload.session ?? unfinished.find(upload);
  if (begun) {
    try {
      const session = await showUpload(begun, signal);
      upload.session = session.id;
      return session;
    } catch (error) {
      if (!(error instanceof Failure) || error.status !== 404) throw error;
      upload.key = crypto.randomUUID();
    }
  }
  if (!upload.replace && (await exists(upload.path, signal))) {
    throw new Failure(412, "There is a file of this name already.");
  }
  const session = await openUpload(upload.path, upload.file.size, upload.key, signal);
  upload.session = session.id;
  unfinished.note(upload);
  return session;
}
