package dev.holdfast.gateway.cluster;

/** The endpoints among which a choice is made, by index. */
interface Candidates {
  int size();

  /** Calls that are open at one. */
  int openCalls(int index);

  /** What it should get, relative to the others; more than 0. */
  double share(int index);

  /** What tells it from the others whatever the list looks like. */
  String key(int index);
}
