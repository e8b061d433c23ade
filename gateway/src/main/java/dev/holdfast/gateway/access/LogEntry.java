package dev.holdfast.gateway.access;

/** What a line says, taken on an event loop and written elsewhere. */
interface LogEntry {
  /** One line of JSON, without its end. */
  String line();
}
