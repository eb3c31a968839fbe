import type { Clock, Random } from '../ports.ts';
import type { Compatibility, Profile } from './definition/compatibility.ts';
import type { Persistence } from './durable/persistence.ts';
import type { Events } from './events/events.ts';
import type { MemoryAccount } from './memory-account.ts';
import type { MessageStore } from './message/store.ts';
import type { SettingTables } from './settings.ts';
import type { BrokerTotals } from './totals.ts';
import type { Turn } from './turn/turn.ts';

/** What a virtual host shares with its broker. */
export interface BrokerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: MessageStore;
  readonly turn: Turn;
  readonly events: Events;
  /** Absent: nothing survives a restart. */
  readonly persistence: Persistence | undefined;
  readonly settings: SettingTables;
  /** How a virtual host of this profile does, or one that has none. */
  readonly compatibilityOf: (profile: Profile | undefined) => Compatibility;
  readonly memory: MemoryAccount;
  /** Name of the broker. */
  readonly node: string;
  /** What the broker counts, whatever becomes of its virtual hosts. */
  readonly totals: BrokerTotals;
}
