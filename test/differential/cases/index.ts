import type { Case } from '../session.ts';
import { ackCases } from './ack.ts';
import { bindingCases } from './binding.ts';
import { channelCases } from './channel.ts';
import { confirmCases } from './confirm.ts';
import { connectionCases } from './connection.ts';
import { consumeCases } from './consume.ts';
import { deadLetterCases } from './dead-letter.ts';
import { exchangeCases } from './exchange.ts';
import { fieldTypeCases } from './field-type.ts';
import { framingCases } from './framing.ts';
import { getCases } from './get.ts';
import { permissionCases } from './permission.ts';
import { publishCases } from './publish.ts';
import { queueCases } from './queue.ts';
import { streamCases } from './stream.ts';
import { txCases } from './tx.ts';

export const cases: readonly Case[] = [
  connectionCases, framingCases, channelCases, exchangeCases, queueCases, bindingCases, publishCases, consumeCases,
  getCases, ackCases, confirmCases, txCases, deadLetterCases, streamCases,
  fieldTypeCases, permissionCases,
].flat();
