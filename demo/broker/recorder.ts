import { recordingLimits, type RecordedInput, type Recording } from '../port/recording.ts';

/** Keeps what is done from outside, as long as it is whole and no more than a file holds. */
export class Recorder {
  #inputs: RecordedInput[] = [];
  #characters = 0;
  #lost: string;

  /** `lost`: why nothing can be recorded from the beginning on; '' where it can. */
  constructor(lost: string) {
    this.#lost = lost;
  }

  /** The input is made when it is known that there is room for it. */
  add(make: () => RecordedInput): void {
    if (this.#lost !== '') return;
    try {
      const input = make();
      this.#inputs.push(input);
      this.#characters += JSON.stringify(input).length;
    } catch (error) {
      this.lose(`Something was done that cannot be recorded: ${(error as Error).message}.`);
    }
    const { inputs, characters } = recordingLimits;
    if (this.#inputs.length > inputs || this.#characters > characters) {
      this.lose(`More was done by hand than a recording holds: ${inputs} inputs, ` +
        `${characters / 1024} KiB.`);
    }
  }

  /** A part of a recording would lead to another run: nothing of it is kept. */
  lose(why: string): void {
    this.#lost = why;
    this.#inputs = [];
  }

  /** What was done, and what of a recording that is repeated is still to be done. */
  recording(waiting: readonly RecordedInput[]): Recording {
    if (this.#lost !== '') return { inputs: [], lost: this.#lost };
    return { inputs: [...this.#inputs, ...waiting], lost: '' };
  }
}
