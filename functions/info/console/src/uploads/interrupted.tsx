/** Uploads that an earlier visit has left half done. */
import { useState } from "preact/hooks";
import { abortUpload } from "../api/files";
import { Icon } from "../parts/icon";
import { type Interruption, interruptions, remove } from "./unfinished";
import { queue } from "./uploads";

export function Interrupted() {
  const [, forgotten] = useState("");
  // Renders again with each change of the queue: what is chosen again is no longer left.
  void queue.version.value;
  const chosen = new Set(queue.all.map(({ path }) => path));
  const shown = interruptions().filter(({ path }) => !chosen.has(path));
  const forget = (one: Interruption) => {
    remove(one);
    forgotten(one.name);
    // One that nobody ends expires by itself.
    abortUpload(one.id).catch(() => {});
  };
  return (
    <div>
      {shown.map((one) => (
        <div key={one.name} class="note interrupted">
          <p>
            <strong>{one.path}</strong> was not sent wholly: choose the same file again in its folder, and it
            goes on where it stopped.
          </p>
          <button
            type="button"
            class="quiet square"
            aria-label={`Forget the upload of ${one.path}`}
            onClick={() => forget(one)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
