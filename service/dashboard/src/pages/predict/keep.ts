/** Where the bytes of an answer go as they come: a file that a person has chosen, or pieces that the browser keeps. */

export interface Keeper {
  /** Resolves once more may be given. */
  write: (piece: Uint8Array<ArrayBuffer>) => Promise<void>;
  /** What was kept by the browser, to be saved; null where it is in its file. */
  close: () => Promise<Blob | null>;
  /** What came is thrown away. */
  drop: () => Promise<void>;
}

interface SaveOptions {
  suggestedName: string;
  types: { description: string; accept: Record<string, string[]> }[];
}

declare global {
  interface Window {
    /** Chromium's alone, and only where a page is secure: TypeScript does not know it. */
    showSaveFilePicker?: (options: SaveOptions) => Promise<FileSystemFileHandle>;
  }
}

/** Whether answers can go straight to the disk, however long they are. */
export const canStream = (): boolean => typeof window.showSaveFilePicker === "function";

/** Ask for a file to write to; null where the person thinks better of it. */
export async function chooseFile(suggestedName: string): Promise<Keeper | null> {
  try {
    const file = await window.showSaveFilePicker?.({ suggestedName, types: [{ description: "Table (CSV)", accept: { "text/csv": [".csv"] } }] });
    if (!file) return null;
    const stream = await file.createWritable();  // the file itself changes when that is closed
    return {
      write: (piece) => stream.write(piece),
      close: async () => {
        await stream.close();
        return null;
      },
      drop: () => stream.abort(),
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

const PIECE_BYTES = 8 * 1024 * 1024;

/** In blobs, which browsers move out of the page's memory, and to the disk when they are many. */
export function keepInBrowser(): Keeper {
  const blobs: Blob[] = [];
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const flush = () => {
    if (pieces.length > 0) blobs.push(new Blob(pieces));
    pieces = [];
    bytes = 0;
  };
  return {
    write: (piece) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= PIECE_BYTES) flush();
      return Promise.resolve();
    },
    close: () => {
      flush();
      return Promise.resolve(new Blob(blobs, { type: "text/csv" }));
    },
    drop: () => {
      blobs.length = 0;
      pieces = [];
      return Promise.resolve();
    },
  };
}
