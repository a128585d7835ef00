/** How much is stored, and how much may be. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { readUsage } from "../api/files";
import type { Usage } from "../api/shapes";
import { count, size } from "../parts/wording";

const UNKNOWN: Usage = {
  bytes_used: 0,
  bytes_limit: 0,
  files_used: 0,
  files_limit: 0,
  bytes_kept: 0,
  files_kept: 0,
};

const usage = signal<Usage | null>(null);
let timer: number | undefined;

/** Many changes come one after the other: they are counted once. */
const QUIET_MILLISECONDS = 700;

export function usageChanged(): void {
  clearTimeout(timer);
  timer = window.setTimeout(async () => {
    // A failure shows where somebody waits for something.
    usage.value = await readUsage().catch(() => usage.value);
  }, QUIET_MILLISECONDS);
}

export function UsageBar() {
  useEffect(() => {
    readUsage().then(
      (read) => {
        usage.value = read;
      },
      () => {},
    );
  }, []);
  const { bytes_used, bytes_limit, files_used, files_limit, bytes_kept } = usage.value ?? UNKNOWN;
  const share = Math.min(1, Math.max(bytes_used / (bytes_limit || 1), files_used / (files_limit || 1)));
  const text = usage.value ? `${size(bytes_used)} of ${size(bytes_limit)}` : "…";
  return (
    <section class="usage" aria-label="Storage">
      <p>
        <strong>{text}</strong>
        <span class="hint">{usage.value ? `${count(files_used, "file")}` : " "}</span>
      </p>
      {bytes_kept > 0 && <p class="hint">and {size(bytes_kept)} kept for uploads that have not ended</p>}
      <div
        class={share > 0.9 ? "bar almost-full" : "bar"}
        role="meter"
        aria-label="Storage used"
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={text}
      >
        <div class="bar-fill" style={{ width: `${share * 100}%` }} />
      </div>
    </section>
  );
}
