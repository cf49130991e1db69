import { WikilakeError } from "../platform/errors.ts";

/**
 * Failures of Kafka: KAFKA_SEND_FAILED (the process must stop and replay), KAFKA_TOPIC_MISSING, KAFKA_TAIL_UNREADABLE,
 * KAFKA_NO_BROKERS.
 */
export class KafkaError extends WikilakeError {}
