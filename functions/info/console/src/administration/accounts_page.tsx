/** Accounts of others, for administrators. */
import { useState } from "preact/hooks";
import { AuditTable } from "../account/audit";
import { changeAccount, endSessions, findAccount, readAuditOf } from "../api/administration";
import { Failure } from "../api/failure";
import type { AccountOfSomebody, AuditEvent, Role } from "../api/shapes";
import { confirmed } from "../parts/ask";
import { Field, Form } from "../parts/form";
import { tell, tellFailure } from "../parts/notices";
import { count, day, size } from "../parts/wording";
import { who } from "../session";

const EVENTS = 100;
const MEGABYTE = 1_000_000;

export function AccountsPage() {
  const [account, setAccount] = useState<AccountOfSomebody | null>(null);
  return (
    <main class="page">
      <h1>Accounts</h1>
      <search class="card">
        <Form
          action="Find"
          class="form inline"
          onSend={async ({ email = "" }) => {
            setAccount(null);
            setAccount(
              await findAccount(email).catch((error: unknown) => {
                const isNone = error instanceof Failure && error.status === 404;
                throw isNone ? new Failure(404, `No account has the address ${email}`) : error;
              }),
            );
          }}
        >
          <Field label="E-mail address" name="email" type="email" required autocomplete="off" />
        </Form>
      </search>
      {account && <Account key={account.id} account={account} onChange={setAccount} />}
    </main>
  );
}

interface AccountProperties {
  account: AccountOfSomebody;
  onChange: (account: AccountOfSomebody) => void;
}

function Account({ account, onChange }: AccountProperties) {
  const [events, setEvents] = useState<AuditEvent[] | null>(null);
  const act = async (what: string, work: () => Promise<string>) => {
    try {
      tell(await work());
    } catch (error) {
      tellFailure(what, error);
    }
  };
  const change = (what: string, order: Parameters<typeof changeAccount>[1]) =>
    act("Not changed", async () => {
      onChange(await changeAccount(account.id, order));
      return what;
    });
  const end = async () => {
    const text = <p>They are logged off everywhere, and log on again with their password.</p>;
    if (!(await confirmed(`End all log-ons of ${account.email}?`, text, "End them"))) return;
    await act("Not ended", async () => (await endSessions(account.id)).status);
  };
  const takeFactor = async () => {
    const text = <p>Only for an owner who has lost both app and recovery codes. A mail tells them.</p>;
    if (!(await confirmed(`Switch codes of ${account.email} off?`, text, "Switch off"))) return;
    await change("Codes are off.", { second_factor: false });
  };
  return (
    <>
      <section class="card" aria-labelledby="account-email">
        <h2 id="account-email">{account.email}</h2>
        <p>
          {account.user} <span class="tag">{account.role}</span>
          {account.disabled && <span class="tag warn">disabled</span>}
          {!account.mailable && <span class="tag warn">not mailed</span>}
          {account.second_factor && <span class="tag">codes on</span>}
        </p>
        <p class="hint">
          Since {day(account.created)}. Room for {size(account.bytes_limit)} and{" "}
          {count(account.files_limit, "file")}.
        </p>
        <Change account={account} onChange={onChange} />
      </section>
      <section class="card">
        <h2>More</h2>
        <div class="buttons start">
          <button type="button" onClick={end}>
            End all log-ons
          </button>
          {account.second_factor && (
            <button type="button" onClick={takeFactor}>
              Switch codes off
            </button>
          )}
          {!account.mailable && (
            <button type="button" onClick={() => change("Mail is sent again.", { mailable: true })}>
              Send mail again
            </button>
          )}
          <button
            type="button"
            onClick={() =>
              readAuditOf(account.id, EVENTS).then(setEvents, (error) =>
                tellFailure("The events do not come", error),
              )
            }
          >
            Show what happened
          </button>
        </div>
        {events && <AuditTable events={events} />}
      </section>
    </>
  );
}

function Change({ account, onChange }: AccountProperties) {
  const isOwn = account.email === who.value?.email;
  const send = async (fields: Record<string, string>) => {
    const order: Parameters<typeof changeAccount>[1] = {};
    const bytes = fields.megabytes ? Math.round(Number(fields.megabytes) * MEGABYTE) : null;
    const files = fields.files ? Number(fields.files) : null;
    if (bytes !== account.quota_bytes) order.quota_bytes = bytes;
    if (files !== account.quota_files) order.quota_files = files;
    if (fields.role && fields.role !== account.role) order.role = fields.role as Role;
    const isDisabled = fields.disabled !== undefined;
    if (!isOwn && isDisabled !== account.disabled) order.disabled = isDisabled;
    if (Object.keys(order).length === 0) {
      tell("Nothing was changed.");
      return;
    }
    onChange(await changeAccount(account.id, order));
    tell("The account is changed.");
  };
  const megabytes = account.quota_bytes === null ? "" : String(account.quota_bytes / MEGABYTE);
  return (
    <Form action="Save" onSend={send} class="form grid">
      <div class="field">
        <label for="role">Role</label>
        <select id="role" name="role" disabled={isOwn}>
          {["user", "pro", "admin"].map((role) => (
            <option key={role} selected={role === account.role}>
              {role}
            </option>
          ))}
        </select>
      </div>
      <div class="field check">
        <input
          id="disabled"
          type="checkbox"
          name="disabled"
          defaultChecked={account.disabled}
          disabled={isOwn}
        />
        <label for="disabled">
          Disabled <small class="hint">All log-ons and keys end.</small>
        </label>
      </div>
      <Field
        label="Room in megabytes"
        name="megabytes"
        type="number"
        min="0"
        step="any"
        defaultValue={megabytes}
        hint="By the role if empty."
      />
      <Field
        label="Number of files"
        name="files"
        type="number"
        min="0"
        defaultValue={account.quota_files ?? ""}
        hint="By the role if empty."
      />
    </Form>
  );
}
