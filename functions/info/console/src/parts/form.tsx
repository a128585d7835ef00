/** Forms: fields with labels, and what becomes of what was sent. */
import type {
  ComponentChildren,
  InputHTMLAttributes,
  PartialInputHTMLAttributes,
  Ref,
  TargetedSubmitEvent,
} from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { advice, asFailure, type Failure } from "../api/failure";
import { who } from "../session";
import { Icon } from "./icon";

type FieldProperties = Omit<PartialInputHTMLAttributes<HTMLInputElement>, "type" | "role" | "list"> & {
  label: string;
  hint?: string;
  type?: "text" | "email" | "tel" | "number" | "date";
  ref?: Ref<HTMLInputElement>;
};

/** The types of preact ask for each type of input by itself. */
const propertiesOf = (input: object) => input as InputHTMLAttributes<HTMLInputElement>;

export function Field({ label, hint, ...input }: FieldProperties) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input {...propertiesOf(input)} id={id} aria-describedby={hint ? `${id}-hint` : undefined} />
      {hint && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
    </div>
  );
}

/** A password that can be looked at while it is typed. */
export function PasswordField({ label, hint, ...input }: FieldProperties) {
  const id = useId();
  const [isShown, show] = useState(false);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="with-button">
        <input
          {...propertiesOf({ ...input, type: isShown ? "text" : "password" })}
          id={id}
          aria-describedby={hint ? `${id}-hint` : undefined}
        />
        <button
          type="button"
          class="quiet square"
          aria-label={`Show what is typed as ${label.toLowerCase()}`}
          aria-pressed={isShown}
          onClick={() => show(!isShown)}
        >
          <Icon name="eye" />
        </button>
      </div>
      {hint && (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
    </div>
  );
}

/** A password that is to be set. The service knows all the rules; these two lengths are seen while it is typed. */
export function NewPasswordField({ label, name }: { label: string; name: string }) {
  return (
    <PasswordField
      label={label}
      name={name}
      autocomplete="new-password"
      minlength={8}
      maxlength={256}
      required
      hint="8 characters or more, none of the most common ones."
    />
  );
}

/** What happened instead of what was asked for, and what to do. */
export function FailureNote({ failure }: { failure: Failure | null }) {
  if (!failure) return null;
  return (
    <div class="note failure" role="alert">
      <Icon name="alert" />
      <p>
        {failure.message} <span class="hint">{advice(failure)}</span>
      </p>
    </div>
  );
}

interface FormProperties {
  children: ComponentChildren;
  /** The text of the button. */
  action: string;
  isDanger?: boolean;
  /** What ends it unsent, where it is not part of a page. */
  onCancel?: () => void;
  class?: string;
  onSend: (fields: Record<string, string>, form: HTMLFormElement) => Promise<void>;
  /** Takes a failure that it knows another way out of. */
  onFailure?: (failure: Failure) => boolean;
}

/** A form that says what it is doing, and what went wrong. */
export function Form({ children, action, isDanger, onCancel, onSend, onFailure, ...rest }: FormProperties) {
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isBusy, setBusy] = useState(false);
  const isSent = useRef(false);
  const send = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (isSent.current) return;
    isSent.current = true;
    setBusy(true);
    setFailure(null);
    try {
      const fields = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
      await onSend(Object.fromEntries(fields), form);
    } catch (error) {
      const failure = asFailure(error);
      if (!onFailure?.(failure)) setFailure(failure);
    } finally {
      isSent.current = false;
      setBusy(false);
    }
  };
  return (
    <form class={rest.class ?? "form"} onSubmit={send}>
      {children}
      <FailureNote failure={failure} />
      <div class="buttons">
        {onCancel && (
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" class={isDanger ? "danger" : "primary"} aria-busy={isBusy}>
          {action}
        </button>
      </div>
    </form>
  );
}

/** Whose password it is that is asked for: for password managers, which fill in the right one. */
export function Owner({ email }: { email: string }) {
  return (
    <input
      class="unseen"
      type="text"
      name="username"
      autocomplete="username"
      value={email}
      readOnly
      tabIndex={-1}
      aria-hidden="true"
    />
  );
}

/** The present password, and the code of a second factor where the account has one. */
export function ProofFields({ code }: { code: boolean }) {
  return (
    <>
      <Owner email={who.value?.email ?? ""} />
      <PasswordField label="Present password" name="password" autocomplete="current-password" required />
      {code && (
        <Field
          label="Code"
          name="code"
          autocomplete="one-time-code"
          required
          hint="The six digits that your authenticator app shows, or a recovery code."
        />
      )}
    </>
  );
}
