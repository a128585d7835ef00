/** A mail to oneself; administrators may write to others. */
import { useRef } from "preact/hooks";
import { sendMail } from "../api/account";
import { Field, Form } from "../parts/form";
import { tell } from "../parts/notices";
import { who } from "../session";

export function MailPage() {
  const isAdmin = who.value?.role === "admin";
  // The same for a mail that is sent again because its answer was lost.
  const key = useRef(crypto.randomUUID());
  const send = async (fields: Record<string, string>, form: HTMLFormElement) => {
    const { title = "", message = "", email } = fields;
    const mail = email ? { title, message, email } : { title, message };
    tell((await sendMail(mail, key.current)).status);
    form.reset();
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
      <section class="card">
        <Form
          action="Send"
          onSend={send}
          onFailure={() => {
            key.current = crypto.randomUUID();
            return false;
          }}
        >
          {isAdmin && (
            <Field label="To" name="email" type="email" placeholder={who.value?.email} autocomplete="off" />
          )}
          <Field label="Subject" name="title" required autocomplete="off" />
          <div class="field">
            <label for="message">Message</label>
            <textarea id="message" name="message" rows={8} required />
          </div>
        </Form>
      </section>
    </main>
  );
}
