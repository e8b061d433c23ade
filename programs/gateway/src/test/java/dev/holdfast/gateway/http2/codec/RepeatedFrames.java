package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.DATA;
import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.block;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.padded;
import static dev.holdfast.gateway.http2.codec.CaseFrames.request;
import static dev.holdfast.gateway.http2.codec.CaseFrames.reset;
import static dev.holdfast.gateway.http2.codec.CaseFrames.response;
import static dev.holdfast.gateway.http2.codec.CaseFrames.windowUpdate;

import java.util.List;
import java.util.Random;

/**
 * A peer whose header blocks are always the same few, and none of which changes the dynamic table:
 * our codec knows them again, and takes them and the DATA behind them by its short way.
 */
final class RepeatedFrames {
  private static final String LENGTH = "content-length";
  private static final List<byte[]> REQUESTS = List.of(request(), request(), request(LENGTH, "3"));
  private static final List<byte[]> RESPONSES =
      List.of(response(), response(), response(LENGTH, "3"), block(":status", "100"));
  private static final byte[] TRAILERS = block("grpc-status", "0");

  private final Random random;
  private final boolean client;
  private int last = 1;

  /**
   * Creates a peer.
   *
   * @param client whether it makes requests, or else responds to them
   */
  RepeatedFrames(Random random, boolean client) {
    this.random = random;
    this.client = client;
  }

  /**
   * The next frame.
   *
   * @param requests that were made to a server
   */
  byte[] next(int requests) {
    int id = client ? last : 1 + 2 * requests;
    id = Math.max(CodecCase.STREAM, id - 2 * random.nextInt(4));
    int end = random.nextInt(4) == 0 ? END_STREAM : NONE;
    return switch (random.nextInt(10)) {
      case 0, 1, 2 -> {
        last += 2;
        List<byte[]> blocks = client ? REQUESTS : RESPONSES;
        yield headers(client ? last : id, end, blocks.get(random.nextInt(blocks.size())));
      }
      case 3, 4, 5 -> CaseFrames.data(id, end, "abcd".substring(random.nextInt(4)));
      case 6 -> padded(DATA, end, id, random.nextInt(9), CaseFrames.text("abc"));
      case 7 -> headers(id, END_STREAM, TRAILERS);
      case 8 -> reset(id, random.nextInt(14));
      default -> windowUpdate(random.nextInt(2) * id, 1 + random.nextInt(50_000));
    };
  }
}
