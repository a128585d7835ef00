/** Uploads that have not ended, wherever they were begun: each keeps its room. */
import { useEffect, useState } from "preact/hooks";
import { abortUpload, listUploads } from "../api/files";
import type { OpenUpload } from "../api/shapes";
import { usageChanged } from "../files/usage";
import { confirmed } from "../parts/ask";
import { tellFailure } from "../parts/notices";
import { count, size } from "../parts/wording";
import { ours, remove } from "./unfinished";
import { queue } from "./uploads";

/** More than that would stand in the way of the files. */
const SHOWN = 2;

interface Left extends OpenUpload {
  /** Whether this browser has begun it, and goes on with it. */
  isOurs: boolean;
}

export function Interrupted() {
  const [left, setLeft] = useState<Left[]>([]);
  // Renders again with each change of the queue: what is chosen again is no longer left.
  void queue.version.value;
  const chosen = new Set(queue.all.map(({ path }) => path));
  useEffect(() => {
    const begun = ours();
    listUploads().then(
      (open) => setLeft(open.map((one) => ({ ...one, isOurs: begun.has(one.id) }))),
      // A failure shows where somebody waits for something.
      () => {},
    );
  }, [chosen.size === 0]);
  const end = async ({ id, path }: Left) => {
    const text = <p>What has arrived of it is gone then. If it is being sent just now, that fails.</p>;
    if (!(await confirmed(`End the upload of ${path}?`, text, "End it"))) return;
    try {
      await abortUpload(id);
      remove(id);
      setLeft((all) => all.filter((one) => one.id !== id));
      usageChanged();
    } catch (error) {
      tellFailure(`The upload of ${path} was not ended`, error);
    }
  };
  const shown = left.filter(({ path }) => !chosen.has(path));
  const rows = shown.map((one) => <Row key={one.id} one={one} onEnd={() => end(one)} />);
  if (shown.length <= SHOWN) return <div>{rows}</div>;
  const kept = shown.reduce((sum, one) => sum + one.size, 0);
  return (
    <details class="interrupted-many">
      <summary>
        {count(shown.length, "upload")} have not ended, and {size(kept)} are kept for them
      </summary>
      {rows}
    </details>
  );
}

function Row({ one, onEnd }: { one: Left; onEnd: () => void }) {
  return (
    <div class="note interrupted">
      <p>
        <strong>{one.path}</strong>{" "}
        {one.isOurs
          ? "was not sent wholly: choose the same file again in its folder, and it goes on where it stopped."
          : "is being sent from elsewhere, or was not sent wholly: what began it goes on with it."}{" "}
        <span class="hint">{size(one.size)} are kept for it.</span>
      </p>
      <button type="button" class="quiet" aria-label={`End the upload of ${one.path}`} onClick={onEnd}>
        End
      </button>
    </div>
  );
}
