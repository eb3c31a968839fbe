/** Colours for code that is only read: the editor, with a real parser, is large and comes later. */
export type PieceKind = 'keyword' | 'text' | 'literal' | 'comment' | 'plain';

interface Piece {
  readonly text: string;
  readonly kind: PieceKind;
}

const words = 'import|from|export|const|let|await|async|new|function|return|if|else|for|of|while'
  + '|throw|try|catch';
const pattern = new RegExp([
  '(?<comment>//.*)',
  '(?<text>\'[^\']*\'|"[^"]*"|`[^`]*`)',
  `(?<keyword>\\b(?:${words})\\b)`,
  '(?<literal>\\b(?:true|false|null|undefined|\\d[\\d_.]*)\\b)',
].join('|'), 'g');

/** A line of JavaScript, cut where its colour changes. */
export function piecesOf(line: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: text, index, groups = {} } of line.matchAll(pattern)) {
    if (index > end) pieces.push({ text: line.slice(end, index), kind: 'plain' });
    const [kind] = Object.entries(groups).find(([, found]) => found !== undefined)!;
    pieces.push({ text, kind: kind as PieceKind });
    end = index + text.length;
  }
  if (end < line.length) pieces.push({ text: line.slice(end), kind: 'plain' });
  return pieces;
}
