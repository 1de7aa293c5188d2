/** The records of a CSV's text (RFC 4180), as far as they are whole: at most `most`. `isWhole` says that the text is all of
 * the file; of a part, the last record may be cut off and is left out. */
export function recordsOf(text: string, isWhole: boolean, most = Infinity): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let cell = "";
  let isQuoted = false;
  let at = 0;
  const end = () => {
    record.push(cell);
    records.push(record);
    record = [];
    cell = "";
  };
  while (at < text.length && records.length < most) {
    const letter = text[at];
    if (isQuoted) {
      if (letter === '"' && text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else if (letter === '"') isQuoted = false;
      else cell += letter;
    } else if (letter === '"' && cell === "") isQuoted = true;
    else if (letter === ",") {
      record.push(cell);
      cell = "";
    } else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && text[at + 1] === "\n") at += 1;
      end();
    } else cell += letter;
    at += 1;
  }
  if (isWhole && records.length < most && (cell !== "" || record.length)) end();
  return records;
}
