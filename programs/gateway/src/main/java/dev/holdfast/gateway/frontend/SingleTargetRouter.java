package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.frontend.openapi.OpenApiSource;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.http.HttpTranscoder;
import java.util.SortedMap;
import java.util.TreeMap;

/** The routing of all requests to one call target with a known schema. */
record SingleTargetRouter(HttpTranscoder transcoder, CallTarget target) implements MethodRouter {
  @Override
  public RoutedMethod<HttpCall> json(HttpExchange web, HttpRequestHead head) {
    return new RoutedMethod<>(target, MethodRouter.open(transcoder, head));
  }

  @Override
  public RoutedMethod<HttpTranscoder> method(HttpExchange web, String path) {
    return new RoutedMethod<>(target, MethodRouter.requireMethod(transcoder, path));
  }

  @Override
  public OpenApiSource openApiSource(HttpExchange web) {
    SortedMap<String, HttpTranscoder> served = new TreeMap<>();
    served.put("", transcoder);
    return new OpenApiSource("", served, web.loop().snapshot().router());
  }

  @Override
  public CallTarget target(HttpExchange web, String path) {
    return target;
  }
}
