/** Uploads that have not ended, wherever they were begun: each keeps its room. */
import { useEffect, useState } from "preact/hooks";
import { abortUpload, listUploads } from "../api/files";
import type { OpenUpload } from "../api/shapes";
import { usageChanged } from "../files/usage";
import { Icon } from "../parts/icon";
import { tellFailure } from "../parts/notices";
import { size } from "../parts/wording";
import { ours, remove } from "./unfinished";
import { queue } from "./uploads";

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
    try {
      await abortUpload(id);
      remove(id);
      setLeft((all) => all.filter((one) => one.id !== id));
      usageChanged();
    } catch (error) {
      tellFailure(`The upload of ${path} was not ended`, error);
    }
  };
  return (
    <div>
      {left
        .filter(({ path }) => !chosen.has(path))
        .map((one) => (
          <div key={one.id} class="note interrupted">
            <p>
              <strong>{one.path}</strong>{" "}
              {one.isOurs
                ? "was not sent wholly: choose the same file again in its folder, and it goes on where it stopped."
                : "is being sent from elsewhere, or was not sent wholly: what began it goes on with it."}{" "}
              <span class="hint">{size(one.size)} are kept for it.</span>
            </p>
            <button
              type="button"
              class="quiet square"
              aria-label={`End the upload of ${one.path}`}
              title="End it"
              onClick={() => end(one)}
            >
              <Icon name="close" />
            </button>
          </div>
        ))}
    </div>
  );
}
