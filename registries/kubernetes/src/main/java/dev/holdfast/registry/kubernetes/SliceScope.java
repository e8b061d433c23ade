package dev.holdfast.registry.kubernetes;

/**
 * The scope of a list or watch: the slices of one Service, or of all Services in a namespace.
 *
 * @param service "" for all
 */
record SliceScope(String namespace, String service) {
  private static final String SERVICE_LABEL = "kubernetes.io/service-name";

  /** All Services of a namespace. */
  static SliceScope namespace(String namespace) {
    return new SliceScope(namespace, "");
  }

  boolean isWholeNamespace() {
    return service.isEmpty();
  }

  /** Slices that belong to no Service are never asked for. */
  String labelSelector() {
    return isWholeNamespace() ? SERVICE_LABEL : SERVICE_LABEL + "=" + service;
  }

  @Override
  public String toString() {
    return isWholeNamespace() ? namespace + "/*" : namespace + "/" + service;
  }
}
