package dev.holdfast.gateway.access;

/**
 * A log line whose values are captured on an event loop and which another thread formats and
 * writes.
 */
interface LogEntry {
  /** The entry as one line of JSON, without a line terminator. */
  String line();
}
