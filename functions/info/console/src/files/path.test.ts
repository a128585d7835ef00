import { expect, test } from "vitest";
import { endingOf, faultOf, isWithin, join, lineage, nameOf, parentOf } from "./path";

test("a path is taken apart and put together", () => {
  expect(join("", "a")).toBe("a");
  expect(join("a/b", "c.idf")).toBe("a/b/c.idf");
  expect([parentOf("a/b/c"), parentOf("a"), nameOf("a/b/c"), nameOf("a")]).toEqual(["a/b", "", "c", "a"]);
  expect(lineage("a/b")).toEqual(["", "a", "a/b"]);
  expect(lineage("")).toEqual([""]);
});

test("a folder holds itself and what is below it, and not its namesakes", () => {
  expect([isWithin("a/b", "a"), isWithin("a", "a"), isWithin("x", "")]).toEqual([true, true, true]);
  expect([isWithin("ab", "a"), isWithin("a", "a/b")]).toEqual([false, false]);
});

test("the ending of a name tells its kind", () => {
  expect(["Model.IDF", "a.tar.gz", "README", ".env"].map(endingOf)).toEqual(["idf", "gz", "", ""]);
});

test("a name that the service would refuse is refused at once", () => {
  for (const bad of ["", ".", "..", "a/b", "a\\b", "a\nb", "x".repeat(256), "ü".repeat(128)]) {
    expect(faultOf(bad), bad).not.toBe("");
  }
  for (const good of ["a", "…", "Grüße 100 %.epw", "#1?"]) expect(faultOf(good), good).toBe("");
});
