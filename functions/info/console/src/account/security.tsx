/** The password, the address, and the second factor. */
import { useState } from "preact/hooks";
import {
  beginSecondFactor,
  changeEmail,
  changePassword,
  confirmSecondFactor,
  endSecondFactor,
  type Proof,
  readSecondFactor,
} from "../api/account";
import type { SecondFactor } from "../api/shapes";
import { Dialog } from "../parts/dialog";
import { Field, Form, NewPasswordField, ProofFields } from "../parts/form";
import { Icon } from "../parts/icon";
import { Show, useLoaded } from "../parts/loaded";
import { tell } from "../parts/notices";
import { count } from "../parts/wording";
import { who } from "../session";
import { QrCode } from "./qr_code";

export function proofIn(fields: Record<string, string>): Proof {
  return { password: fields.password ?? "", code: fields.code };
}

export function Security() {
  const factor = useLoaded(readSecondFactor);
  return (
    <Show of={factor}>
      {(state) => (
        <>
          <Password code={state.enabled} />
          <Address code={state.enabled} />
          <Codes state={state} onChange={factor.reload} />
        </>
      )}
    </Show>
  );
}

function Password({ code }: { code: boolean }) {
  const send = async (fields: Record<string, string>, form: HTMLFormElement) => {
    tell((await changePassword(proofIn(fields), fields.new_password ?? "")).status);
    form.reset();
  };
  return (
    <section class="card">
      <h2>Change the password</h2>
      <p class="hint">All other log-ons end, and a mail tells you about it.</p>
      <Form action="Change the password" onSend={send}>
        <ProofFields code={code} />
        <NewPasswordField label="New password" name="new_password" />
      </Form>
    </section>
  );
}

function Address({ code }: { code: boolean }) {
  const send = async (fields: Record<string, string>, form: HTMLFormElement) => {
    tell((await changeEmail(proofIn(fields), fields.email ?? "")).status);
    form.reset();
  };
  return (
    <section class="card">
      <h2>Change the e-mail address</h2>
      <p class="hint">
        It is {who.value?.email}. A new one counts once you have followed the link that is mailed to it. For
        seven days from then on the old one can take the change back, and the account cannot be deleted.
      </p>
      <Form action="Send the link" onSend={send}>
        <Field label="New e-mail address" name="email" type="email" autocomplete="email" required />
        <ProofFields code={code} />
      </Form>
    </section>
  );
}

type Step = "none" | "begin" | "end" | { secret: string; uri: string } | { codes: string[] };

function Codes({ state, onChange }: { state: SecondFactor; onChange: () => Promise<void> }) {
  const [step, setStep] = useState<Step>("none");
  const close = () => setStep("none");
  return (
    <section class="card">
      <h2>Codes of an authenticator app</h2>
      <p>
        {state.enabled
          ? `On: a code is asked for at log-on. ${count(state.recovery_codes_left, "recovery code")} left.`
          : "Off: the password alone is enough to log on."}
      </p>
      <div class="buttons start">
        <button
          type="button"
          class={state.enabled ? "" : "primary"}
          onClick={() => setStep(state.enabled ? "end" : "begin")}
        >
          {state.enabled ? "Switch codes off" : "Switch codes on"}
        </button>
      </div>
      {(step === "begin" || step === "end") && (
        <Dialog title={step === "begin" ? "Switch codes on" : "Switch codes off"} onClose={close}>
          <Form
            action={step === "begin" ? "Go on" : "Switch codes off"}
            isDanger={step === "end"}
            onCancel={close}
            onSend={async (fields) => {
              if (step === "begin") return setStep(await beginSecondFactor(proofIn(fields)));
              tell((await endSecondFactor(proofIn(fields))).status);
              close();
              await onChange();
            }}
          >
            <ProofFields code={state.enabled} />
          </Form>
        </Dialog>
      )}
      {typeof step === "object" && "uri" in step && (
        <Dialog title="Put the secret into your app" onClose={close}>
          <div class="dialog-text">
            <QrCode text={step.uri} label="The secret as a QR code" />
            <p>
              Scan this with your authenticator app, or type the secret:{" "}
              <code class="secret">{step.secret}</code>
            </p>
          </div>
          <Form
            action="Switch codes on"
            onCancel={close}
            onSend={async ({ code = "" }) => {
              setStep({ codes: (await confirmSecondFactor(code)).recovery_codes });
              await onChange();
            }}
          >
            <Field
              label="Code"
              name="code"
              autocomplete="one-time-code"
              inputMode="numeric"
              required
              hint="The six digits that the app shows now."
            />
          </Form>
        </Dialog>
      )}
      {typeof step === "object" && "codes" in step && (
        <Dialog title="Keep these recovery codes">
          <div class="dialog-text">
            <p>
              Each is good once in the place of a code, when your app is out of reach. They are shown this
              once: print them, or keep them in a password manager.
            </p>
            <ul class="codes">
              {step.codes.map((code) => (
                <li key={code}>
                  <code>{code}</code>
                </li>
              ))}
            </ul>
          </div>
          <div class="buttons">
            <CopyButton text={step.codes.join("\n")} />
            <button type="button" class="primary" onClick={close}>
              I have kept them
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

/** Copies a text that is shown once. */
export function CopyButton({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <button type="button" onClick={() => navigator.clipboard.writeText(text).then(() => setCopied(true))}>
      <Icon name={isCopied ? "check" : "copy"} /> <span role="status">{isCopied ? "Copied" : "Copy"}</span>
    </button>
  );
}
