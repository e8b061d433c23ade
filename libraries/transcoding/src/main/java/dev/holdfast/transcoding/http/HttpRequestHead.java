package dev.holdfast.transcoding.http;

/**
 * The head of an HTTP request: everything before the body.
 *
 * @param method of HTTP, in upper case
 * @param path raw, without the query
 * @param query raw, without the question mark; empty for none
 * @param contentType of the body; empty for none
 * @param accept the media types that the client accepts; empty for any
 */
public record HttpRequestHead(
    String method, String path, String query, String contentType, String accept) {
  /** A head with a request target ({@code :path}), which is split at the first question mark. */
  public static HttpRequestHead of(
      String method, String target, String contentType, String accept) {
    int question = target.indexOf('?');
    return question < 0
        ? new HttpRequestHead(method, target, "", contentType, accept)
        : new HttpRequestHead(
            method,
            target.substring(0, question),
            target.substring(question + 1),
            contentType,
            accept);
  }
}
