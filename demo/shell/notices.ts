/** What is wrong with the page itself, in words, for as long as it is so. */
import { BehaviorSubject } from 'rxjs';

/** What a notice is about: there is one for each at most. */
export type Matter = 'broker' | 'storage' | 'notes' | 'world';

export const notices$ = new BehaviorSubject<ReadonlyMap<Matter, string>>(new Map());

/** Tells of it; '': all is well. */
export function setNotice(matter: Matter, text: string): void {
  if ((notices$.value.get(matter) ?? '') === text) return;
  const notices = new Map(notices$.value);
  if (text === '') notices.delete(matter);
  else notices.set(matter, text);
  notices$.next(notices);
}
