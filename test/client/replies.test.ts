/** Whom a reply answers, where several methods of a channel wait for theirs at once. */
import { expect, test } from 'vitest';
import { Replies } from '../../core/client/replies.ts';

function waiting() {
  const replies = new Replies();
  const heard: string[] = [];
  const expectReply = (as: string, ...[name, args = {}]: [Parameters<Replies['expect']>[0], object?]): void =>
    replies.expect(name, args, {
      next: (reply) => heard.push(`${as} ${JSON.stringify(reply)}`),
      error: (error) => heard.push(`${as} fails with ${String(error)}`),
      complete() {},
    });
  return { replies, heard, expectReply };
}

test('replies of one name answer in order', () => {
  const { replies, heard, expectReply } = waiting();
  expectReply('first', 'queue.declare');
  expectReply('second', 'queue.declare');
  replies.settle('queue.declare-ok', { queue: 'a' });
  replies.settle('queue.declare-ok', { queue: 'b' });
  expect(heard).toEqual(['first {"queue":"a"}', 'second {"queue":"b"}']);
});

test('replies of queues come when they come, as those of RabbitMQ do', () => {
  const { replies, heard, expectReply } = waiting();
  expectReply('consumer a', 'basic.consume', { consumerTag: 'a' });
  expectReply('consumer b', 'basic.consume', { consumerTag: 'b' });
  expectReply('consumer ?', 'basic.consume', { consumerTag: '' });
  expectReply('delete', 'queue.delete');
  replies.settle('queue.delete-ok', { messageCount: 0 });
  replies.settle('basic.consume-ok', { consumerTag: 'b' });
  replies.settle('basic.consume-ok', { consumerTag: 'amq.ctag-1' });
  replies.settle('basic.consume-ok', { consumerTag: 'a' });
  expect(heard).toEqual([
    'delete {"messageCount":0}', 'consumer b {"consumerTag":"b"}', 'consumer ? {"consumerTag":"amq.ctag-1"}',
    'consumer a {"consumerTag":"a"}',
  ]);
});

test('a reply that nobody waits for is an error, and none comes after the end', () => {
  const { replies, heard, expectReply } = waiting();
  expect(() => replies.settle('tx.commit-ok')).toThrow('tx.commit-ok where nothing waits for a reply');
  expectReply('select', 'tx.select');
  expect(() => replies.settle('tx.commit-ok')).toThrow('tx.commit-ok where tx.select waits for a reply');
  replies.fail('the end');
  expect(heard).toEqual(['select fails with the end']);
});
