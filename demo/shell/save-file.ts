/** How long a browser may take to begin with a download, or to ask where it is to go. */
const TAKEN_UP_MS = 60_000;

/** Has the browser save what the page made, as a download of this name. */
export function saveFile(name: string, type: string, content: BlobPart): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), TAKEN_UP_MS);
}
