package dev.holdfast.transcoding.http.openapi;

/**
 * The info object of an OpenAPI document. Immutable.
 *
 * @param title of the API
 * @param version of the API, such as a hash of its schema
 * @param server the base URL of the paths; "" for the address that the document comes from
 * @param byName whether {@code POST /package.Service/Method} is described for methods with
 *     annotations too; it is served either way
 */
public record OpenApiInfo(String title, String version, String server, boolean byName) {
  /** Info with all bindings described, relative to the document's own address. */
  public static OpenApiInfo of(String title, String version) {
    return new OpenApiInfo(title, version, "", true);
  }

  /** A copy with another {@link #server}. */
  public OpenApiInfo withServer(String url) {
    return new OpenApiInfo(title, version, url, byName);
  }

  /** A copy with another {@link #byName}. */
  public OpenApiInfo withByName(boolean all) {
    return new OpenApiInfo(title, version, server, all);
  }
}
