package dev.holdfast.liveness;

import dev.holdfast.core.CloseReason;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The close reason of one connection, taken from the GOAWAY frames of both sides: a code of ours,
 * or gRPC's debug text that stands for one. Confined to the event loop.
 */
final class GoAwayReason extends Http2ConnectionAdapter {
  /**
   * The GOAWAY debug data of gRPC servers; all are grpc-java's except the last, which is grpc-go's.
   */
  private static final Map<String, CloseReason> WORDS_OF_GRPC =
      Map.of(
          "app_requested", CloseReason.DRAINING,
          "max_age", CloseReason.MAX_AGE,
          "max_idle", CloseReason.MAX_IDLE,
          "too_many_pings", CloseReason.TOO_MANY_PINGS,
          "graceful_stop", CloseReason.DRAINING);

  private static final int LONGEST_WORD = "too_many_pings".length();

  private boolean heard;
  private @Nullable CloseReason reason;

  /** Records the reason in a GOAWAY of this side; a later close of this side has the same cause. */
  @Override
  public void onGoAwaySent(int lastStreamId, long errorCode, ByteBuf debugData) {
    CloseReason said = reasonIn(debugData);
    if (said != null) {
      orElse(said);
    }
  }

  /** The peer sent a GOAWAY; without a reason that we know it may be a drain, and calls go on. */
  void onGoAwayReceived(ByteBuf debugData) {
    heard = true;
    CloseReason said = reasonIn(debugData);
    reason = said == null ? reason : said;
  }

  /** Sets the reason for which this side closes, in place of any earlier one. */
  void onLocalClose(CloseReason why) {
    reason = why;
  }

  /** The reason that was named; this one, from now on, when none was. */
  CloseReason orElse(CloseReason why) {
    CloseReason named = reason == null ? why : reason;
    reason = named;
    return named;
  }

  /** Whether the peer sent a GOAWAY. */
  boolean isGoAwayReceived() {
    return heard;
  }

  /** Whether calls would end without our code: gRPC names neither ours nor what its words mean. */
  boolean isUntold(int openCalls) {
    return heard ? reason != null && openCalls > 0 : reason == null;
  }

  private static @Nullable CloseReason reasonIn(ByteBuf debugData) {
    int length = Math.min(debugData.readableBytes(), LONGEST_WORD + 1);
    String text = debugData.toString(debugData.readerIndex(), length, StandardCharsets.US_ASCII);
    CloseReason word = WORDS_OF_GRPC.get(text);
    return word != null || length < CloseReason.CODE_LENGTH
        ? word
        : CloseReason.ofCode(text.substring(0, CloseReason.CODE_LENGTH)).orElse(null);
  }
}
