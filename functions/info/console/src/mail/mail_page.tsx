/** A mail to oneself; administrators may write to others. */
import { useRef } from "preact/hooks";
import { sendMail } from "../api/account";
import { Field, Form } from "../parts/form";
import { tell } from "../parts/notices";
import { who } from "../session";

/** What is being written: it stays when somebody looks at another page in between. */
const draft = { email: "", title: "", message: "" };

const keep = (event: InputEvent) => {
  const { name, value } = event.target as HTMLInputElement;
  Object.assign(draft, { [name]: value });
};

export function MailPage() {
  const isAdmin = who.value?.role === "admin";
  // The same for a mail that is sent again because its answer was lost.
  const key = useRef(crypto.randomUUID());
  const send = async (fields: Record<string, string>, form: HTMLFormElement) => {
    const { title = "", message = "", email } = fields;
    const mail = email ? { title, message, email } : { title, message };
    tell((await sendMail(mail, key.current)).status);
    Object.assign(draft, { email: "", title: "", message: "" });
    for (const field of form.querySelectorAll<HTMLInputElement>("input, textarea")) field.value = "";
    key.current = crypto.randomUUID();
  };
  return (
    <main class="page">
      <h1>Send a mail</h1>
      <p class="hint">
        {isAdmin
          ? "It goes to your own address if you name no other."
          : `It goes to your own address, ${who.value?.email}.`}
      </p>
      <section class="card" onInput={keep}>
        <Form
          action="Send"
          onSend={send}
          onFailure={() => {
            key.current = crypto.randomUUID();
            return false;
          }}
        >
          {isAdmin && (
            <Field
              label="To"
              name="email"
              type="email"
              placeholder={who.value?.email}
              autocomplete="off"
              defaultValue={draft.email}
            />
          )}
          <Field label="Subject" name="title" required autocomplete="off" defaultValue={draft.title} />
          <div class="field">
            <label for="message">Message</label>
            <textarea id="message" name="message" rows={8} required defaultValue={draft.message} />
          </div>
        </Form>
      </section>
    </main>
  );
}
