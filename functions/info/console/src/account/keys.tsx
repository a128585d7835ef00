/** The keys of the user's scripts. */
import { useState } from "preact/hooks";
import { createKey, deleteKey, listKeys } from "../api/account";
import { Failure } from "../api/failure";
import type { ApiKey } from "../api/shapes";
import { confirmed } from "../parts/ask";
import { Dialog } from "../parts/dialog";
import { Field, Form } from "../parts/form";
import { Show, useLoaded } from "../parts/loaded";
import { tell, tellFailure } from "../parts/notices";
import { day, hour } from "../parts/wording";
import { CopyButton } from "./security";

const SCOPES = [
  { scope: "files:read", text: "Read files" },
  { scope: "files:write", text: "Change files" },
  { scope: "send", text: "Send mail to you" },
  { scope: "account:read", text: "Read your profile and what happened to it" },
];

export function Keys() {
  const keys = useLoaded(listKeys);
  const [isMaking, make] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const remove = async (key: ApiKey) => {
    const text = <p>Scripts that use it are refused from now on.</p>;
    if (!(await confirmed(`Delete the key ${key.name}?`, text, "Delete the key"))) return;
    try {
      tell((await deleteKey(key.id)).status);
    } catch (error) {
      tellFailure("The key was not deleted", error);
    }
    await keys.reload();
  };
  return (
    <>
      <p>
        A script, a notebook or a CI job has a key instead of your password. It may do what you allow it.{" "}
        <a href="../docs">How programs use the service</a>
      </p>
      <div class="buttons start">
        <button type="button" class="primary" onClick={() => make(true)}>
          Make a key
        </button>
      </div>
      <Show of={keys}>
        {(list) =>
          list.length === 0 ? (
            <p class="hint">There are no keys.</p>
          ) : (
            <ul class="things">
              {list.map((key) => (
                <li key={key.id}>
                  <div>
                    <strong>{key.name}</strong>
                    <p>
                      {key.scope.split(" ").map((scope) => (
                        <span key={scope} class="tag">
                          {scope}
                        </span>
                      ))}
                    </p>
                    <p class="hint">
                      Made {day(key.created)}, expires {day(key.expires)},{" "}
                      {key.last_used ? `last used ${hour(key.last_used)}` : "never used"}
                    </p>
                  </div>
                  <button type="button" aria-label={`Delete the key ${key.name}`} onClick={() => remove(key)}>
                    Delete
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Show>
      {isMaking && (
        <MakeKey
          onClose={() => make(false)}
          onMade={async (key) => {
            make(false);
            setMade(key);
            await keys.reload();
          }}
        />
      )}
      {made && (
        <Dialog title="Your new key" onClose={() => setMade(null)}>
          <div class="dialog-text">
            <p>
              It is shown this once: keep it as you keep a password. Send it as{" "}
              <code>Authorization: Bearer</code>, without a cookie, or say <code>usersapi login --key</code>.
            </p>
            <code class="secret">{made}</code>
          </div>
          <div class="buttons">
            <CopyButton text={made} />
            <button type="button" class="primary" onClick={() => setMade(null)}>
              I have kept it
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function MakeKey({ onClose, onMade }: { onClose: () => void; onMade: (key: string) => Promise<void> }) {
  const send = async ({ name = "", expires, ...fields }: Record<string, string>) => {
    const scopes = SCOPES.map(({ scope }) => scope).filter((scope) => fields[scope] !== undefined);
    if (scopes.length === 0) throw new Failure(-1, "Choose what the key may do.");
    await onMade((await createKey(name, scopes.join(" "), expires || null)).key);
  };
  return (
    <Dialog title="Make a key" onClose={onClose}>
      <Form action="Make the key" onCancel={onClose} onSend={send}>
        <Field
          label="Name"
          name="name"
          required
          autocomplete="off"
          hint="What it is for, such as nightly build."
        />
        <fieldset>
          <legend>What may it do?</legend>
          {SCOPES.map(({ scope, text }) => (
            <div key={scope} class="field check">
              <input id={scope} type="checkbox" name={scope} defaultChecked={scope === "files:read"} />
              <label for={scope}>
                {text} <small class="hint">{scope}</small>
              </label>
            </div>
          ))}
        </fieldset>
        <Field label="Last day" name="expires" type="date" hint="A year from now if you leave it empty." />
      </Form>
    </Dialog>
  );
}
