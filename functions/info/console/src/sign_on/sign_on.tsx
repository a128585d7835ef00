/** The pages of whoever is not logged on. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../api/failure";
import { asksForCode, forgotPassword, logOn, register } from "../api/sign_on";
import { Field, Form, NewPasswordField, Owner, PasswordField } from "../parts/form";
import { Icon } from "../parts/icon";
import { begin, farewell } from "../session";

type Page = "log-on" | "register" | "forgotten";

export function SignOn() {
  const [page, setPage] = useState<Page>("log-on");
  const card = useRef<HTMLElement>(null);
  useEffect(() => card.current?.querySelector("input")?.focus(), [page]);
  return (
    <div class="sign-on">
      <main class="card" ref={card}>
        <p class="brand">
          <Icon name="folder" /> Users API
        </p>
        {page === "log-on" && <LogOn go={setPage} />}
        {page === "register" && <Register go={setPage} />}
        {page === "forgotten" && <Forgotten go={setPage} />}
      </main>
    </div>
  );
}

interface Go {
  go: (page: Page) => void;
}

function LogOn({ go }: Go) {
  return (
    <>
      <h1>Log on</h1>
      {farewell.value && (
        <p class="note" role="status">
          {farewell.value}
        </p>
      )}
      <LogOnForm />
      <nav class="choices" aria-label="Without a password">
        <button type="button" class="link" onClick={() => go("register")}>
          Make an account
        </button>
        <button type="button" class="link" onClick={() => go("forgotten")}>
          I have forgotten my password
        </button>
      </nav>
    </>
  );
}

/** Asks for the password, and for a code once it is known that one is needed. */
export function LogOnForm({ email, onDone }: { email?: string; onDone?: () => void }) {
  const [isCodeNeeded, needCode] = useState(false);
  const send = async ({ email: typed, password, code }: Record<string, string>) => {
    const account = await logOn({ email: email ?? typed ?? "", password: password ?? "", code });
    if (onDone) onDone();
    else begin(account);
  };
  const onFailure = (failure: Failure) => {
    farewell.value = "";
    if (!asksForCode(failure) || isCodeNeeded) return false;
    needCode(true);
    return true;
  };
  return (
    <Form action="Log on" onSend={send} onFailure={onFailure}>
      {email === undefined ? (
        <Field label="E-mail address" name="email" type="email" autocomplete="username" required />
      ) : (
        <Owner email={email} />
      )}
      <PasswordField
        label="Password"
        name="password"
        autocomplete="current-password"
        required
        autofocus={email !== undefined}
      />
      {isCodeNeeded && (
        <Field
          label="Code"
          name="code"
          autocomplete="one-time-code"
          required
          ref={(input: HTMLInputElement | null) => input?.focus()}
          hint="The six digits that your authenticator app shows, or a recovery code."
        />
      )}
    </Form>
  );
}

function Register({ go }: Go) {
  const [answer, setAnswer] = useState("");
  if (answer) return <Answered text={answer} go={go} />;
  return (
    <>
      <h1>Make an account</h1>
      <Form
        action="Register"
        onSend={async (fields) => {
          const filled = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
          setAnswer((await register(filled)).status);
        }}
      >
        <Field label="E-mail address" name="email" type="email" autocomplete="email" required />
        <div class="pair">
          <Field label="First name" name="firstname" autocomplete="given-name" />
          <Field label="Surname" name="surname" autocomplete="family-name" />
        </div>
        <Field label="Company" name="company" autocomplete="organization" />
        <NewPasswordField label="Password" name="password" />
        <p class="hint">
          A mail with a link comes next. The page behind it asks for the password once more, so that nobody
          else chooses it for you; the one you write there counts.
        </p>
      </Form>
      <Back go={go} />
    </>
  );
}

function Forgotten({ go }: Go) {
  const [answer, setAnswer] = useState("");
  if (answer) return <Answered text={answer} go={go} />;
  return (
    <>
      <h1>Set a new password</h1>
      <p>A link to set a new password is sent to the address of your account.</p>
      <Form
        action="Send me a link"
        onSend={async ({ email }) => setAnswer((await forgotPassword(email ?? "")).status)}
      >
        <Field label="E-mail address" name="email" type="email" autocomplete="email" required />
      </Form>
      <Back go={go} />
    </>
  );
}

function Answered({ text, go }: Go & { text: string }) {
  return (
    <>
      <h1 tabIndex={-1} ref={(heading) => heading?.focus()}>
        Look into your mailbox
      </h1>
      <p role="status">{text}</p>
      <Back go={go} />
    </>
  );
}

function Back({ go }: Go) {
  return (
    <nav class="choices" aria-label="Back">
      <button type="button" class="link" onClick={() => go("log-on")}>
        Back to the log-on
      </button>
    </nav>
  );
}
