import { expect, test } from "vitest";
import { parseCsv } from "./csv";

test("fields may be quoted, hold separators, quotes and lines, and lines may end as on Windows", () => {
  expect(parseCsv('Zone,"Heating, kWh"\r\n"a ""b""","1\n2"\r\n')).toEqual([
    ["Zone", "Heating, kWh"],
    ['a "b"', "1\n2"],
  ]);
});

test("the separator is the one that the first line uses", () => {
  expect(parseCsv("a;b,c;d\n1;2;3")).toEqual([
    ["a", "b,c", "d"],
    ["1", "2", "3"],
  ]);
  expect(parseCsv("a\tb")).toEqual([["a", "b"]]);
});

test("no more rows are read than are asked for, and empty fields stay", () => {
  expect(parseCsv("a,b\n1,\n3,4\n", 2)).toEqual([
    ["a", "b"],
    ["1", ""],
  ]);
  expect(parseCsv("")).toEqual([]);
});
