/** What has happened, told at the edge of the page and by screen readers. Failures stay until they are closed. */
import { signal } from "@preact/signals";
import { advice, asFailure } from "../api/failure";
import { Icon } from "./icon";
import { Jobs } from "./jobs";

interface Notice {
  id: number;
  text: string;
  hint: string;
  isFailure: boolean;
}

const SHOWN_MILLISECONDS = 8_000;

const notices = signal<readonly Notice[]>([]);
let nextId = 1;

export function tell(text: string): void {
  const notice = add({ text, hint: "", isFailure: false });
  setTimeout(() => close(notice.id), SHOWN_MILLISECONDS);
}

/** Tells what failed: what was tried, what happened, and what to do. */
export function tellFailure(what: string, error: unknown): void {
  const failure = asFailure(error);
  add({
    text: what ? `${what}: ${failure.message}` : failure.message,
    hint: advice(failure),
    isFailure: true,
  });
}

function add(notice: Omit<Notice, "id">): Notice {
  const added = { ...notice, id: nextId++ };
  notices.value = [...notices.value.filter((other) => other.text !== notice.text).slice(-3), added];
  return added;
}

function close(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function Notices() {
  const shown = notices.value;
  return (
    <section class="notices" aria-label="Notices">
      <Jobs />
      <div role="status">{shown.filter((notice) => !notice.isFailure).map((notice) => line(notice))}</div>
      <div role="alert">{shown.filter((notice) => notice.isFailure).map((notice) => line(notice))}</div>
    </section>
  );
}

function line({ id, text, hint, isFailure }: Notice) {
  return (
    <div key={id} class={isFailure ? "notice failure" : "notice"}>
      <Icon name={isFailure ? "alert" : "check"} />
      <p>
        {text}
        {hint && <span class="hint"> {hint}</span>}
      </p>
      <button type="button" class="quiet square" aria-label="Close this notice" onClick={() => close(id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
