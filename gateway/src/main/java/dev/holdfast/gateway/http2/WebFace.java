package dev.holdfast.gateway.http2;

/** Takes the requests that aren't gRPC. Thread-safe; asked on the event loop of each. */
@FunctionalInterface
public interface WebFace {
  /**
   * Takes a request.
   *
   * @param ended whether it has no body
   * @return what takes its body; is told nothing before this returns, though it may answer
   */
  WebHandler take(WebExchange exchange, boolean ended);
}
