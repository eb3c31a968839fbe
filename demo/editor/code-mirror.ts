/** CodeMirror, set up for the code of clients. Large, so it is loaded when code is to be edited. */
import { indentWithTab } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { defaultHighlightStyle, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { Prec, StateEffect, StateField, type Extension, type Text } from '@codemirror/state';
import { Decoration, EditorView, keymap, type DecorationSet } from '@codemirror/view';
import { basicSetup } from 'codemirror';

/** Lines that stand out, from 1; 0: none. */
export interface Marks {
  /** Where it went wrong. */
  readonly wrong: number;
  /** Where somebody is to look. */
  readonly pointed: number;
  /** What of that line is to be selected; '': nothing. */
  readonly find: string;
}

export interface CodeEditor {
  /** Shows other code, unless it is what it shows. */
  show(code: string): void;
  mark(marks: Marks): void;
  focus(): void;
  close(): void;
}

export interface EditorOptions {
  readonly code: string;
  /** What a screen reader calls it. */
  readonly label: string;
  readonly wraps: boolean;
  readonly changed: (code: string) => void;
  /** Ctrl+Enter. */
  readonly run: () => void;
}

export function openEditor(parent: HTMLElement, options: EditorOptions): CodeEditor {
  const view = new EditorView({
    parent,
    doc: options.code,
    extensions: [
      // In front of the keys of the basic setup, which has others for Enter.
      keymap.of([{ key: 'Mod-Enter', run: () => (options.run(), true) }, indentWithTab]),
      basicSetup, javascript({ typescript: true }), syntaxHighlighting(colours), theme, markedLines,
      EditorView.contentAttributes.of({ 'aria-label': options.label }),
      options.wraps ? EditorView.lineWrapping : [],
      EditorView.updateListener.of(({ docChanged, state, view: changed }) => {
        if (!docChanged) return;
        changed.setTabFocusMode(false);
        options.changed(state.doc.toString());
      }),
      leaving,
    ],
  });
  // What can be scrolled must be reached by keys, whether or not its text can be edited.
  view.scrollDOM.tabIndex = 0;
  view.scrollDOM.setAttribute('role', 'group');
  view.scrollDOM.setAttribute('aria-label', `${options.label}, to scroll`);
  return {
    show(code) {
      const { doc } = view.state;
      if (doc.toString() === code) return;
      view.dispatch({ changes: { from: 0, to: doc.length, insert: code } });
    },
    mark(marks) {
      const effects: StateEffect<unknown>[] = [setMarks.of(marks)];
      const { doc } = view.state;
      const { pointed } = marks;
      const line = pointed > 0 && pointed <= doc.lines ? doc.line(pointed) : undefined;
      if (line !== undefined) effects.push(EditorView.scrollIntoView(line.from, { y: 'center' }));
      view.dispatch({ effects });
      const at = marks.find === '' ? -1 : line?.text.indexOf(marks.find) ?? -1;
      if (line === undefined || at < 0) return;
      const anchor = line.from + at;
      view.dispatch({ selection: { anchor, head: anchor + marks.find.length } });
    },
    focus: () => view.focus(),
    close: () => view.destroy(),
  };
}

/**
 * Escape gives Tab back, for as long as it takes, whatever else it does; whoever writes on has it
 * again.
 */
const leaving: Extension = Prec.highest(EditorView.domEventHandlers({
  keydown: ({ key }, view) => {
    if (key === 'Escape') view.setTabFocusMode(true);
  },
  blur: (_event, view) => view.setTabFocusMode(false),
}));

const setMarks = StateEffect.define<Marks>();

const markedLines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(decorations, { effects, changes, state }) {
    for (const effect of effects) {
      if (effect.is(setMarks)) return decorationsOf(effect.value, state.doc);
    }
    return decorations.map(changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

function decorationsOf({ wrong, pointed }: Marks, doc: Text): DecorationSet {
  const lines = [[pointed, 'cm-pointed'], [wrong, 'cm-wrong']] as const;
  const ranges = lines.filter(([line]) => line > 0 && line <= doc.lines).map(([line, name]) =>
    Decoration.line({ class: name }).range(doc.line(line).from));
  return Decoration.set(ranges, true);
}

/** For each colour of CodeMirror's own style one for the light and one for the dark. */
const colourOf: Readonly<Record<string, string>> = {
  '#404740': 'light-dark(#404740, #b8c0b8)', '#708': 'light-dark(#770088, #d59cf0)',
  '#219': 'light-dark(#221199, #9db4ff)', '#164': 'light-dark(#116644, #6fd3a2)',
  '#a11': 'light-dark(#aa1111, #f2a58c)', '#e40': 'light-dark(#a83000, #ffab70)',
  '#00f': 'light-dark(#0000dd, #8fbaff)', '#30a': 'light-dark(#3300aa, #b9a6ff)',
  '#085': 'light-dark(#006b44, #5fd0b0)', '#167': 'light-dark(#116677, #7fd1de)',
  '#256': 'light-dark(#225566, #8fc7d6)', '#00c': 'light-dark(#0000cc, #9fc4ff)',
  '#940': 'light-dark(#8a3f00, #c9a87c)', '#f00': 'light-dark(#b00000, #ff8a7a)',
};

const colours = HighlightStyle.define(defaultHighlightStyle.specs.map((spec) => {
  const { color } = spec as { readonly color?: string };
  return color === undefined ? spec : { ...spec, color: colourOf[color] ?? color };
}));

const selected = { backgroundColor: 'light-dark(#bcd6ff, #2c4a78)' };

const theme: Extension = EditorView.theme({
  '&': { height: '100%', fontSize: 'var(--small)', backgroundColor: 'var(--sunken)' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.65' },
  '.cm-content': { caretColor: 'var(--text)', padding: '8px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': {
    backgroundColor: 'transparent', border: '0', color: 'var(--muted)', minWidth: '36px',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'light-dark(#0000000a, #ffffff0d)' },
  // As CodeMirror's own selectors have it, which would be stronger otherwise.
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': selected,
  '.cm-selectionBackground': selected,
  '.cm-wrong, &.cm-focused .cm-wrong': {
    backgroundColor: 'var(--danger-soft)', boxShadow: 'inset 3px 0 var(--danger)',
  },
  '.cm-pointed, &.cm-focused .cm-pointed': {
    backgroundColor: 'var(--warning-soft)', boxShadow: 'inset 3px 0 var(--warning)',
  },
  '.cm-tooltip, .cm-panels': {
    backgroundColor: 'var(--raised)', color: 'var(--text)', borderColor: 'var(--line)',
  },
});
