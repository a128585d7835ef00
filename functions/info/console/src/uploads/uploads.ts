/** The one queue of the console. */
import { noteAdded } from "../files/listing";
import { usageChanged } from "../files/usage";
import { isWorking } from "../parts/jobs";
import { who } from "../session";
import { UploadQueue } from "./queue";
import { sender } from "./sender";

export const queue = new UploadQueue(sender, (upload) => {
  noteAdded(upload.path, false, upload.file.size);
  usageChanged();
});

/** Whether something is under way that the end of the visit would break off. */
export function isBusy(): boolean {
  return queue.totals().active > 0 || isWorking();
}

/** Whoever leaves while something is under way is asked by the browser whether they mean it. */
addEventListener("beforeunload", (event) => {
  if (who.value && isBusy()) event.preventDefault();
});
