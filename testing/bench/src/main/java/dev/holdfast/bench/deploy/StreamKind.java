package dev.holdfast.bench.deploy;

/** The kinds of methods that are streams. */
enum StreamKind {
  SERVER_STREAMING,
  CLIENT_STREAMING,
  BIDIRECTIONAL
}
