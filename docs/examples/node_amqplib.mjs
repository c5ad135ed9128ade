// Asks for pictures and handles the closing event. Needs amqplib: npm install amqplib
import { randomBytes, randomUUID } from 'node:crypto';
import amqp from 'amqplib';

const exchange = process.env.EXCHANGE ?? 'generate-images';
const queue = process.env.QUEUE ?? 'shop-images';

const connection = await amqp.connect(process.env.RABBITMQ);
const channel = await connection.createConfirmChannel();
channel.on('error', (refusal) => {
  console.error(`${refusal.message}: has a worker run here, and may this user read it?`);
  process.exit(1);
});
await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
for (const closing of ['ImageWorker.Contracts:ImagesReady', 'ImageWorker.Contracts:ImagesFailed']) {
  await channel.bindQueue(queue, closing, '');
}

// With confirms and mandatory, a command is on disk once it is confirmed, and comes back before that if no queue takes it.
let isReturned = false;
channel.on('return', () => (isReturned = true));
const requestId = randomUUID(); // keep it with your order: a repeat with the same id is never paid again
const command = { requestId, prompt: 'a red fox in the snow', count: 2, metadata: { order: '4711' } };
const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`; // your tracer's
channel.publish(exchange, '', Buffer.from(JSON.stringify(command)), {
  contentType: 'application/json', persistent: true, mandatory: true, messageId: randomUUID(), headers: { traceparent },
});
await channel.waitForConfirms();
if (isReturned) {
  console.error(`${exchange} leads to no queue: is a worker running?`);
  process.exit(1);
}
console.log(`asked ${requestId}`);

const handled = new Set(); // in your database, in the transaction that handles the event: it may come twice
await channel.consume(queue, async (delivery) => {
  const event = JSON.parse(delivery.content.toString()).message;
  if (!handled.has(delivery.properties.messageId)) {
    handled.add(delivery.properties.messageId);
    const made = event.images.filter((image) => image.status === 'generated').length;
    console.log(`closed ${event.requestId}: ${event.reason ?? `${made} pictures, ${event.cost.total} EUR`}`);
  }
  channel.ack(delivery);
  if (event.requestId === requestId) {
    await channel.close();
    await connection.close();
  }
});
