package dev.holdfast.gateway;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A client of a WebSocket that may send what no client may. Answers no PING. */
final class RawSocket implements AutoCloseable {
  private static final byte[] MASK = {1, 2, 3, 4};

  private final Socket socket;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final String head;
  private byte[] payload = {};

  private RawSocket(Socket socket, String question) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(socket.getInputStream());
    this.out = new DataOutputStream(socket.getOutputStream());
    raw(question.getBytes(StandardCharsets.ISO_8859_1));
    StringBuilder text = new StringBuilder();
    while (text.indexOf("\r\n\r\n") < 0) {
      text.append((char) in.readUnsignedByte());
    }
    int length = text.indexOf("content-length: ");
    if (length >= 0) {
      String bytes = text.substring(length + 16, text.indexOf("\r\n", length));
      text.append(new String(in.readNBytes(Integer.parseInt(bytes)), StandardCharsets.UTF_8));
    }
    this.head = text.toString();
  }

  /** Asks for one; lines replace those that a client of JSON sends. */
  static RawSocket ask(Socket socket, String path, String... lines) throws IOException {
    List<String> all = new ArrayList<>();
    all.add("GET " + path + " HTTP/1.1");
    List<String> usual =
        List.of(
            "host: x",
            "connection: keep-alive, Upgrade",
            "upgrade: websocket",
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-version: 13",
            "sec-websocket-protocol: grpc+json");
    for (String each : usual) {
      String name = each.substring(0, each.indexOf(':') + 1);
      if (List.of(lines).stream().noneMatch(line -> line.startsWith(name))) {
        all.add(each);
      }
    }
    all.addAll(List.of(lines));
    return new RawSocket(socket, FrontendRig.lines(all.toArray(new String[0])));
  }

  /** The answer to the question, with its body. */
  String head() {
    return head;
  }

  void text(String text) throws IOException {
    part(1, true, text.getBytes(StandardCharsets.UTF_8));
  }

  /** One frame: 0 goes on with a message, 1 is text, 2 is bytes. */
  void part(int opcode, boolean last, byte[] bytes) throws IOException {
    out.writeByte((last ? 0x80 : 0) | opcode);
    if (bytes.length < 126) {
      out.writeByte(0x80 | bytes.length);
    } else {
      out.writeByte(0xff);
      out.writeLong(bytes.length);
    }
    // A mask of zeros leaves what is long as it is, which is much quicker where Netty tracks
    // buffers.
    byte[] mask = bytes.length < 65_536 ? MASK : new byte[MASK.length];
    out.write(mask);
    byte[] masked = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      masked[i] = (byte) (bytes[i] ^ mask[i & 3]);
    }
    out.write(masked);
    out.flush();
  }

  void raw(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** The next frame that is no PING: {@code text ..}, {@code binary} or {@code close CODE ..}. */
  String next() throws IOException {
    while (true) {
      int opcode = in.readUnsignedByte() & 15;
      long length = in.readUnsignedByte();
      if (length == 126) {
        length = in.readUnsignedShort();
      } else if (length == 127) {
        length = in.readLong();
      }
      payload = in.readNBytes(Math.toIntExact(length));
      String text = new String(payload, StandardCharsets.UTF_8);
      if (opcode == 1) {
        return "text " + text;
      }
      if (opcode == 2) {
        return "binary";
      }
      if (opcode == 8) {
        int code = ((payload[0] & 255) << 8) | (payload[1] & 255);
        return "close "
            + code
            + " "
            + new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
      }
    }
  }

  byte[] nextBytes() throws IOException {
    String kind = next();
    if (!kind.equals("binary")) {
      throw new IOException(kind + " (expected: binary)");
    }
    return payload;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
