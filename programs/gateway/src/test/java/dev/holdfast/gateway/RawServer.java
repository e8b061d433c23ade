package dev.holdfast.gateway;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A server of bytes: greets, waits for a call, says what it was told to, and closes or not. */
final class RawServer implements AutoCloseable {
  static final byte[] SETTINGS = frame(4, 0, 0);
  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;

  static final int PREFACE_BYTES = 24;
  private static final byte HEADERS = 1;

  /**
   * What it does.
   *
   * @param greeting said at once; with none it never reads
   * @param answer said when the first call came
   * @param closes whether it closes then
   */
  record ScriptedServer(ByteBuffer greeting, ByteBuffer answer, boolean closes) {}

  private final ScriptedServer scriptedServer;
  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Queue<Socket> accepted = new ConcurrentLinkedQueue<>();

  RawServer(ScriptedServer scriptedServer) throws IOException {
    this.scriptedServer = scriptedServer;
    new Thread(this::accept, "raw-server").start();
  }

  String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** A frame with its payload. */
  static byte[] frame(int type, int flags, int stream, int... payload) {
    byte[] bytes = new byte[payload.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) payload[i];
    }
    return frame(type, flags, stream, bytes);
  }

  static byte[] frame(int type, int flags, int stream, byte[] payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .put((byte) (payload.length >> 16))
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  /** HEADERS of an answer of gRPC, and more of them. */
  static byte[] head(int flags, String... more) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.write(0x88);
    literal(block, "content-type", "application/grpc");
    for (int i = 0; i < more.length; i += 2) {
      literal(block, more[i], more[i + 1]);
    }
    return frame(HEADERS, flags | END_HEADERS, 3, block.toByteArray());
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static void literal(ByteArrayOutputStream block, String name, String value) {
    block.write(0);
    text(block, name);
    text(block, value);
  }

  private static void text(ByteArrayOutputStream block, String text) {
    int left = text.length();
    if (left < 0x7f) {
      block.write(left);
    } else {
      block.write(0x7f);
      for (left -= 0x7f; left >= 0x80; left >>= 7) {
        block.write(left | 0x80);
      }
      block.write(left);
    }
    block.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        accepted.add(socket);
        new Thread(() -> serve(socket), "raw-server").start();
      }
    } catch (SocketException e) {
      // It was closed.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void serve(Socket socket) {
    try {
      socket.getOutputStream().write(bytes(scriptedServer.greeting));
      if (scriptedServer.greeting.hasRemaining() && scriptedServer.answer.hasRemaining()) {
        awaitCall(new DataInputStream(socket.getInputStream()));
        socket.getOutputStream().write(bytes(scriptedServer.answer));
      }
      if (scriptedServer.closes) {
        socket.close();
      }
    } catch (SocketException | EOFException e) {
      // The gateway closed it, as it may.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(ByteBuffer of) {
    byte[] bytes = new byte[of.remaining()];
    of.duplicate().get(bytes);
    return bytes;
  }

  private static void awaitCall(DataInputStream in) throws IOException {
    in.skipNBytes(PREFACE_BYTES);
    byte type;
    do {
      int lengthAndType = in.readInt();
      type = (byte) lengthAndType;
      in.skipNBytes(5L + (lengthAndType >>> 8));
    } while (type != HEADERS);
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket each : accepted) {
      each.close();
    }
  }
}
