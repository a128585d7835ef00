import { expect, test } from "vitest";
import { choose, NOTHING, rowAfter } from "./selection";

const names = ["a", "b", "c", "d"];

test("rows are chosen alone, one by one, and as a range from the first of them", () => {
  const one = choose(names, NOTHING, 1, "only");
  expect([...one.chosen]).toEqual(["b"]);
  expect([...choose(names, one, 3, "toggle").chosen]).toEqual(["b", "d"]);
  expect([...choose(names, one, 1, "toggle").chosen]).toEqual([]);
  const range = choose(names, one, 3, "range");
  expect([...range.chosen]).toEqual(["b", "c", "d"]);
  expect([...choose(names, range, 0, "range").chosen]).toEqual(["a", "b"]);
  expect(choose(names, one, 9, "only")).toBe(one);
});

test("keys lead to rows that there are", () => {
  expect(rowAfter("ArrowDown", 3, 4, 2)).toBe(3);
  expect(rowAfter("ArrowUp", 0, 4, 2)).toBe(0);
  expect(rowAfter("PageDown", 0, 4, 2)).toBe(2);
  expect(rowAfter("End", 0, 4, 2)).toBe(3);
  expect(rowAfter("Home", 3, 0, 2)).toBe(0);
  expect(rowAfter("x", 3, 4, 2)).toBeNull();
});
