/** What is done to many things, one after the other: how far it is, and a way to stop it. */
import { signal } from "@preact/signals";
import { asFailure } from "../api/failure";
import { Icon } from "./icon";
import { count } from "./wording";

interface Job {
  readonly id: number;
  /** What is done, as in `Moving`. */
  readonly what: string;
  readonly all: number;
  readonly done: number;
  readonly stop: () => void;
}

/** How many requests of one job are under way at once. */
const AT_ONCE = 4;

const jobs = signal<readonly Job[]>([]);
let nextId = 1;

/** Whether something would be left half done. */
export function isWorking(): boolean {
  return jobs.value.length > 0;
}

export function stopAll(): void {
  for (const job of jobs.value) job.stop();
}

export interface Outcome {
  done: number;
  isStopped: boolean;
}

/** Does the same with all, some at once, until it is stopped or the log-on is over. Each failure is told. */
export async function each<T>(
  what: string,
  things: readonly T[],
  work: (thing: T) => Promise<void>,
  onFailure: (thing: T, error: unknown) => void,
): Promise<Outcome> {
  const left = [...things];
  const outcome = { done: 0, isStopped: false };
  const id = nextId++;
  const show = (change: Partial<Job>) => {
    jobs.value = jobs.value.map((job) => (job.id === id ? { ...job, ...change } : job));
  };
  const stop = () => {
    outcome.isStopped = left.length > 0;
    left.length = 0;
  };
  jobs.value = [...jobs.value, { id, what, all: things.length, done: 0, stop }];
  const worker = async () => {
    for (let thing = left.shift(); thing !== undefined; thing = left.shift()) {
      try {
        await work(thing);
        outcome.done += 1;
        show({ done: outcome.done });
      } catch (error) {
        if (asFailure(error).status === 401) stop();
        else onFailure(thing, error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  jobs.value = jobs.value.filter((job) => job.id !== id);
  return outcome;
}

/** Jobs of more than one thing; a single one is done before anybody has read this. */
export function Jobs() {
  const shown = jobs.value.filter(({ all }) => all > 1);
  if (shown.length === 0) return null;
  return (
    <div>
      {shown.map(({ id, what, all, done, stop }) => (
        <div key={id} class="notice job">
          <p>
            {what} {count(all, "item")}: {done.toLocaleString("en")} done
            <progress value={done} max={all} aria-label={`${what} ${count(all, "item")}`} />
          </p>
          <button type="button" onClick={stop}>
            <Icon name="close" /> Stop
          </button>
        </div>
      ))}
    </div>
  );
}
