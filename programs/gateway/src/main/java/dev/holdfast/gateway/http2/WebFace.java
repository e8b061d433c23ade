package dev.holdfast.gateway.http2;

/**
 * The entry point of requests that are not gRPC. Thread-safe; called on the event loop of each
 * request.
 */
@FunctionalInterface
public interface WebFace {
  /**
   * Takes over a request and answers it.
   *
   * @param ended whether it has no body
   * @return the handler of its body, which is called only after this returns; the response may
   *     begin before that
   */
  WebHandler take(WebExchange exchange, boolean ended);
}
