package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.bytes;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.request;
import static dev.holdfast.gateway.http2.codec.CaseFrames.reset;
import static dev.holdfast.gateway.http2.codec.CaseFrames.response;
import static dev.holdfast.gateway.http2.codec.CaseFrames.settings;
import static dev.holdfast.gateway.http2.codec.CaseFrames.windowUpdate;

import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2CodecUtil;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The target of a coverage-guided fuzzer: our codec must do with any bytes what Netty's does. The
 * first byte of an input is the role: 0 for servers, else that of clients with up to three
 * requests. The others are what comes behind the peer's SETTINGS.
 */
public final class CodecFuzz {
  private static final int HEAD_BYTES = 9;
  private static final int MOST_REQUESTS = 3;
  private static final int BODY_BYTES = 10_000;
  private static final int SERVER = 0;
  private static final int CLIENT = 6;

  private static final byte[] PREFACE = ByteBufUtil.getBytes(Http2CodecUtil.connectionPrefaceBuf());

  /** Which stream gets the last bytes of a connection's window is everybody's own choice. */
  private static final byte[] WIDE_CONNECTION = windowUpdate(0, 0x40_0000);

  private CodecFuzz() {}

  /** Plays one input, by the name that fuzzers look for. */
  public static void fuzzerTestOneInput(byte[] input) throws Exception {
    if (input.length == 0) {
      return;
    }
    boolean server = input[0] == SERVER;
    try (CodecPair pair = server ? CodecPair.ofServers() : CodecPair.ofClients()) {
      pair.feed(join(server ? PREFACE : new byte[0], settings(), WIDE_CONNECTION), "SETTINGS");
      for (int i = 0; !server && i <= (input[0] & MOST_REQUESTS); i++) {
        pair.request((input[0] >> 2 & 1) * i * BODY_BYTES);
      }
      // Each frame for itself: our codec takes small frames of DATA that come at once as one.
      for (int at = 1; at < input.length && !pair.isOver(); ) {
        int end = Math.min(input.length, at + frameBytes(input, at));
        pair.feed(Arrays.copyOfRange(input, at, end), "byte " + at);
        at = end;
      }
    }
  }

  /** The bytes of a frame by its length, as far as that was given. */
  private static int frameBytes(byte[] input, int at) {
    if (input.length - at < HEAD_BYTES) {
      return HEAD_BYTES;
    }
    return HEAD_BYTES + (ByteBuffer.wrap(input).getInt(at) >>> Byte.SIZE);
  }

  /** Inputs that begin as the cases of the RFCs do. */
  static Stream<byte[]> seeds() {
    return RfcCasesTest.cases()
        .filter(each -> each.state() != CaseState.NEW)
        .map(
            each ->
                join(
                    bytes(each.server() ? SERVER : CLIENT),
                    opening(each.server(), each.state()),
                    each.bytes()));
  }

  /** The peer's frames that lead to a state, as far as it leads there. */
  private static byte[] opening(boolean server, CaseState state) {
    if (state == CaseState.IDLE || (!server && state == CaseState.REQUESTED)) {
      return new byte[0];
    }
    boolean ended = List.of(CaseState.HALF_CLOSED_REMOTE, CaseState.ENDED).contains(state);
    int id = CodecCase.STREAM;
    byte[] head = headers(id, ended ? END_STREAM : NONE, server ? request() : response());
    return state == CaseState.RESET_BY_PEER ? join(head, reset(id, 8)) : head;
  }
}
