import { expect, test } from "vitest";
import { count, device, size } from "./wording";

test("a size has three figures", () => {
  expect([0, 1, 999, 1000, 12_345, 999_999, 1_439_809, 5e9].map(size)).toEqual([
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1.00 KB",
    "12.3 KB",
    "1.00 MB",
    "1.44 MB",
    "5.00 GB",
  ]);
  expect([count(1, "file"), count(10_000, "file")]).toEqual(["1 file", "10,000 files"]);
});

test("a browser is named as people call it, and other programs by what they say", () => {
  const chrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36";
  expect(device(chrome)).toBe("Chrome on Linux");
  expect(device(`${chrome} Edg/156.0`)).toBe("Edge on Linux");
  expect(device("python-requests/2.34.2")).toBe("python-requests/2.34.2");
});
