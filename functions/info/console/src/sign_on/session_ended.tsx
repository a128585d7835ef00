/** The log-on in between: the session has ended, and what was under way waits. */
import { Dialog } from "../parts/dialog";
import { end, renewal } from "../session";
import { LogOnForm } from "./sign_on";

export function SessionEnded() {
  const wait = renewal.value;
  if (!wait) return null;
  return (
    <Dialog title={wait.isOther ? "Somebody else has logged on" : "Your session has ended"}>
      <div class="dialog-text">
        {wait.isOther && <p>It was in another tab of this browser. Nothing was done in their name.</p>}
        <p>
          Nothing is lost: give the password of <strong>{wait.email}</strong> once more, and everything that
          was under way goes on.
        </p>
      </div>
      <LogOnForm email={wait.email} onDone={wait.done} />
      <p class="choices">
        <button type="button" class="link" onClick={() => end("Your session has ended.")}>
          {wait.isOther ? "Leave the page to them" : "Log on as somebody else"}
        </button>
      </p>
    </Dialog>
  );
}
