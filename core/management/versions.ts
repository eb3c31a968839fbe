/** The RabbitMQ whose API this is like: clients choose by it what they ask for. */
export const RABBITMQ_VERSION = '3.10.8';
