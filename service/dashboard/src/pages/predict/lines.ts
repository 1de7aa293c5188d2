/** The same prediction from a shell and from Python. */
import type { Cell } from "../../ui/features/row.ts";

type Row = Readonly<Record<string, Cell>>;

export function curlOf(reference: string, row: Row, server: string): string {
  const body = JSON.stringify({ records: [row] });
  return `curl -sS -H 'Content-Type: application/json' -d ${quoted(body)} ${quoted(`${server}/v1/models/${reference}/predict`)}`;
}

export function pythonOf(reference: string, row: Row, server: string): string {
  const cells = Object.entries(row).map(([name, cell]) => `${JSON.stringify(name)}: ${literal(cell)}`);
  return `from service.client import Client\n\nprint(Client(${JSON.stringify(server)}).predict(${JSON.stringify(reference)}, [{${cells.join(", ")}}]))`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function literal(cell: Cell): string {
  if (cell === null) return "None";
  return typeof cell === "boolean" ? (cell ? "True" : "False") : JSON.stringify(cell);
}
