package dev.holdfast.gateway.cluster;

/** The endpoints that a load balancer picks from, by index. */
interface LbEndpoints {
  int size();

  /** The number of calls that are open at an endpoint. */
  int openCalls(int index);

  /** The endpoint's share of the calls, relative to the others; more than 0. */
  double share(int index);

  /** The identity of the endpoint, which does not depend on its index. */
  String key(int index);
}
