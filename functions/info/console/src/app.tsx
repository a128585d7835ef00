/** The console: the log-on, or the pages of whoever is logged on. */
import { useEffect } from "preact/hooks";
import { AccountPage } from "./account/account_page";
import { AccountsPage } from "./administration/accounts_page";
import { FilesPage } from "./files/folder_page";
import { nameOf } from "./files/path";
import { MailPage } from "./mail/mail_page";
import { confirmed, Questions } from "./parts/ask";
import { Icon, type IconName } from "./parts/icon";
import { stopAll } from "./parts/jobs";
import { Notices, tellFailure } from "./parts/notices";
import { addressOf, type Place, place, type Section } from "./routing";
import { leave, who } from "./session";
import { SessionEnded } from "./sign_on/session_ended";
import { SignOn } from "./sign_on/sign_on";
import { UploadPanel } from "./uploads/panel";
import { isBusy, queue } from "./uploads/uploads";

const NAME = "Users API";

const TITLES: Record<Section, string> = {
  files: "Files",
  mail: "Mail",
  account: "Account",
  accounts: "Accounts",
};

export function App() {
  const account = who.value;
  const at = place.value;
  const isLoggedOn = account !== null && account !== undefined;
  useEffect(() => {
    document.title = isLoggedOn ? `${titleOf(at)} · ${NAME}` : `Log on · ${NAME}`;
  }, [at, isLoggedOn]);
  if (account === undefined) return <Starting />;
  if (account === null) {
    return (
      <>
        <SignOn />
        <Notices />
      </>
    );
  }
  return (
    <div class="app">
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a part of the page, which the address does not tell */}
      <a class="skip" href="#content" onClick={skip}>
        Skip to the content
      </a>
      <Header section={at.section} isAdmin={account.role === "admin"} user={account.user ?? account.email} />
      <div class="content" id="content" tabIndex={-1}>
        <Content {...at} isAdmin={account.role === "admin"} />
      </div>
      <UploadPanel />
      <Notices />
      <Questions />
      <SessionEnded />
    </div>
  );
}

/** For the moment in which nobody knows who is here. */
function Starting() {
  return (
    <main class="starting">
      <h1 class="unseen">{NAME}</h1>
      <p>Loading…</p>
    </main>
  );
}

function titleOf({ section, path }: Place): string {
  return section === "files" && path ? nameOf(path) : TITLES[section];
}

/** The address tells the place in the console, so it is not changed. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function Content({ section, path, isAdmin }: Place & { isAdmin: boolean }) {
  switch (section) {
    case "mail":
      return <MailPage />;
    case "account":
      return <AccountPage path={path} />;
    case "accounts":
      if (isAdmin) return <AccountsPage />;
      return <FilesPage path="" />;
    case "files":
      return <FilesPage path={path} />;
  }
}

function Header({ section, isAdmin, user }: { section: Section; isAdmin: boolean; user: string }) {
  return (
    <header class="header">
      <a class="brand" href={addressOf("files")}>
        <Icon name="folder" /> <span>{NAME}</span>
      </a>
      <nav aria-label="Main">
        <Tab to="files" icon="folder" section={section} />
        <Tab to="mail" icon="mail" section={section} />
        {isAdmin && <Tab to="accounts" icon="accounts" section={section} />}
        <Tab to="account" icon="account" section={section} />
      </nav>
      <span class="user" title={who.value?.email}>
        {user}
      </span>
      <button
        type="button"
        class="quiet log-off"
        onClick={() => logOff().catch((error) => tellFailure("", error))}
      >
        <Icon name="leave" /> <span>Log off</span>
      </button>
    </header>
  );
}

async function logOff(): Promise<void> {
  const text = <p>What has not arrived or is not done yet stays undone.</p>;
  if (isBusy() && !(await confirmed("Stop what is under way?", text, "Stop it and log off"))) return;
  stopAll();
  await queue.cancelAll();
  await leave();
}

function Tab({ to, icon, section }: { to: Section; icon: IconName; section: Section }) {
  return (
    <a class="tab" href={addressOf(to)} aria-current={section === to ? "page" : undefined}>
      <Icon name={icon} /> <span>{TITLES[to]}</span>
    </a>
  );
}
