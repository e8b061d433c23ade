package dev.holdfast.gateway.call;

/**
 * The entry point of requests that are not gRPC. Thread-safe; called on the event loop of each
 * request.
 */
@FunctionalInterface
public interface Frontend {
  /**
   * Takes over a request and answers it.
   *
   * @param ended whether it has no body
   * @return the handler of its body, which is called only after this returns; the response may
   *     begin before that
   */
  HttpRequestHandler take(HttpExchange exchange, boolean ended);
}
