/** What has to be asked for before it can be shown. */
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { asFailure, type Failure } from "../api/failure";
import { FailureNote } from "./form";

interface Loaded<T> {
  value: T | null;
  failure: Failure | null;
  /** Asks again. What was shown stays until the answer is there. */
  reload: () => Promise<void>;
}

export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const [value, setValue] = useState<T | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const reload = useCallback(async () => {
    try {
      setValue(await load());
      setFailure(null);
    } catch (error) {
      setFailure(asFailure(error));
    }
  }, []);
  useEffect(() => void reload(), [reload]);
  return { value, failure, reload };
}

/** Shows what was loaded, that it is not there yet, or why it does not come. */
export function Show<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (of.value !== null) return <>{children(of.value)}</>;
  if (!of.failure) return <p class="loading">Loading…</p>;
  return (
    <>
      <FailureNote failure={of.failure} />
      <button type="button" onClick={of.reload}>
        Try again
      </button>
    </>
  );
}
