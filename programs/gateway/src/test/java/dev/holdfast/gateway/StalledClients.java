package dev.holdfast.gateway;

import dev.holdfast.gateway.greet.HelloRequest;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import javax.net.ssl.SSLException;

/** Clients that take nothing of what they asked for, or do not end what they began to send. */
final class StalledClients implements AutoCloseable {
  /** As much as fits into the window of one stream. */
  private static final int ANSWER_BYTES = 250_000;

  /** Of more than what kernels hold. */
  private static final int LONG_COUNT = 160;

  private static final int LONG_PADDING = 100_000;
  private static final int MESSAGE_BYTES = 4_000_000;

  /** SETTINGS with INITIAL_WINDOW_SIZE 0. */
  private static final byte[] NO_WINDOW = RawServer.frame(4, 0, 0, 0, 4, 0, 0, 0, 0);

  private final InetSocketAddress gateway;
  private final Transport transport;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  StalledClients(InetSocketAddress gateway) {
    this(gateway, Transport.PLAINTEXT);
  }

  /**
   * Clients of a gateway.
   *
   * @param gateway its address for this transport
   */
  StalledClients(InetSocketAddress gateway, Transport transport) {
    this.gateway = gateway;
    this.transport = transport;
  }

  /** Calls of {@link Echo#MANY} over HTTP/2. */
  List<RawPeer> streams(int connections, int streams) {
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      RawPeer peer = withoutWindow();
      peers.add(peer);
      for (int id = 3; id < 3 + 2 * streams; id += 2) {
        peer.headers(id, RawPeer.call("/test.Echo/Many").authority(AttackedGateway.OTHER), false);
        peer.data(id, many(), true);
      }
    }
    return peers;
  }

  /** Calls over HTTP/2 that end never, each with headers of its own, as large as they may be. */
  List<RawPeer> headers(int connections, int streams) {
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      RawPeer peer = withoutWindow();
      peers.add(peer);
      for (int id = 3; id < 3 + 2 * streams; id += 2) {
        Http2Headers call = RawPeer.call("/test.Echo/Count").authority(AttackedGateway.OTHER);
        for (int field = 0; field < 60; field++) {
          call.add("x-" + field, id + "-" + field + "-" + "~".repeat(70));
        }
        peer.headers(id, call, false);
      }
    }
    return peers;
  }

  /** Calls of {@link Echo#COUNT} over HTTP/2 that send as much as they may. */
  List<RawPeer> uploads(int connections, int streams) {
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      RawPeer peer = withoutWindow();
      peers.add(peer);
      for (int id = 3; id < 3 + 2 * streams; id += 2) {
        peer.headers(id, RawPeer.call("/test.Echo/Count").authority(AttackedGateway.OTHER), false);
        peer.data(id, new byte[ANSWER_BYTES], false);
      }
    }
    return peers;
  }

  /** Requests for many lines of JSON over HTTP/2. */
  void jsonOverHttp2(int connections, int streams) {
    for (int i = 0; i < connections; i++) {
      RawPeer peer = withoutWindow();
      for (int id = 3; id < 3 + 2 * streams; id += 2) {
        peer.headers(id, web("GET", lines(250, 1_000)), true);
      }
    }
  }

  /** Requests for one large JSON document each over HTTP/2. */
  void documentsOverHttp2(int connections, int streams) {
    for (int i = 0; i < connections; i++) {
      RawPeer peer = withoutWindow();
      for (int id = 3; id < 3 + 2 * streams; id += 2) {
        peer.headers(id, web("GET", "/v1/hello/x?padding=" + ANSWER_BYTES), true);
      }
    }
  }

  /** Streams of gRPC-Web over HTTP/2. */
  void grpcWebOverHttp2(int connections, int streams) {
    for (int i = 0; i < connections; i++) {
      RawPeer peer = withoutWindow();
      for (int id = 3; id < 3 + 2 * streams; id += 2) {
        Http2Headers head = web("POST", "/test.greet.Greeter/SayMany");
        peer.headers(id, head.set("content-type", "application/grpc-web+proto"), false);
        peer.data(id, sayMany(), true);
      }
    }
  }

  /** Requests for many lines of JSON over HTTP/1.1. */
  void jsonOverHttp1(int connections) throws IOException {
    for (int i = 0; i < connections; i++) {
      say(deaf(), text("GET " + lines(LONG_COUNT, LONG_PADDING) + " HTTP/1.1\r\nhost: x\r\n\r\n"));
    }
  }

  /** Streams of gRPC-Web over HTTP/1.1. */
  void grpcWebOverHttp1(int connections) throws IOException {
    byte[] message = sayMany();
    String head =
        "POST /test.greet.Greeter/SayMany HTTP/1.1\r\nhost: x\r\n"
            + "content-type: application/grpc-web+proto\r\ncontent-length: ";
    for (int i = 0; i < connections; i++) {
      say(deaf(), RawServer.join(text(head + message.length + "\r\n\r\n"), message));
    }
  }

  /** Bodies over HTTP/1.1 that lack their end. */
  void bodies(int connections) throws IOException {
    for (int i = 0; i < connections; i++) {
      String head =
          "POST /v1/hello HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: "
              + MESSAGE_BYTES
              + "\r\n\r\n";
      Socket client = deaf();
      say(client, text(head));
      say(client, spaces(MESSAGE_BYTES - 1));
    }
  }

  /** Messages over WebSockets that lack their last fragment. */
  void fragments(int connections) throws IOException {
    sockets(connections, 1, MESSAGE_BYTES);
  }

  /** Frames over WebSockets that lack their last byte. */
  void frames(int connections) throws IOException {
    sockets(connections, 0x81, MESSAGE_BYTES + 1);
  }

  private void sockets(int connections, int begin, int announced) throws IOException {
    byte[] head =
        ByteBuffer.allocate(14).put((byte) begin).put((byte) 0xff).putLong(announced).array();
    for (int i = 0; i < connections; i++) {
      Socket client = transport.bulkSocket(gateway, "");
      open.push(client);
      var unused = RawSocket.ask(client, "/test.greet.Greeter/Chat");
      say(client, head);
      say(client, spaces(MESSAGE_BYTES));
    }
  }

  /** All leave. */
  @Override
  public void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  private RawPeer withoutWindow() {
    RawPeer peer = RawPeer.connect(gateway, transport);
    open.push(peer::close);
    peer.raw(NO_WINDOW);
    return peer;
  }

  /** One whose kernel holds next to nothing of what it does not read. */
  private Socket deaf() throws IOException {
    Socket client = transport.deafSocket(gateway, "");
    open.push(client);
    return client;
  }

  /** The gateway may have cut it off. */
  private static void say(Socket client, byte[] bytes) throws IOException {
    try {
      OutputStream out = client.getOutputStream();
      out.write(bytes);
    } catch (SocketException | SSLException e) {
      client.close();
    }
  }

  private static Http2Headers web(String method, String path) {
    return new DefaultHttp2Headers().method(method).scheme("http").authority("x").path(path);
  }

  private static String lines(int count, int padding) {
    return "/v1/hello/x:many?padding=" + padding + "&count=" + count;
  }

  private static byte[] many() {
    int size = ANSWER_BYTES / 120;
    return ByteBuffer.allocate(5 + size).put((byte) 0).putInt(size).put((byte) 120).array();
  }

  private static byte[] sayMany() {
    byte[] message =
        HelloRequest.newBuilder()
            .setPadding(LONG_PADDING)
            .setCount(LONG_COUNT)
            .build()
            .toByteArray();
    return ByteBuffer.allocate(5 + message.length)
        .put((byte) 0)
        .putInt(message.length)
        .put(message)
        .array();
  }

  private static byte[] spaces(int count) {
    return text(" ".repeat(count));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
