/** New folders, new names, new places. */
import { useRef, useState } from "preact/hooks";
import { Failure } from "../api/failure";
import { Dialog } from "../parts/dialog";
import { Field, Form } from "../parts/form";
import { count } from "../parts/wording";
import { makeFolder, refuseInItself, rename, transfer } from "./changes";
import type { Entry } from "./listing";
import { endingOf, faultOf, join, nameOf } from "./path";
import { Tree } from "./tree";

export type DialogWish =
  | { kind: "new-folder" }
  | { kind: "rename"; entry: Entry }
  | { kind: "move" | "copy"; entries: readonly Entry[] };

interface Properties {
  wish: DialogWish;
  folder: string;
  onClose: () => void;
}

export function FileDialog({ wish, folder, onClose }: Properties) {
  switch (wish.kind) {
    case "new-folder":
      return (
        <NameDialog
          title="New folder"
          label="Name"
          action="Make the folder"
          onClose={onClose}
          onName={(name) => makeFolder(join(folder, name))}
        />
      );
    case "rename": {
      const { entry } = wish;
      return (
        <NameDialog
          title={`Rename ${entry.name}`}
          label="New name"
          action="Rename"
          before={entry}
          onClose={onClose}
          onName={(name) => rename(folder, entry, name)}
        />
      );
    }
    default:
      return <TargetDialog kind={wish.kind} entries={wish.entries} folder={folder} onClose={onClose} />;
  }
}

interface NameProperties {
  title: string;
  label: string;
  action: string;
  before?: Entry;
  onName: (name: string) => Promise<void>;
  onClose: () => void;
}

function NameDialog({ title, label, action, before, onName, onClose }: NameProperties) {
  const isNew = useRef(true);
  /** The ending of a file is seldom what is to be changed. */
  const preselect = (input: HTMLInputElement) => {
    const ending = before && !before.isFolder ? endingOf(before.name).length + 1 : 0;
    if (isNew.current) input.setSelectionRange(0, input.value.length - (ending > 1 ? ending : 0));
    isNew.current = false;
  };
  const send = async ({ name = "" }: Record<string, string>) => {
    const fault = faultOf(name.trim());
    if (fault) throw new Failure(-1, fault);
    if (name.trim() !== before?.name) await onName(name.trim());
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <Form action={action} onSend={send} onCancel={onClose}>
        <Field
          label={label}
          name="name"
          defaultValue={before?.name ?? ""}
          required
          autocomplete="off"
          onFocus={(event) => preselect(event.currentTarget)}
        />
      </Form>
    </Dialog>
  );
}

interface TargetProperties {
  kind: "move" | "copy";
  entries: readonly Entry[];
  folder: string;
  onClose: () => void;
}

function TargetDialog({ kind, entries, folder, onClose }: TargetProperties) {
  const [target, setTarget] = useState(folder);
  const what = entries.length === 1 ? entries[0]?.name : count(entries.length, "item");
  const verb = kind === "move" ? "Move" : "Copy";
  const send = async () => {
    if (kind === "move" && target === folder)
      throw new Failure(-1, "Choose another folder: they are here already.");
    refuseInItself(folder, entries, target);
    const transferred = transfer(kind, folder, entries, target);
    // Many take a while, which is shown elsewhere, with a way to stop it.
    if (entries.length === 1) await transferred;
    onClose();
  };
  return (
    <Dialog title={`${verb} ${what}`} onClose={onClose}>
      <Form action={`${verb} to ${nameOf(target) || "All files"}`} onSend={send} onCancel={onClose}>
        <Tree label="To which folder?" current={target} onChoose={setTarget} />
      </Form>
    </Dialog>
  );
}
