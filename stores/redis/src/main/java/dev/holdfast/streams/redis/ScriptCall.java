package dev.holdfast.streams.redis;

import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A pending script call: the request and the future of its answer. */
final class ScriptCall {
  private final StoreRequest request;
  private final CompletableFuture<StoreResponse> answer = new CompletableFuture<>();
  private long sentNanos;
  private int connection;

  ScriptCall(StoreRequest request) {
    this.request = request;
  }

  CompletableFuture<StoreResponse> answer() {
    return answer;
  }

  StoreRequest request() {
    return request;
  }

  RedisScript script() {
    return request instanceof StoreRequest.Claim ? RedisScript.CLAIM : RedisScript.SAVE;
  }

  byte[][] arguments(RedisConnectionGroup link, RedisStoreOptions options) {
    return request instanceof StoreRequest.Claim claim
        ? RedisRecordCodec.arguments(claim, link.run().id(), link.isTrusted())
        : RedisRecordCodec.arguments(
            (StoreRequest.Save) request, link.run().id(), options.maxRecordBytes());
  }

  void sent(long nowNanos) {
    sentNanos = nowNanos;
  }

  long sentNanos() {
    return sentNanos;
  }

  /** Records the connection of the group on which the call was sent. */
  void sentOn(int ofLink) {
    connection = ofLink;
  }

  int connection() {
    return connection;
  }

  /** Decodes the reply of the script. */
  StoreResponse read(List<?> reply) {
    String code = RedisRecordCodec.text(reply.get(0));
    return switch (code) {
      case "C" -> {
        Caller caller = ((StoreRequest.Claim) request).caller();
        yield new StoreResponse.Claimed(RedisRecordCodec.read((List<?>) reply.get(1), caller));
      }
      case "S" -> new StoreResponse.Saved();
      case "F" -> new StoreResponse.Fenced();
      case "M", "U" -> new StoreResponse.Missing();
      case "L" -> new StoreResponse.Lost(RedisRecordCodec.text(reply.get(1)));
      default -> throw new IllegalStateException("answer: " + code + " (expected: C S F M U or L)");
    };
  }

  /** Whether a record was there, from before a restart that may have forgotten newer ones. */
  static boolean isDoubted(List<?> reply) {
    return RedisRecordCodec.text(reply.get(0)).equals("U");
  }
}
