package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.CallTarget;
import dev.holdfast.gateway.http2.WebExchange;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.RequestHead;
import java.util.SortedMap;
import java.util.TreeMap;

/** The routing of all requests to one call target with a known schema. */
record OnePlace(HttpTranscoder transcoder, CallTarget target) implements Places {
  @Override
  public Found<HttpCall> json(WebExchange web, RequestHead head) {
    return new Found<>(target, Places.open(transcoder, head));
  }

  @Override
  public Found<HttpTranscoder> method(WebExchange web, String path) {
    return new Found<>(target, Places.requireMethod(transcoder, path));
  }

  @Override
  public Offer offer(WebExchange web) {
    SortedMap<String, HttpTranscoder> served = new TreeMap<>();
    served.put("", transcoder);
    return new Offer("", served, web.loop().snapshot().router());
  }

  @Override
  public CallTarget place(WebExchange web, String path) {
    return target;
  }
}
