/** Who the user is. Only what was changed is sent. */
import { changeProfile, readProfile } from "../api/account";
import { PROFILE_FIELDS, type Profile, type ProfileField } from "../api/shapes";
import { Field, Form } from "../parts/form";
import { Show, useLoaded } from "../parts/loaded";
import { tell } from "../parts/notices";
import { addressOf } from "../routing";
import { keepAlive } from "../session";

const FIELDS: Record<ProfileField, { label: string; autocomplete: string; type?: "tel" }> = {
  title: { label: "Title", autocomplete: "honorific-prefix" },
  firstname: { label: "First name", autocomplete: "given-name" },
  middlename: { label: "Middle name", autocomplete: "additional-name" },
  surname: { label: "Surname", autocomplete: "family-name" },
  nickname: { label: "Nickname", autocomplete: "nickname" },
  position: { label: "Position", autocomplete: "organization-title" },
  company: { label: "Company", autocomplete: "organization" },
  tel: { label: "Telephone", autocomplete: "tel", type: "tel" },
  address: { label: "Address", autocomplete: "street-address" },
  postcode: { label: "Postcode", autocomplete: "postal-code" },
  country: { label: "Country", autocomplete: "country-name" },
  website: { label: "Website", autocomplete: "url" },
  twitter: { label: "Twitter", autocomplete: "off" },
  linkedin: { label: "LinkedIn", autocomplete: "off" },
};

export function ProfilePage() {
  const profile = useLoaded(readProfile);
  return <Show of={profile}>{(value) => <ProfileForm profile={value} onSaved={profile.reload} />}</Show>;
}

function ProfileForm({ profile, onSaved }: { profile: Profile; onSaved: () => Promise<void> }) {
  const send = async (fields: Record<string, string>) => {
    const change = changed(profile, fields);
    if (Object.keys(change).length === 0) {
      tell("Nothing was changed.");
      return;
    }
    await changeProfile(change);
    await onSaved();
    keepAlive();
    tell("Your profile is saved.");
  };
  return (
    <Form action="Save" onSend={send} class="form grid">
      <p class="wide">
        You log on as <strong>{profile.email}</strong>.{" "}
        <a href={addressOf("account", "security")}>Change it</a>
      </p>
      {PROFILE_FIELDS.map((name) => (
        <Field key={name} name={name} defaultValue={profile[name] ?? ""} {...FIELDS[name]} />
      ))}
      <div class="field check wide">
        <input id="use-jess" type="checkbox" name="use_jess" defaultChecked={profile.use_jess} />
        <label for="use-jess">I use JESS</label>
      </div>
    </Form>
  );
}

/** The fields that differ. An emptied one is sent as an empty text: null would leave it as it is. */
function changed(profile: Profile, fields: Record<string, string>): Partial<Profile> {
  const change: Partial<Profile> = {};
  for (const name of PROFILE_FIELDS) {
    const text = fields[name] ?? "";
    if (text !== (profile[name] ?? "")) change[name] = text;
  }
  const usesJess = fields.use_jess !== undefined;
  if (usesJess !== profile.use_jess) change.use_jess = usesJess;
  return change;
}
