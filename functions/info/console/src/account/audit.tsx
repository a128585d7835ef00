/** What happened to an account. */
import { readAudit } from "../api/account";
import type { AuditEvent } from "../api/shapes";
import { Show, useLoaded } from "../parts/loaded";
import { device, time } from "../parts/wording";

const EVENTS = 100;

export function Audit() {
  const events = useLoaded(() => readAudit(EVENTS));
  return (
    <>
      <p>The latest events of your account. If there is one that you do not know, change your password.</p>
      <Show of={events}>{(list) => <AuditTable events={list} />}</Show>
    </>
  );
}

export function AuditTable({ events }: { events: readonly AuditEvent[] }) {
  if (events.length === 0) return <p class="hint">Nothing yet.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keys too
    <section class="table-frame" tabIndex={0} aria-label="Events">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Event</th>
            <th scope="col">Where</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event, at) => (
            <tr key={at}>
              <td class="short">{time(event.at)}</td>
              <td>
                {wording(event)}
                {event.by === "administrator" && <span class="tag">Administrator</span>}
              </td>
              <td title={event.device}>{[device(event.device), event.network].filter(Boolean).join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** `password_changed` is read as “Password changed”. */
function wording({ event, detail }: AuditEvent): string {
  const text = event.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1) + (detail ? `: ${detail}` : "");
}
