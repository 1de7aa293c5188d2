/** Cells that are pasted from a spreadsheet: text with a tab between cells and a line for each row. */

export const PASTED_NAME = "pasted table";

/** The text as a file; null where it has nothing in it. */
export function fileOf(text: string): File | null {
  if (!text.trim()) return null;
  return new File([text], PASTED_NAME, { type: "text/csv" });
}

/** What stands between its cells, where that is plain to see: spreadsheets write tabs. */
export function delimiterOf(text: string): "tab" | "" {
  return text.slice(0, 65_536).split(/\r\n|\n|\r/, 1)[0]?.includes("\t") ? "tab" : "";
}

/** How many lines were pasted, and how many cells its first has: for a person to see that all of it came. */
export function sizeOf(text: string): { lines: number; cells: number } {
  const lines = text.replace(/[\r\n]+$/, "").split(/\r\n|\n|\r/);
  return { lines: lines.length, cells: (lines[0] ?? "").split("\t").length };
}
