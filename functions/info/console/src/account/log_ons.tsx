/** Where the account is logged on, and the end of it. */
import { endLogOn, endOtherLogOns, listLogOns } from "../api/account";
import { Show, useLoaded } from "../parts/loaded";
import { tell, tellFailure } from "../parts/notices";
import { device, hour, time } from "../parts/wording";
import { leave } from "../session";

export function LogOns() {
  const logOns = useLoaded(listLogOns);
  const act = async (work: () => Promise<{ status: string }>) => {
    try {
      tell((await work()).status);
    } catch (error) {
      tellFailure("", error);
    }
    await logOns.reload();
  };
  return (
    <Show of={logOns}>
      {(list) => (
        <>
          <ul class="things">
            {list.map((logOn) => (
              <li key={logOn.id}>
                <div>
                  <strong title={logOn.device}>{device(logOn.device) || "A program"}</strong>{" "}
                  {logOn.current && <span class="tag">This one</span>}
                  <p class="hint">
                    Since {time(logOn.created)}, last used {hour(logOn.last_used)}
                    {logOn.network && `, from ${logOn.network}`}
                  </p>
                </div>
                <button
                  type="button"
                  aria-label={logOn.current ? undefined : `End the log-on of ${time(logOn.created)}`}
                  onClick={() => (logOn.current ? leave().catch(() => {}) : act(() => endLogOn(logOn.id)))}
                >
                  {logOn.current ? "Log off" : "End"}
                </button>
              </li>
            ))}
          </ul>
          {list.length > 1 && (
            <div class="buttons start">
              <button type="button" onClick={() => act(endOtherLogOns)}>
                End all others
              </button>
            </div>
          )}
        </>
      )}
    </Show>
  );
}
