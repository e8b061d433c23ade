package dev.holdfast.transcoding.http.openapi;

/**
 * What an OpenAPI document says of itself. Immutable.
 *
 * @param title of the API
 * @param version of the API, such as a hash of its schema
 * @param server the URL below which its paths are; "" for the address that the document comes from
 * @param byName whether {@code POST /package.Service/Method} is described for methods that have
 *     annotations too; it is served either way
 */
public record OpenApiInfo(String title, String version, String server, boolean byName) {
  /** With all ways into each method, on the address that the document comes from. */
  public static OpenApiInfo of(String title, String version) {
    return new OpenApiInfo(title, version, "", true);
  }

  /** The same with {@link #server}. */
  public OpenApiInfo withServer(String url) {
    return new OpenApiInfo(title, version, url, byName);
  }

  /** The same with {@link #byName}. */
  public OpenApiInfo withByName(boolean all) {
    return new OpenApiInfo(title, version, server, all);
  }
}
