/** Everything that is held on the user, and the end of it. */
import { useState } from "preact/hooks";
import { deleteAccount, readSecondFactor } from "../api/account";
import { downloadExport } from "../api/files";
import { Dialog } from "../parts/dialog";
import { Form, ProofFields } from "../parts/form";
import { Icon } from "../parts/icon";
import { tellFailure } from "../parts/notices";
import { end, who } from "../session";
import { proofIn } from "./security";

export function Data() {
  const [asks, ask] = useState<{ code: boolean } | null>(null);
  const begin = () =>
    readSecondFactor().then(
      ({ enabled }) => ask({ code: enabled }),
      (error) => tellFailure("", error),
    );
  return (
    <>
      <section class="card">
        <h2>Download everything</h2>
        <p>Your account, log-ons, keys, events and files, as one zip.</p>
        <div class="buttons start">
          <button
            type="button"
            onClick={() => downloadExport().catch((error) => tellFailure("The export did not begin", error))}
          >
            <Icon name="download" /> Download everything
          </button>
        </div>
      </section>
      <section class="card">
        <h2>Delete the account</h2>
        <p>
          Your account ends at once, with its log-ons and keys; the files are removed within minutes. For
          seven days after a change of the address it cannot be deleted, so that nobody who took it over can.
        </p>
        <div class="buttons start">
          <button type="button" class="danger" onClick={begin}>
            Delete my account
          </button>
        </div>
      </section>
      {asks && (
        <Dialog title={`Delete the account of ${who.value?.email}?`} onClose={() => ask(null)}>
          <div class="dialog-text">
            <p>
              <strong>Your account ends with all its files,</strong> and you cannot take that back. Those who
              run the service may be able to restore files for 30 days.
            </p>
          </div>
          <Form
            action="Delete my account and all files"
            isDanger
            onCancel={() => ask(null)}
            onSend={async (fields) => {
              end((await deleteAccount(proofIn(fields))).status);
            }}
          >
            <ProofFields code={asks.code} />
          </Form>
        </Dialog>
      )}
    </>
  );
}
