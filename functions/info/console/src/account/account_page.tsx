/** The user's own account, one concern a page. */
import type { ComponentType } from "preact";
import { addressOf } from "../routing";
import { Audit } from "./audit";
import { Data } from "./data";
import { Keys } from "./keys";
import { LogOns } from "./log_ons";
import { ProfilePage } from "./profile";
import { Security } from "./security";

const PAGES: readonly { name: string; title: string; page: ComponentType }[] = [
  { name: "profile", title: "Profile", page: ProfilePage },
  { name: "security", title: "Password and codes", page: Security },
  { name: "log-ons", title: "Log-ons", page: LogOns },
  { name: "keys", title: "API keys", page: Keys },
  { name: "audit", title: "What happened", page: Audit },
  { name: "data", title: "Your data", page: Data },
];

/** On a phone the pages stand side by side, and not all of them fit. */
function reveal(link: HTMLAnchorElement | null): void {
  link?.scrollIntoView({ block: "nearest", inline: "center" });
}

export function AccountPage({ path }: { path: string }) {
  const current = PAGES.find(({ name }) => name === path) ?? PAGES[0];
  if (!current) return null;
  const Page = current.page;
  return (
    <div class="account">
      <nav class="side pages" aria-label="Account">
        <ul>
          {PAGES.map(({ name, title }) => (
            <li key={name}>
              <a
                href={addressOf("account", name)}
                aria-current={name === current.name ? "page" : undefined}
                ref={name === current.name ? reveal : undefined}
              >
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main class="page" key={current.name}>
        <h1>{current.title}</h1>
        <Page />
      </main>
    </div>
  );
}
