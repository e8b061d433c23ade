package dev.holdfast.bench.fuzz;

import static dev.holdfast.bench.fuzz.FuzzFrames.DATA;
import static dev.holdfast.bench.fuzz.FuzzFrames.END_HEADERS;
import static dev.holdfast.bench.fuzz.FuzzFrames.END_STREAM;
import static dev.holdfast.bench.fuzz.FuzzFrames.HEADERS;
import static dev.holdfast.bench.fuzz.FuzzFrames.PREFACE;
import static dev.holdfast.bench.fuzz.FuzzFrames.RST_STREAM;
import static dev.holdfast.bench.fuzz.FuzzFrames.SETTINGS;
import static dev.holdfast.bench.fuzz.FuzzFrames.WINDOW_UPDATE;
import static dev.holdfast.bench.fuzz.FuzzFrames.block;
import static dev.holdfast.bench.fuzz.FuzzFrames.frame;
import static dev.holdfast.bench.fuzz.FuzzFrames.join;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;

/** The beginning of a connection of the fuzzer. */
enum FuzzKind {
  /** A conversation of gRPC, changed here and there. */
  HTTP2_MUTATED(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      return mutations.of(conversation(random, "attacked"));
    }
  },
  /** Frames of any type with any flags. */
  HTTP2_FRAMES(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      byte[] all = join(PREFACE, frame(SETTINGS, 0, 0, new byte[0]));
      for (int i = random.nextInt(40); i > 0; i--) {
        byte[] next =
            frame(random.nextInt(12), random.nextInt(64), random.nextInt(9), mutations.bytes(64));
        all = join(all, next);
      }
      return all;
    }
  },
  /** Header blocks that are none. */
  HPACK(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      byte[] all = join(PREFACE, frame(SETTINGS, 0, 0, new byte[0]));
      for (int i = 1; i < 12; i += 2) {
        byte[] garbage =
            random.nextBoolean() ? mutations.bytes(200) : mutations.of(call("attacked"));
        all = join(all, frame(HEADERS, END_HEADERS | random.nextInt(2), i, garbage));
      }
      return all;
    }
  },
  /** Prefaces that are nearly one. */
  PREFACES(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      return join(mutations.of(PREFACE), mutations.bytes(60));
    }
  },
  /** Requests over HTTP/1.1, some behind each other, changed here and there. */
  HTTP1_MUTATED(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      StringBuilder all = new StringBuilder();
      for (int i = random.nextInt(8); i >= 0; i--) {
        all.append(REQUESTS[random.nextInt(REQUESTS.length)]);
      }
      return mutations.of(all.toString());
    }
  },
  /** An HTTP/1.1 request whose chunks have wrong sizes. */
  CHUNKS(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      StringBuilder all = new StringBuilder(post("application/json", "transfer-encoding: chunked"));
      for (int i = random.nextInt(20); i > 0; i--) {
        String data = "x".repeat(random.nextInt(30));
        int size = random.nextInt(4) == 0 ? random.nextInt() : data.length();
        all.append(Integer.toHexString(size)).append("\r\n").append(data).append("\r\n");
      }
      return mutations.of(all.append("0\r\n\r\n").toString());
    }
  },
  /** A WebSocket whose frames are random. */
  WEBSOCKET(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      byte[] all = bytesOf(SOCKET);
      for (int i = random.nextInt(10); i > 0; i--) {
        byte[] data = mutations.bytes(100);
        int opcode = random.nextInt(4) == 0 ? random.nextInt(256) : 0x81;
        byte[] head = {(byte) opcode, (byte) (0x80 | data.length), 0, 0, 0, 0};
        all = join(all, head, mutations.of(data));
      }
      return all;
    }
  },
  /** Messages of gRPC-Web, in bytes and in base64. */
  GRPC_WEB(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      byte[] body = mutations.of(new byte[] {0, 0, 0, 0, 4, 10, 2, 1, 2});
      boolean text = random.nextBoolean();
      byte[] sent = text ? mutations.of(Base64.getEncoder().encode(body)) : body;
      String type = "application/grpc-web" + (text ? "-text" : "");
      return join(bytesOf(post(type, "content-length: " + sent.length)), sent);
    }
  },
  /** Messages of Connect, in envelopes and not. */
  CONNECT(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      String[] types = {"connect+json", "connect+proto", "proto", "json", "connect+x"};
      byte[] body = mutations.of(new byte[] {(byte) random.nextInt(4), 0, 0, 0, 2, '{', '}'});
      String type = "application/" + types[random.nextInt(types.length)];
      String fields = "connect-protocol-version: 1\r\ncontent-length: " + body.length;
      return join(bytesOf(post(type, fields)), body);
    }
  },
  /** Bodies of JSON that are nearly right. */
  JSON(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      String nested = "[{\"payload\":".repeat(random.nextInt(150));
      byte[] body =
          mutations.of(nested + "{\"payload\":\"AQID\",\"padding\":1e400,\"x\":\"\\ud800\"}");
      return join(bytesOf(post("application/json", "content-length: " + body.length)), body);
    }
  },
  /** TLS where none is spoken. */
  TLS_ON_PLAIN(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      return mutations.of(hello());
    }
  },
  /** Anything where TLS is spoken. */
  PLAIN_ON_TLS(FuzzPort.TLS) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      return random.nextBoolean()
          ? mutations.of(hello())
          : mutations.of(conversation(random, "attacked"));
    }
  },
  /** Headers of the PROXY protocol, and a request behind. */
  PROXY(FuzzPort.PROXY) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      byte[] text = bytesOf("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
      byte[] binary = {
        0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0, 12, 1,
        2, 3, 4, 5, 6, 7, 8, 0, 9, 0, 9
      };
      return join(
          mutations.of(random.nextBoolean() ? text : binary), conversation(random, "attacked"));
    }
  },
  /** A sound call, whose upstream is the fuzzer. */
  HOSTILE_UPSTREAM(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      return random.nextBoolean()
          ? conversation(random, "hostile")
          : bytesOf(
              post("application/json", "content-length: 2").replace("attacked", "hostile") + "{}");
    }
  },
  /** Random bytes, without any protocol. */
  RANDOM(FuzzPort.PLAIN) {
    @Override
    byte[] bytes(Random random, Mutations mutations) {
      return mutations.bytes(400);
    }
  };

  /** The listener that the connection goes to. */
  enum FuzzPort {
    PLAIN,
    TLS,
    PROXY
  }

  private static final String PATH = "/holdfast.bench.v1.Echo/Call";
  private static final String SOCKET =
      "GET "
          + PATH
          + " HTTP/1.1\r\nhost: attacked\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
          + "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
          + "sec-websocket-protocol: grpc+json\r\n\r\n";
  private static final String[] REQUESTS = {
    post("application/json", "content-length: 2") + "{}",
    post("application/json", "expect: 100-continue\r\ncontent-length: 2") + "{}",
    post("application/json", "transfer-encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n",
    "GET " + PATH + "?connect=v1&encoding=json&message=%7B%7D HTTP/1.1\r\nhost: attacked\r\n\r\n",
    "GET /%2e%2e/x?a=%zz HTTP/1.1\r\nhost: attacked\r\n\r\n",
    get("http://attacked/a/b", "host: x\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk"),
    "OPTIONS * HTTP/1.1\r\nhost: attacked\r\norigin: https://x\r\n\r\n",
    "CONNECT attacked:443 HTTP/1.1\r\nhost: attacked\r\n\r\n",
    "HEAD / HTTP/1.0\r\n\r\n",
    SOCKET
  };

  private final FuzzPort fuzzPort;

  FuzzKind(FuzzPort fuzzPort) {
    this.fuzzPort = fuzzPort;
  }

  FuzzPort fuzzPort() {
    return fuzzPort;
  }

  /** Bytes that a client sends. */
  abstract byte[] bytes(Random random, Mutations mutations);

  private static byte[] call(String authority) {
    return block(
        ":method",
        "POST",
        ":scheme",
        "http",
        ":path",
        PATH,
        ":authority",
        authority,
        "content-type",
        "application/grpc",
        "te",
        "trailers",
        "grpc-timeout",
        "2S");
  }

  private static byte[] conversation(Random random, String authority) {
    byte[] all =
        join(
            PREFACE,
            frame(SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, (byte) random.nextInt(256), 0}),
            frame(SETTINGS, 1, 0, new byte[0]));
    int calls = 1 + 2 * random.nextInt(6);
    for (int id = 1; id <= calls; id += 2) {
      all =
          join(
              all,
              frame(HEADERS, END_HEADERS, id, call(authority)),
              frame(DATA, END_STREAM, id, new byte[] {0, 0, 0, 0, 2, 10, 0}),
              frame(WINDOW_UPDATE, 0, 0, new byte[] {0, 0, 1, 0}));
      if (random.nextInt(3) == 0) {
        all = join(all, frame(RST_STREAM, 0, id, new byte[] {0, 0, 0, 8}));
      }
    }
    return all;
  }

  private static String get(String target, String fields) {
    return "GET " + target + " HTTP/1.1\r\n" + fields + "\r\n\r\n";
  }

  private static byte[] hello() {
    return new byte[] {22, 3, 1, 0, 50, 1, 0, 0, 46, 3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  }

  private static String post(String type, String fields) {
    return "POST "
        + PATH
        + " HTTP/1.1\r\nhost: attacked\r\ncontent-type: "
        + type
        + "\r\n"
        + fields
        + "\r\n\r\n";
  }

  private static byte[] bytesOf(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
