"""Asks for pictures and handles the closing event. Needs pika (Debian: python3-pika; pip install pika)."""

import json
import os
import sys
import uuid

import pika

EXCHANGE = os.environ.get("EXCHANGE", "generate-images")
QUEUE = os.environ.get("QUEUE", "shop-images")
CLOSING = ["ImageWorker.Contracts:ImagesReady", "ImageWorker.Contracts:ImagesFailed"]

connection = pika.BlockingConnection(pika.URLParameters(os.environ["RABBITMQ"]))
channel = connection.channel()
channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
try:
    for closing in CLOSING:
        channel.queue_bind(QUEUE, closing)
except pika.exceptions.ChannelClosedByBroker as refusal:
    sys.exit(f"{refusal.reply_text}: has a worker run here, and may this user read it?")

# With confirms and mandatory, a command is on disk once this returns, or an exception says why not.
channel.confirm_delivery()
request_id = str(uuid.uuid4())  # keep it with your order: a repeat with the same id is never paid again
command = {"requestId": request_id, "prompt": "a red fox in the snow", "count": 2, "metadata": {"order": "4711"}}
trace = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"  # of your own tracer, if you have one
properties = pika.BasicProperties(
    content_type="application/json", delivery_mode=2, message_id=str(uuid.uuid4()), headers={"traceparent": trace}
)
try:
    channel.basic_publish(EXCHANGE, "", json.dumps(command), properties, mandatory=True)
except pika.exceptions.UnroutableError:
    sys.exit(f"{EXCHANGE} leads to no queue: is a worker running?")
print(f"asked {request_id}", flush=True)

handled = set()  # in your database, in the transaction that handles the event: it may come twice
for method, delivered, body in channel.consume(QUEUE):
    event = json.loads(body)["message"]
    if delivered.message_id not in handled:
        handled.add(delivered.message_id)
        made = sum(image["status"] == "generated" for image in event["images"])
        result = event.get("reason") or f"{made} pictures, {event['cost']['total']} EUR"
        print(f"closed {event['requestId']}: {result}", flush=True)
    channel.basic_ack(method.delivery_tag)
    if event["requestId"] == request_id:
        break
connection.close()
