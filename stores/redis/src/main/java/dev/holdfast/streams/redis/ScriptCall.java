package dev.holdfast.streams.redis;

import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.StoreAnswer;
import dev.holdfast.streams.StoreRequest;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A pending script call: the request and the future of its answer. */
final class ScriptCall {
  private final StoreRequest request;
  private final CompletableFuture<StoreAnswer> answer = new CompletableFuture<>();
  private long sentNanos;
  private int connection;

  ScriptCall(StoreRequest request) {
    this.request = request;
  }

  CompletableFuture<StoreAnswer> answer() {
    return answer;
  }

  StoreRequest request() {
    return request;
  }

  RedisScript script() {
    return request instanceof StoreRequest.Claim ? RedisScript.CLAIM : RedisScript.SAVE;
  }

  byte[][] arguments(RedisLink link, RedisStoreOptions options) {
    return request instanceof StoreRequest.Claim claim
        ? StoredRecord.arguments(claim, link.run().id(), link.isTrusted())
        : StoredRecord.arguments(
            (StoreRequest.Save) request, link.run().id(), options.maxRecordBytes());
  }

  void sent(long nowNanos) {
    sentNanos = nowNanos;
  }

  long sentNanos() {
    return sentNanos;
  }

  /** Records the connection of the link on which the call was sent. */
  void sentOn(int ofLink) {
    connection = ofLink;
  }

  int connection() {
    return connection;
  }

  /** Decodes the reply of the script. */
  StoreAnswer read(List<?> reply) {
    String code = StoredRecord.text(reply.get(0));
    return switch (code) {
      case "C" -> {
        Caller caller = ((StoreRequest.Claim) request).caller();
        yield new StoreAnswer.Claimed(StoredRecord.read((List<?>) reply.get(1), caller));
      }
      case "S" -> new StoreAnswer.Saved();
      case "F" -> new StoreAnswer.Fenced();
      case "M", "U" -> new StoreAnswer.Missing();
      case "L" -> new StoreAnswer.Lost(StoredRecord.text(reply.get(1)));
      default -> throw new IllegalStateException("answer: " + code + " (expected: C S F M U or L)");
    };
  }

  /** Whether a record was there, from before a restart that may have forgotten newer ones. */
  static boolean isDoubted(List<?> reply) {
    return StoredRecord.text(reply.get(0)).equals("U");
  }
}
