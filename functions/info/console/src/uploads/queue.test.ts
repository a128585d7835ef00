import { expect, test } from "vitest";
import { Failure, networkFailure } from "../api/failure";
import { type Sender, type Upload, UploadQueue, waitBeforeRetry } from "./queue";

/** Files are sent when the test says so. */
class Hand implements Sender {
  readonly underWay = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>();
  readonly forgotten: string[] = [];
  waited = 0;

  send(upload: Upload, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.underWay.set(upload.path, { resolve, reject });
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  }

  async forget(upload: Upload): Promise<void> {
    this.forgotten.push(upload.path);
  }

  async wait(): Promise<void> {
    this.waited += 1;
  }

  async arrives(path: string): Promise<void> {
    this.take(path).resolve();
    await settled();
  }

  async fails(path: string, error: unknown): Promise<void> {
    this.take(path).reject(error);
    await settled();
  }

  private take(path: string) {
    const sending = this.underWay.get(path);
    if (!sending) throw new Error(`${path} is not under way`);
    this.underWay.delete(path);
    return sending;
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

function queueOf(...paths: string[]) {
  const hand = new Hand();
  const queue = new UploadQueue(hand, undefined, 2);
  queue.add(paths.map((path) => ({ path, file: new Blob(["12345"]) })));
  const upload = (path: string) => queue.all.find((upload) => upload.path === path) as Upload;
  return { hand, queue, upload };
}

test("so many files are sent at once, and the next one when one has arrived", async () => {
  const { hand, queue } = queueOf("a", "b", "c");
  expect([...hand.underWay.keys()]).toEqual(["a", "b"]);
  await hand.arrives("a");
  expect([...hand.underWay.keys()]).toEqual(["b", "c"]);
  await hand.arrives("b");
  await hand.arrives("c");
  expect(queue.totals()).toMatchObject({ done: 3, active: 0, bytes: 15, sent: 15 });
});

test("a paused file gives way, and goes on when it is its turn again", async () => {
  const { hand, queue, upload } = queueOf("a", "b", "c");
  queue.pause(upload("a"));
  await settled();
  expect(upload("a").state).toBe("paused");
  expect(hand.underWay.has("c")).toBe(true);
  queue.resume(upload("a"));
  expect(upload("a").state).toBe("waiting");
  await hand.arrives("b");
  expect(upload("a").state).toBe("sending");
  await hand.arrives("a");
  expect(upload("a").state).toBe("done");
});

test("a lost network is waited for, however often it is lost", async () => {
  const { hand, upload } = queueOf("a");
  for (let times = 0; times < 20; times += 1) await hand.fails("a", networkFailure());
  expect(hand.waited).toBe(20);
  expect(upload("a").state).toBe("sending");
  await hand.arrives("a");
  expect(upload("a").state).toBe("done");
});

test("what cannot be done is not tried again, and can be resumed by hand", async () => {
  const { hand, queue, upload } = queueOf("a");
  await hand.fails("a", new Failure(400, "No."));
  expect(upload("a")).toMatchObject({ state: "failed", failure: { message: "No." } });
  queue.resume(upload("a"));
  await hand.arrives("a");
  expect(upload("a").state).toBe("done");
});

test("a file that is there already waits for a decision", async () => {
  const { hand, queue, upload } = queueOf("a");
  await hand.fails("a", new Failure(412, "It is there."));
  expect(upload("a")).toMatchObject({ state: "exists", replace: false });
  const key = upload("a").key;
  queue.replace(upload("a"));
  expect(upload("a")).toMatchObject({ state: "sending", replace: true });
  expect(upload("a").key).not.toBe(key);
});

test("when there is no room left, what waits is paused", async () => {
  const { hand, upload } = queueOf("a", "b", "c");
  await hand.fails("a", new Failure(413, "There is no room."));
  expect([upload("a").state, upload("b").state, upload("c").state]).toEqual(["failed", "sending", "paused"]);
});

test("a file that is cancelled is given up", async () => {
  const { hand, queue, upload } = queueOf("a", "b", "c");
  queue.cancel(upload("a"));
  await settled();
  expect(hand.forgotten).toEqual(["a"]);
  expect(queue.all.map(({ path }) => path)).toEqual(["b", "c"]);
  expect(hand.underWay.has("c")).toBe(true);
});

test("how long to wait is what the service says, or longer each time", () => {
  expect([1, 2, 3, 9].map((times) => waitBeforeRetry(networkFailure(), times))).toEqual([1, 2, 4, 30]);
  expect(waitBeforeRetry(new Failure(429, "", 7), 1)).toBe(7);
  expect(waitBeforeRetry(new Failure(409, "", 5), 1)).toBe(5);
  expect(waitBeforeRetry(new Failure(409, ""), 1)).toBeNull();
  expect(waitBeforeRetry(new Failure(503, ""), 6)).toBeNull();
  expect(waitBeforeRetry(new Failure(413, ""), 1)).toBeNull();
});
