package dev.holdfast.bench.transcoding;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The loads of the transcoding benchmark: a JSON message that is echoed. */
enum TranscodingWork {
  /** A message of six fields over HTTP/2. */
  SMALL_H2(false, 4, List.of("-m50")),
  /** A message of six fields over HTTP/1.1. */
  SMALL_H1(false, 50, List.of("--h1", "-m1")),
  /** A nested message of 100 KB over HTTP/2. */
  LARGE_H2(true, 4, List.of("-m10")),
  /** A nested message of 100 KB over HTTP/1.1. */
  LARGE_H1(true, 16, List.of("--h1", "-m1"));

  private final boolean large;
  private final int connections;
  private final List<String> load;

  TranscodingWork(boolean large, int connections, List<String> load) {
    this.large = large;
    this.connections = connections;
    this.load = load;
  }

  /** The name of the load in lines of output. */
  String key() {
    return (large ? "large" : "small") + (load.contains("--h1") ? ", HTTP/1.1" : ", HTTP/2");
  }

  boolean isLarge() {
    return large;
  }

  int connections() {
    return connections;
  }

  /** The options of h2load: the protocol, and the requests in flight on each connection. */
  List<String> load() {
    return load;
  }

  String path() {
    return large ? "/v1/order" : "/v1/item";
  }

  byte[] requestBody() throws InvalidProtocolBufferException {
    return JsonFormat.printer()
        .omittingInsignificantWhitespace()
        .print(message())
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Whether a body is what must come back. */
  boolean isTrue(String json) throws InvalidProtocolBufferException {
    Message.Builder said = message().newBuilderForType();
    JsonFormat.parser().merge(json, said);
    return said.build().equals(message());
  }

  private Message message() {
    return large ? CodecRatio.order() : CodecRatio.item();
  }
}
