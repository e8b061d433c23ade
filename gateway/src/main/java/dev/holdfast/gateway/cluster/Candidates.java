package dev.holdfast.gateway.cluster;

/** The endpoints among which a choice is made, by index. */
public interface Candidates {
  int size();

  /** Calls that are open at one. */
  int openCalls(int index);

  /** Its weight; at least 1. */
  int weight(int index);

  /** What tells it from the others whatever the list looks like. */
  String key(int index);
}
