/** Sends bytes with progress, which `fetch` does not tell. */
import { failureOf } from "./client";
import { Failure, networkFailure } from "./failure";

export interface Sending {
  headers?: Record<string, string>;
  signal: AbortSignal;
  /** How many bytes of the body have left. */
  onProgress: (bytes: number) => void;
}

/** No byte for so long means that the network is lost. */
const SILENCE_MILLISECONDS = 60_000;

/** Puts a body at an address. Ends with a failure that is no answer when the network is lost. */
export function put(url: string, body: Blob, { headers = {}, signal, onProgress }: Sending): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    let silence = 0;
    const listen = () => {
      clearTimeout(silence);
      silence = window.setTimeout(() => request.abort(), SILENCE_MILLISECONDS);
    };
    const abort = () => request.abort();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      listen();
      onProgress(event.loaded);
    };
    request.onload = () => {
      const { status } = request;
      if (status >= 200 && status < 300) resolve();
      else
        reject(failureOf(status, { get: (name) => request.getResponseHeader(name) }, request.responseText));
    };
    request.onerror = async () => reject(await whyNothingCame(body));
    request.onabort = () => reject(signal.aborted ? signal.reason : networkFailure());
    request.onloadend = () => {
      clearTimeout(silence);
      signal.removeEventListener("abort", abort);
    };
    signal.addEventListener("abort", abort);
    listen();
    request.send(body);
  });
}

/** A file that was changed or removed on the disk cannot be sent either, and no try again helps. */
async function whyNothingCame(body: Blob): Promise<Failure> {
  try {
    await body.slice(0, 1).arrayBuffer();
    return networkFailure();
  } catch {
    return new Failure(-1, "The file on your computer was changed or removed. Choose it again.");
  }
}
