package dev.holdfast.transcoding.http;

/**
 * What of an HTTP request stands before its body.
 *
 * @param method of HTTP, in upper case
 * @param path raw, without the query
 * @param query raw, without the question mark; empty for none
 * @param contentType of the body; empty for none
 * @param accept what the client takes; empty for anything
 */
public record RequestHead(
    String method, String path, String query, String contentType, String accept) {
  /** From a request target ({@code :path}): what follows the first question mark is the query. */
  public static RequestHead of(String method, String target, String contentType, String accept) {
    int question = target.indexOf('?');
    return question < 0
        ? new RequestHead(method, target, "", contentType, accept)
        : new RequestHead(
            method,
            target.substring(0, question),
            target.substring(question + 1),
            contentType,
            accept);
  }
}
