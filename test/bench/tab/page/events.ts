/** In place of Node's module: mock-amqplib uses nothing of it while a connection is open. */
const EventEmitter = { prototype: {} };
export default EventEmitter;
