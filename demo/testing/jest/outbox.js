/** The program under test: it hands messages to a broker that may come and go. */
const { connect } = require('amqp-connection-manager');

async function openOutbox(url) {
  const connection = connect([url], {
    reconnectTimeInSeconds: 0.05,
    connectionOptions: { clientProperties: { connection_name: 'outbox' } },
  });
  const channel = connection.createChannel({
    json: true,
    setup: (fresh) => fresh.assertQueue('mail', { durable: true }),
  });
  await channel.waitForConnect();
  const send = (mail) => channel.sendToQueue('mail', mail, { persistent: true });
  return {
    /**
     * Resolves when the broker has confirmed it. The connection manager keeps what is sent while
     * there is no connection, but gives up what was on its way when one broke: that goes again.
     */
    send: (mail) => send(mail).catch(() => send(mail)),
    close: async () => {
      await channel.close();
      await connection.close();
    },
  };
}

module.exports = { openOutbox };
