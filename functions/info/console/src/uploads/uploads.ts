/** The one queue of the console. */
import { noteAdded } from "../files/listing";
import { usageChanged } from "../files/usage";
import { UploadQueue } from "./queue";
import { sender } from "./sender";

export const queue = new UploadQueue(sender, (upload) => {
  noteAdded(upload.path, false, upload.file.size);
  usageChanged();
});

/** Whoever leaves while something is under way is asked by the browser whether they mean it. */
addEventListener("beforeunload", (event) => {
  if (queue.totals().active > 0) event.preventDefault();
});
