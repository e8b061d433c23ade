package dev.holdfast.registry.kubernetes;

/**
 * The scope of a list or watch: the slices of one Service, or of all Services in a namespace.
 *
 * @param service "" for all
 */
record Scope(String namespace, String service) {
  private static final String SERVICE_LABEL = "kubernetes.io/service-name";

  /** All Services of a namespace. */
  static Scope namespace(String namespace) {
    return new Scope(namespace, "");
  }

  boolean isWide() {
    return service.isEmpty();
  }

  /** Slices that belong to no Service are never asked for. */
  String labelSelector() {
    return isWide() ? SERVICE_LABEL : SERVICE_LABEL + "=" + service;
  }

  @Override
  public String toString() {
    return isWide() ? namespace + "/*" : namespace + "/" + service;
  }
}
