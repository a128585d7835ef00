/** Reads separated values (RFC 4180), with whichever separator the text uses. */

const SEPARATORS = [",", ";", "\t"];

/** The rows of a text, at most so many. */
export function parseCsv(text: string, maxRows = Number.POSITIVE_INFINITY): string[][] {
  const separator = separatorOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  const endField = () => {
    row.push(field);
    field = "";
  };
  for (let at = 0; at < text.length && rows.length < maxRows; at += 1) {
    const character = text[at] as string;
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (text[at + 1] === '"') {
        field += '"';
        at += 1;
      } else isQuoted = false;
    } else if (character === '"' && field.trim() === "") {
      field = "";
      isQuoted = true;
    } else if (character === separator) endField();
    else if (character === "\n") {
      endField();
      rows.push(row);
      row = [];
    } else if (character !== "\r") field += character;
  }
  if (rows.length < maxRows && (field !== "" || row.length > 0)) {
    endField();
    rows.push(row);
  }
  return rows;
}

/** The separator that the first line has most of. */
function separatorOf(text: string): string {
  const line = text.slice(0, 10_000).split("\n", 1)[0] ?? "";
  const counts = SEPARATORS.map((separator) => line.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))] as string;
}
